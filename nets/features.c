#include "nets/features.h"

#include <math.h>
#include <string.h>

#include "nets/cut.h"
#include "nets/predict.h"

enum { BLOCK = 256 }; /* augmented images at a time */

/* The frame of the data set: rows, labels, names; the values are filled in later. */
static status begin(const dataset *d, int copies, int width, dataset *out, float **values, int32_t **labels,
                    err *e) {
    size_t rows, floats;
    bool fits = size_multiply((size_t)d->n, (size_t)copies, &rows) && rows <= INT32_MAX &&
                size_multiply(rows, (size_t)width, &floats);
    *out = (dataset){.name = d->name,
                     .split = d->split,
                     .n = fits ? (int)rows : 0,
                     .classes = d->classes,
                     .image = {1, 1, width},
                     .class_names = d->class_names};
    *values = fits ? arena_array(&out->memory, floats, sizeof **values) : NULL;
    *labels = fits ? arena_array(&out->memory, rows, sizeof **labels) : NULL;
    int32_t *ids = fits ? arena_array(&out->memory, rows, sizeof *ids) : NULL;
    if (!*values || !*labels || !ids)
        return err_set(e, STATUS_NO_MEMORY, "no memory for %d features of %d x %d images", width, copies,
                       d->n);
    for (int i = 0; i < out->n; i++) {
        ids[i] = i;
        (*labels)[i] = d->labels[i % d->n];
    }
    out->values = *values;
    out->labels = *labels;
    out->ids = ids;
    return STATUS_OK;
}

/* An augmented block of rows as a data set of its own. */
typedef struct block {
    dataset data;
    float *images, *scratch;
    int32_t labels[BLOCK];
} block;

static void augment_rows(block *b, const dataset *d, const augmentation *a, uint64_t seed, int copy,
                         int first) {
    size_t size = shape_size(d->image);
    for (int i = 0; i < b->data.n; i++) {
        float *x = b->images + (size_t)i * size;
        b->labels[i] = d->labels[first + i];
        dataset_image(d, first + i, x);
        augment_apply(a, seed, d->ids[first + i], copy, d->image, x, &b->labels[i], b->scratch);
    }
}

static status predict_augmented(model *m, const dataset *d, const augmentation *a, int copies, const run *r,
                                float *values, int32_t *labels, err *e) {
    run quiet = *r;
    quiet.progress = NULL; /* one bar for all blocks */
    arena memory = {0};
    size_t size = shape_size(d->image);
    block b = {.data = *d,
               .images = arena_array(&memory, BLOCK * size, sizeof(float)),
               .scratch = arena_array(&memory, size, sizeof(float))};
    status s =
        b.images && b.scratch ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "no memory to augment images");
    b.data.pixels = NULL;
    b.data.values = b.images;
    int64_t done = 0, total = (int64_t)copies * d->n;
    for (int copy = 0; copy < copies; copy++)
        for (int first = 0; first < d->n && s == STATUS_OK; first += BLOCK, done += b.data.n) {
            b.data.n = d->n - first < BLOCK ? d->n - first : BLOCK;
            run_progress(r, "features", (uint64_t)done, (uint64_t)total, NULL);
            augment_rows(&b, d, a, r->seed, copy, first);
            memcpy(labels + done, b.labels, (size_t)b.data.n * sizeof *labels);
            s = predict_outputs(m, &b.data, &quiet, "features", values + (size_t)done * (size_t)m->classes,
                                e);
        }
    arena_free(&memory);
    return s;
}

static status check_finite(const dataset *features, const char *node, err *e) {
    size_t width = (size_t)features->image.c, n = (size_t)features->n * width;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(features->values[i]))
            return err_set(e, STATUS_NOT_EVALUABLE, "feature %zu of image %zu at '%s' is not finite",
                           i % width, i / width, node);
    return STATUS_OK;
}

