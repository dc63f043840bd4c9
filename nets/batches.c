#include "nets/batches_internal.h"

#include <stdlib.h>

#include "core/parallel.h"

enum { CHUNK = 8 }; /* samples a chunk assembles */

static float *new_floats(int count, size_t each) {
    size_t size;
    if (!size_multiply((size_t)count, each, &size) || !size_multiply(size, sizeof(float), &size)) return NULL;
    return alloc_aligned(size ? size : 1);
}

status batches_new(const dataset *d, const train_options *o, const run *r, batches *out, err *e) {
    int most = o->batch < d->n ? o->batch : d->n;
    size_t pixels = shape_size(d->image);
    *out = (batches){.data = d, .options = o, .run = *r, .most = most};
    out->run.cancel = NULL;
    out->order = malloc((size_t)d->n * sizeof *out->order);
    out->labels = malloc((size_t)most * sizeof *out->labels);
    out->ids = malloc((size_t)most * sizeof *out->ids);
    out->x = new_floats(most, pixels);
    out->targets = new_floats(most, (size_t)d->classes);
    out->loss_weights = new_floats(most, 1);
    out->scratch = new_floats(r->threads, pixels);
    if (out->order && out->labels && out->ids && out->x && out->targets && out->loss_weights &&
        out->scratch) {
        return STATUS_OK;
    }
    batches_free(out);
    return err_set(e, STATUS_NO_MEMORY, "no memory for batches of %d images of %zu values", most, pixels);
}

void batches_free(batches *b) {
    free(b->order);
    free(b->labels);
    free(b->ids);
    free(b->x);
    free(b->targets);
    free(b->loss_weights);
    free(b->scratch);
    *b = (batches){0};
}

int batches_per_epoch(const dataset *d, const train_options *o) {
    int whole = d->n / o->batch, rest = d->n % o->batch != 0;
    return o->drop_last && whole > 0 ? whole : whole + rest;
}

void batches_shuffle(batches *b, int epoch) {
    for (int32_t i = 0; i < b->data->n; i++) {
        b->order[i] = i;
    }
    rng stream = rng_stream(b->run.seed, "shuffle", 0, 0, (uint32_t)epoch, 0);
    rng_shuffle(&stream, b->order, b->data->n);
    b->epoch = epoch;
}

/* (1 - e) * onehot + e / K over all classes (Szegedy et al. 2016). */
static void smoothed_target(float *target, int classes, int label, double smoothing) {
    for (int k = 0; k < classes; k++) {
        target[k] = (float)(smoothing / classes);
    }
    target[label] = (float)(1 - smoothing + smoothing / classes);
}

typedef struct fill_job {
    batches *b;
    const int32_t *rows; /* n */
    int n;
} fill_job;

static void fill_sample(const fill_job *job, int i, float *scratch) {
    batches *b = job->b;
    const dataset *d = b->data;
    const train_options *o = b->options;
    int32_t row = job->rows[i];
    float *x = b->x + (size_t)i * shape_size(d->image);
    b->labels[i] = d->labels[row];
    b->ids[i] = d->ids[row];
    b->loss_weights[i] = 1;
    dataset_image(d, row, x);
    if (o->augment) {
        augment_apply(o->augment, b->run.seed, d->ids[row], b->epoch, d->image, x, &b->labels[i], scratch);
    }
    smoothed_target(b->targets + (size_t)i * (size_t)d->classes, d->classes, b->labels[i],
                    o->label_smoothing);
}

static status fill_chunk(void *context, int chunk, int worker) {
    const fill_job *job = context;
    float *scratch = job->b->scratch + (size_t)worker * shape_size(job->b->data->image);
    int end = (chunk + 1) * CHUNK < job->n ? (chunk + 1) * CHUNK : job->n;
    for (int i = chunk * CHUNK; i < end; i++) {
        fill_sample(job, i, scratch);
    }
    return STATUS_OK;
}

status batches_fill(batches *b, int index, int step, batch *out, err *e) {
    int first = index * b->options->batch, left = b->data->n - first;
    fill_job job = {
        .b = b, .rows = b->order + first, .n = left < b->options->batch ? left : b->options->batch};
    *out = (batch){.n = job.n,
                   .x = b->x,
                   .targets = b->targets,
                   .labels = b->labels,
                   .loss_weights = b->loss_weights,
                   .ids = b->ids,
                   .epoch = b->epoch,
                   .step = step};
    status s = parallel_for(&b->run, (job.n + CHUNK - 1) / CHUNK, fill_chunk, &job);
    return s == STATUS_OK
               ? s
               : err_set(e, s, "batch %d of epoch %d could not be assembled", index + 1, b->epoch + 1);
}
