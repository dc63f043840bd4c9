/* Which ingredients of a recipe matter: nets trained with and without each trick, over seeds. */
#ifndef AUDIT_ABLATION_H
#define AUDIT_ABLATION_H

#include "audit/command.h"

enum { ABLATION_VARIANTS_MOST = 33, ABLATION_SEEDS_MOST = 100 };

typedef struct ablation_variant {
    const char *name; /* "base", else the trick */
    training_settings settings;
    bool added; /* it has the trick and the base has not; else the other way round */
} ablation_variant;

typedef struct ablation_plan {
    int n_variants; /* the first is the base recipe */
    ablation_variant variants[ABLATION_VARIANTS_MOST];
    int n_seeds, batch;
    const dataset *train, *test;
} ablation_plan;

/* One net. */
typedef struct ablation_net {
    bool done, diverged; /* one that diverged has no answer right */
    double accuracy;
    uint8_t *correct; /* test->n, owned */
} ablation_net;

typedef struct ablation {
    int n_nets, n_variants, n_tests;
    int n_seeds;        /* those whose nets are all trained */
    ablation_net *nets; /* seed after seed, n_variants each */
} ablation;

/* Trains n_seeds x n_variants nets, as many at a time as r has threads and each with one, which changes no result. The nets of a seed see
 * the images in the same order, and begin with the same weights where they are the same net: differences within a seed are the
 * trick's. `first` (may be NULL) is told the seconds of the first training. When cancelled, the first seeds whose nets are all
 * trained stay valid. */
typedef struct ablation_watch {
    void *user;
    void (*first)(void *user, double seconds);
} ablation_watch;
MUST_CHECK status ablation_run(const ablation_plan *p, const run *r, const ablation_watch *watch,
                               ablation *out, err *e);
void ablation_free(ablation *a);

/* Mean test accuracy of a variant over seeds, with its t-interval. */
double ablation_accuracy(const ablation *a, int variant, interval *ci);

/* What a trick is worth: the mean over seeds of the difference in test accuracy, with the trick minus without it. */
typedef struct ablation_effect {
    double value;
    interval seeds;  /* t-interval of the paired differences: the luck of training, on these test images */
    interval images; /* wider: the luck of drawing these test images besides */
    interval family; /* wider still: of confidence 1 - .05 / tricks, so that of all tricks together one in twenty ablations is wrong (Bonferroni) */
    bool idle;       /* no test image is right or wrong through it, in any net */
    int diverged;    /* nets of this variant */
} ablation_effect;
ablation_effect ablation_effect_of(const ablation_plan *p, const ablation *a, int variant);

/* What these intervals say: "helps" and "harms" where the whole family's does, "may help" and "may harm" where the one over images does alone. */
const char *ablation_verdict(interval images, interval family);

/* Rows `accuracy` with group "variant=NAME" and `trick_effect` with group "trick=NAME" (methods paired-t, paired-t-images and
 * paired-t-family), n = seeds; body.extra.nets and body.extra.tricks. */
void ablation_record(result *x, const ablation_plan *p, const ablation *a);
void ablation_print(const context *c, const ablation_plan *p, const ablation *a);

#endif
