/* Batches of training: the order of an epoch, pixels to floats, augmentation, soft targets. Private to
 * nets/train.c. */
#ifndef NETS_BATCHES_INTERNAL_H
#define NETS_BATCHES_INTERNAL_H

#include "nets/train.h"

typedef struct batches {
    const dataset *data;
    const train_options *options;
    run run;         /* without its cancel flag: a batch is filled whole */
    int32_t *order;  /* data->n rows in the order of this epoch */
    int epoch, most; /* most: samples in the largest batch */
    float *x, *targets, *loss_weights;
    int32_t *labels, *ids;
    float *scratch; /* one image a worker */
} batches;

/* Memory for batches of at most o->batch samples. Data, options and callbacks of *r must outlive it. */
MUST_CHECK status batches_new(const dataset *d, const train_options *o, const run *r, batches *out, err *e);
void batches_free(batches *b);

int batches_per_epoch(const dataset *d, const train_options *o);

/* Fisher-Yates of all rows from the stream ("shuffle", epoch), whatever came before. */
void batches_shuffle(batches *b, int epoch);

/* Batch `index` of the current epoch, in memory of `b` that the next call overwrites. A sample depends on
 * (seed, row id, epoch) alone. */
MUST_CHECK status batches_fill(batches *b, int index, int step, batch *out, err *e);

#endif
