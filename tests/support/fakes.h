/* Tiny models and data sets with known answers, for tests of what stands above a model. */
#ifndef TESTS_SUPPORT_FAKES_H
#define TESTS_SUPPORT_FAKES_H

#include <stdatomic.h>

#include "datasets/dataset.h"
#include "nets/model.h"

/* n random images with values in [lo, hi], labels row % classes, ids 3 * row + 5; of one seed. Free with dataset_free. */
dataset fake_images(uint64_t seed, int n, shape image, int classes, float lo, float hi);

/* The same with uint8 pixels and a category column "side" that is "left" or "right" by turns of three rows. */
dataset fake_pixels(uint64_t seed, int n, shape image, int classes);

typedef enum fake_kind {
    FAKE_LINEAR,    /* W x + b */
    FAKE_CURVED,    /* sin(8 (W x + b)): many local maxima */
    FAKE_QUANTISED, /* W round(7 x) / 7 + b, whose gradient is zero */
    FAKE_CONSTANT,  /* class 1 is always highest */
    FAKE_TIED,      /* classes 0 and 1 share the highest logit */
    FAKE_NAN,       /* W x + b, but the last logit is NaN */
    FAKE_SURE,      /* 1000 (W x + b) */
    FAKE_FLAKY, /* as linear, but asked for a gradient it answers wrongly that the lowest class is the highest */
    FAKE_BROKEN /* every call fails */
} fake_kind;

typedef struct fake {
    model m; /* first: a fake is used as &f->m */
    fake_kind kind;
    float *w, *b; /* classes x d, classes */
    float *kept;  /* workers x tile x d: images of the last forward with keep */
    atomic_int calls;
    volatile sig_atomic_t *cancel; /* set after `cancel_after` calls, if not NULL */
    int cancel_after;
} fake;

/* Random W with components of N(0, 1) and b chosen so that an image of 0.5 everywhere gets zeros. 4 workers, tiles of 8. */
fake *fake_new(fake_kind kind, uint64_t seed, shape input, int classes);
void fake_free(fake *f);

/* Relabels the data so that the model is right everywhere. */
void fake_label(const fake *f, dataset *d);

#endif
