#include "nets/batches_internal.h"

#include <stdlib.h>

#include "core/parallel.h"

static float *new_floats(int count, size_t each) {
    size_t size;
    if (!size_multiply((size_t)count, each, &size) || !size_multiply(size, sizeof(float), &size)) return NULL;
    return alloc_aligned(size ? size : 1);
}

static int32_t *new_ints(int count) {
    return calloc((size_t)count, sizeof(int32_t));
}

static bool images_new(const dataset *d, int most, batch_images *out) {
    out->x = new_floats(most, shape_size(d->image));
    out->targets = new_floats(most, (size_t)d->classes);
    out->loss_weights = new_floats(most, 1);
    out->labels = new_ints(most);
    return out->x && out->targets && out->loss_weights && out->labels;
}

static void images_free(batch_images *m) {
    free(m->x);
    free(m->targets);
    free(m->loss_weights);
    free(m->labels);
}

static bool mixes(const train_options *o) {
    return o->mixup_alpha > 0 || o->cutmix_alpha > 0;
}

static status allocate(batches *b, err *e) {
    const dataset *d = b->data;
    b->order = new_ints(d->n);
    b->ids = new_ints(b->most);
    b->scratch = new_floats(b->run.threads, shape_size(d->image));
    bool fine = b->order && b->ids && b->scratch && images_new(d, b->most, &b->own);
    if (fine && b->options->balanced_sampler) {
        b->copies = new_ints(d->n);
        b->counts = new_ints(d->n);
        fine = b->copies && b->counts;
    }
    if (fine && mixes(b->options)) {
        b->partners = new_ints(b->most);
        fine = b->partners && images_new(d, b->most, &b->mixed);
    }
    if (fine && b->groups) fine = (b->group_codes = new_ints(b->most)) != NULL;
    if (fine) return STATUS_OK;
    return err_set(e, STATUS_NO_MEMORY, "no memory for batches of %d images of %zu values", b->most,
                   shape_size(d->image));
}

/* n / (classes that are there * count of the class): the mean over the data is 1. */
static status weigh_classes(batches *b, err *e) {
    b->class_weights = new_floats(b->data->classes, 1);
    if (!b->class_weights) return err_set(e, STATUS_NO_MEMORY, "no memory for class weights");
    for (int k = 0; k < b->data->classes; k++) {
        double count = class_rows_count(&b->by_class, k);
        b->class_weights[k] = count > 0 ? (float)(b->data->n / (b->by_class.present * count)) : 1;
    }
    return STATUS_OK;
}

static status prepare(batches *b, err *e) {
    bool weighted = b->options->class_weights == CLASS_WEIGHTS_BALANCED;
    status s = batches_find_groups(b, e);
    if (s == STATUS_OK) s = allocate(b, e);
    if (s == STATUS_OK && (weighted || b->options->balanced_sampler))
        s = class_rows_new(b->data, &b->by_class, e);
    if (s == STATUS_OK && weighted) s = weigh_classes(b, e);
    return s;
}

status batches_new(const dataset *d, const train_options *o, const run *r, batches *out, err *e) {
    *out = (batches){.data = d, .options = o, .run = *r, .most = o->batch < d->n ? o->batch : d->n};
    out->run.cancel = NULL;
    status s = prepare(out, e);
    if (s != STATUS_OK) batches_free(out);
    return s;
}

void batches_free(batches *b) {
    free(b->order);
    free(b->copies);
    free(b->counts);
    class_rows_free(&b->by_class);
    table_free(&b->cut);
    free(b->class_weights);
    images_free(&b->own);
    images_free(&b->mixed);
    free(b->ids);
    free(b->group_codes);
    free(b->partners);
    free(b->scratch);
    *b = (batches){0};
}

int batches_per_epoch(const dataset *d, const train_options *o) {
    int whole = d->n / o->batch, rest = d->n % o->batch != 0;
    return o->drop_last && whole > 0 ? whole : whole + rest;
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
    int first, n; /* entries of the order */
} fill_job;

/* The copies of an image in one epoch are augmented each in its own way. */
static uint64_t copy_seed(const batches *b, int at) {
    int32_t copy = b->copies ? b->copies[at] : 0;
    return copy ? seed_derive(b->run.seed, "copy", (uint64_t)copy) : b->run.seed;
}

static void fill_sample(const fill_job *job, int i, float *scratch) {
    batches *b = job->b;
    const dataset *d = b->data;
    const train_options *o = b->options;
    int32_t row = b->order[job->first + i], *label = &b->own.labels[i];
    float *x = b->own.x + (size_t)i * shape_size(d->image);
    *label = d->labels[row];
    b->ids[i] = d->ids[row];
    dataset_image(d, row, x);
    if (o->augment) {
        augment_apply(o->augment, copy_seed(b, job->first + i), d->ids[row], b->epoch, d->image, x, label,
                      scratch);
    }
    b->own.loss_weights[i] = b->class_weights ? b->class_weights[*label] : 1;
    smoothed_target(b->own.targets + (size_t)i * (size_t)d->classes, d->classes, *label, o->label_smoothing);
    if (b->groups) {
        int32_t code = b->groups->codes[row];
        b->group_codes[i] = code == CATEGORY_MISSING ? b->groups->n_levels : code;
    }
}

static status fill_chunk(void *context, int chunk, int worker) {
    const fill_job *job = context;
    float *scratch = job->b->scratch + (size_t)worker * shape_size(job->b->data->image);
    int end = (chunk + 1) * BATCH_CHUNK < job->n ? (chunk + 1) * BATCH_CHUNK : job->n;
    for (int i = chunk * BATCH_CHUNK; i < end; i++) {
        fill_sample(job, i, scratch);
    }
    return STATUS_OK;
}

status batches_fill(batches *b, int index, int step, batch *out, err *e) {
    int first = index * b->options->batch, left = b->data->n - first;
    fill_job job = {.b = b, .first = first, .n = left < b->options->batch ? left : b->options->batch};
    const batch_images *made = mixes(b->options) ? &b->mixed : &b->own;
    *out = (batch){.n = job.n,
                   .x = made->x,
                   .targets = made->targets,
                   .labels = made->labels,
                   .loss_weights = made->loss_weights,
                   .ids = b->ids,
                   .groups = b->group_codes,
                   .n_groups = b->n_groups,
                   .epoch = b->epoch,
                   .step = step,
                   .options = b->options,
                   .update_statistics = true};
    status s = parallel_for(&b->run, (job.n + BATCH_CHUNK - 1) / BATCH_CHUNK, fill_chunk, &job);
    if (s == STATUS_OK && mixes(b->options)) s = batches_mix(b, job.n, step);
    return s == STATUS_OK
               ? s
               : err_set(e, s, "batch %d of epoch %d could not be assembled", index + 1, b->epoch + 1);
}