status features_make(const net *n, const weights *w, int node, const dataset *d, const augmentation *a,
                     int copies, const run *r, dataset *out, err *e) {
    net *part;
    weights part_weights;
    model *m = NULL;
    float *values;
    int32_t *labels;
    *out = (dataset){0};
    status s = net_upto(n, w, node, &part, &part_weights, e);
    if (s != STATUS_OK) return s;
    s = model_of_net(part, &part_weights, false, r, &m, e);
    if (s == STATUS_OK) s = begin(d, a ? copies : 1, m->classes, out, &values, &labels, e);
    if (s == STATUS_OK)
        s = a ? predict_augmented(m, d, a, copies, r, values, labels, e)
              : predict_outputs(m, d, r, "features", values, e);
    if (s == STATUS_OK) s = check_finite(out, n->nodes[node].name, e);
    if (s != STATUS_OK) dataset_free(out);
    model_free(m);
    weights_free(&part_weights);
    net_free(part);
    return s;
}

/* The mean of each feature over the rows, and one deviation for all: the root of their mean variance, so that features that hardly ever
 * speak stay quiet; 1 where nothing varies. */
static double moments(const dataset *d, double *mean) {
    size_t width = (size_t)d->image.c, n = (size_t)d->n * width;
    double squares = 0;
    for (size_t k = 0; k < width; k++)
        mean[k] = 0;
    for (size_t i = 0; i < n; i++)
        mean[i % width] += (double)d->values[i] / d->n;
    for (size_t i = 0; i < n; i++)
        squares += ((double)d->values[i] - mean[i % width]) * ((double)d->values[i] - mean[i % width]);
    return squares > 0 ? sqrt(squares / (double)n) : 1;
}

/* W (x - mean) / deviation + b = W' x + b'. */
static void fold(const net *head, weights *w, const double *mean, double deviation) {
    const net_node *linear = &head->nodes[head->n_nodes - 1];
    const net_param *weight = &head->params[linear->params[0]], *bias = &head->params[linear->params[1]];
    int out = weight->info.dims[0], in = weight->info.dims[1];
    for (int o = 0; o < out; o++) {
        float *row = w->data + weight->offset + (size_t)o * (size_t)in;
        double shift = (double)w->data[bias->offset + (size_t)o];
        for (int k = 0; k < in; k++) {
            row[k] = (float)((double)row[k] / deviation);
            shift -= (double)row[k] * mean[k];
        }
        w->data[bias->offset + (size_t)o] = (float)shift;
    }
    w->version++;
}

static status train_standardised(const net *head, weights *w, const dataset *features, const train_options *o,
                                 const run *r, const train_watch *watch, err *e) {
    arena memory = {0};
    size_t width = (size_t)features->image.c, rows = (size_t)features->n;
    double *mean = arena_array(&memory, width, sizeof *mean);
    float *values = arena_array(&memory, rows * width, sizeof *values);
    objective goal = {0};
    status s = mean && values ? objective_plain(head, w, o->batch, r, &goal, e)
                              : err_set(e, STATUS_NO_MEMORY, "no memory to standardise features");
    if (s == STATUS_OK) {
        double deviation = moments(features, mean);
        for (size_t i = 0; i < rows * width; i++)
            values[i] = (float)(((double)features->values[i] - mean[i % width]) / deviation);
        dataset standard = *features;
        standard.values = values;
        weights_init(head, w, r->seed);
        s = train(head, w, &standard, o, &goal, r, watch, e);
        fold(head, w, mean, deviation);
        goal.free(goal.self);
    }
    arena_free(&memory);
    return s;
}

status features_train_head(const net *n, weights *w, int node, const dataset *features,
                           const train_options *o, const run *r, const train_watch *watch, err *e) {
    net *head;
    weights head_weights;
    status s = net_behind(n, w, node, &head, &head_weights, e);
    if (s != STATUS_OK) return s;
    s = train_standardised(head, &head_weights, features, o, r, watch, e);
    if (s == STATUS_OK) weights_copy_named(head, &head_weights, n, w);
    weights_free(&head_weights);
    net_free(head);
    return s;
}
