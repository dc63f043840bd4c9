/* Batches of training: the order of an epoch, pixels to floats, augmentation, soft targets, mixtures, loss weights, groups. Private to
 * nets/train.c. */
#ifndef NETS_BATCHES_INTERNAL_H
#define NETS_BATCHES_INTERNAL_H

#include "nets/train.h"

enum { BATCH_CHUNK = 8 }; /* samples that one thread assembles at a time */

/* The rows of each class. */
typedef struct class_rows {
    int32_t *rows;  /* sorted by class */
    int32_t *first; /* classes + 1: where each begins */
    int32_t *here;  /* the classes that have rows */
    int present;    /* how many */
} class_rows;

MUST_CHECK status class_rows_new(const dataset *d, class_rows *out, err *e);
void class_rows_free(class_rows *c);
int32_t class_rows_count(const class_rows *c, int class);

/* What a batch holds of each image, for `most` of them. */
typedef struct batch_images {
    float *x, *targets, *loss_weights;
    int32_t *labels;
} batch_images;

typedef struct batches {
    const dataset *data;
    const train_options *options;
    run run;         /* without its cancel flag: a batch is filled whole */
    int32_t *order;  /* data->n rows in the order of this epoch */
    int32_t *copies; /* balanced sampler: how often each entry's row came before in this epoch; else NULL */
    int32_t *counts; /* balanced sampler: of each row, scratch */
    int epoch, most; /* most: samples in the largest batch */
    class_rows by_class;  /* balanced sampler and class weights; else empty */
    float *class_weights; /* or NULL */
    const column *groups; /* a category, of the data or of `cut`; or NULL */
    table cut;            /* a group column of numbers, as categories */
    int n_groups;
    batch_images own, mixed; /* mixed: with mixup or cutmix */
    int32_t *ids, *group_codes;
    int32_t *partners; /* with mixup or cutmix */
    float *scratch;    /* one image a worker */
} batches;

/* Memory for batches of at most o->batch samples. Data, options and callbacks of *r must outlive it. STATUS_USAGE where the group column is not
 * there or has too many groups. */
MUST_CHECK status batches_new(const dataset *d, const train_options *o, const run *r, batches *out, err *e);
void batches_free(batches *b);

/* STATUS_USAGE, naming the option, unless the options of batches and losses are in their ranges and go together. */
MUST_CHECK status batches_check(const train_options *o, err *e);

int batches_per_epoch(const dataset *d, const train_options *o);

/* The order of an epoch from the stream ("shuffle", epoch), whatever came before: Fisher-Yates of all rows, or with the balanced sampler as
 * many draws with replacement, equally many of every class that is there (one more of some), shuffled. */
void batches_shuffle(batches *b, int epoch);

/* Batch `index` of the current epoch, in memory of `b` that the next call overwrites. Without mixing a sample depends on
 * (seed, row id, epoch) alone, and on how often its row came before in the epoch. */
MUST_CHECK status batches_fill(batches *b, int index, int step, batch *out, err *e);

/* --- batches_groups.c --- */

/* Fills groups, cut and n_groups. */
MUST_CHECK status batches_find_groups(batches *b, err *e);

/* --- batches_mix.c --- */

/* How the two images of a mixture share its pixels, the same for a whole batch. */
typedef struct mixture {
    double share; /* of the first image, 0..1; cutmix: of the pixels it keeps */
    bool boxed;   /* cutmix: the second image fills this box, else all pixels are averages */
    int top, bottom, left, right;
} mixture;

/* Draws one, and partners[0..n), a permutation of the batch: the stream ("mix", epoch, step). */
mixture batches_draw_mixture(const batches *b, int n, int step);

/* From b->own to b->mixed. */
MUST_CHECK status batches_mix(batches *b, int n, int step);

#endif
