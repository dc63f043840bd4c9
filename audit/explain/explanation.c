#include "audit/explain/explanation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/explain/sheets.h"
#include "nets/cut.h"
#include "nets/loss.h"
#include "nets/predict.h"

static const double alike = .5; /* a mean rank correlation above it is no explanation */

typedef struct work {
    const net *n;
    const weights *w;
    const dataset *d;
    const explanation_plan *p;
    const run *r;
    int32_t *rows, *classes; /* all of d */
    float *logits;
    float *maps; /* methods x images x h x w */
    float *twin; /* images x h x w: of random weights */
} work;

static size_t map_floats(const work *k) {
    return (size_t)k->d->n * (size_t)k->d->image.h * (size_t)k->d->image.w;
}

static int cam_node(const work *k) {
    return k->p->node >= 0 ? k->p->node : explain_last_map(k->n);
}

static void choose_classes(const work *k) {
    int classes = k->d->classes;
    for (int i = 0; i < k->d->n; i++) {
        int given = logits_class(k->logits + (size_t)i * (size_t)classes, classes);
        k->rows[i] = i;
        k->classes[i] = k->p->class >= 0 ? k->p->class : given >= 0 ? given : k->d->labels[i];
    }
}

/* Mean over images of the correlation of maps with those of random weights; images with a constant map do not count. */
static double compare(const work *k, explain_method method, const float *maps, result *x) {
    int pixels = k->d->image.h * k->d->image.w, n = 0;
    double *values = malloc((size_t)k->d->n * sizeof *values), average = NAN;
    char group[64];
    snprintf(group, sizeof group, "method=%s", explain_method_name(method));
    for (int i = 0; values && i < k->d->n; i++) {
        values[n] =
            rank_correlation(maps + (size_t)i * (size_t)pixels, k->twin + (size_t)i * (size_t)pixels, pixels);
        n += !isnan(values[n]);
    }
    if (n > 0) average = mean(values, n);
    interval i = n > 1 ? t_interval(values, n, .95) : (interval){NAN, NAN};
    if (n > 1) i = (interval){fmax(i.lo, -1), fmin(i.hi, 1)}; /* what a correlation can be */
    result_value(x, (row_key){.metric = "rank_correlation_random", .group = group, .eps = NAN}, n, average, i,
                 "t", "every map is constant");
    free(values);
    if (average > alike) {
        char text[200];
        snprintf(
            text, sizeof text,
            "the maps of %s hardly change (rank correlation %.2f) when the weights are random: they show the "
            "image, not what was learned",
            explain_method_name(method), average);
        result_warning(x, "MAP_IGNORES_WEIGHTS", text, NULL, 0, NULL);
    }
    return average;
}

static status make_maps(work *k, result *x, map_column *columns, int *n_columns, err *e) {
    subject net_itself, random;
    weights fresh;
    status s = weights_new(k->n, &fresh, e);
    if (s != STATUS_OK) return s;
    weights_init(k->n, &fresh, k->r->seed + 1);
    int node = k->p->wanted[EXPLAIN_GRADCAM] ? cam_node(k) : -1;
    s = subject_open(k->n, k->w, node, &k->p->options, k->r, &net_itself, e);
    if (s == STATUS_OK) {
        s = subject_open(k->n, &fresh, node, &k->p->options, k->r, &random, e);
        for (int m = 0; m < EXPLAIN_METHODS && s == STATUS_OK; m++) {
            if (!k->p->wanted[m]) continue;
            float *maps = k->maps + (size_t)m * map_floats(k);
            run_progress(k->r, "explaining", (uint64_t)m, EXPLAIN_METHODS,
                         explain_method_name((explain_method)m));
            s = explain_maps(&net_itself, (explain_method)m, k->d, k->rows, k->classes, k->d->n, maps, e);
            if (s == STATUS_OK)
                s = explain_maps(&random, (explain_method)m, k->d, k->rows, k->classes, k->d->n, k->twin, e);
            if (s == STATUS_OK)
                columns[(*n_columns)++] =
                    (map_column){(explain_method)m, maps, compare(k, (explain_method)m, maps, x)};
        }
        subject_close(&random);
    }
    subject_close(&net_itself);
    weights_free(&fresh);
    return s;
}

static status add_maps(work *k, result *x, picture_set *pictures, err *e) {
    map_column columns[EXPLAIN_METHODS];
    int n_columns = 0;
    picture sheet;
    status s = make_maps(k, x, columns, &n_columns, e);
    if (s != STATUS_OK || n_columns == 0) return s;
    maps_sheet plan = {.d = k->d,
                       .rows = k->rows,
                       .classes = k->classes,
                       .logits = k->logits,
                       .n = k->d->n,
                       .columns = columns,
                       .n_columns = n_columns};
    s = maps_sheet_draw(&plan, &sheet, e);
    if (s == STATUS_OK) picture_set_add(pictures, "maps", &sheet);
    return s;
}

static status add_filters(const work *k, picture_set *pictures, err *e) {
    picture sheet;
    status s = filters_sheet_draw(k->n, k->w, &sheet, e);
    if (s == STATUS_OK) picture_set_add(pictures, "filters", &sheet);
    return s;
}

/* The part of the net up to a node as a model. */
typedef struct part {
    net *net;
    weights weights;
    model *model;
} part;

static void part_close(part *p) {
    model_free(p->model);
    weights_free(&p->weights);
    net_free(p->net);
}

static status part_open(const work *k, int node, part *out, err *e) {
    *out = (part){0};
    status s = net_upto(k->n, k->w, node, &out->net, &out->weights, e);
    if (s == STATUS_OK) s = model_of_net(out->net, &out->weights, true, k->r, &out->model, e);
    if (s != STATUS_OK) part_close(out);
    return s;
}

/* Channels of a node for the first image. */
static status add_features(const work *k, int node, const char *name, picture_set *pictures, err *e) {
    part p;
    picture sheet;
    char title[200];
    shape s = k->n->nodes[node].out;
    status ok = part_open(k, node, &p, e);
    if (ok != STATUS_OK) return ok;
    float *image = malloc((shape_size(k->d->image) + shape_size(s)) * sizeof *image);
    float *map = image ? image + shape_size(k->d->image) : NULL;
    if (!image) ok = err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (ok == STATUS_OK) {
        dataset_image(k->d, 0, image);
        ok = model_forward(p.model, 0, 1, image, false, map, e);
    }
    snprintf(title, sizeof title, "What %s makes of the first image: %d of %d channels of %d x %d",
             k->n->nodes[node].name, s.c < CHANNELS_MOST ? s.c : CHANNELS_MOST, s.c, s.h, s.w);
    if (ok == STATUS_OK) ok = features_sheet_draw(title, image, k->d->image, map, s, &sheet, e);
    if (ok == STATUS_OK) picture_set_add(pictures, name, &sheet);
    free(image);
    part_close(&p);
    return ok;
}

static status add_feature_maps(const work *k, picture_set *pictures, err *e) {
    if (k->p->node >= 0) return add_features(k, k->p->node, "features", pictures, e);
    int first = explain_first_map(k->n), last = explain_last_map(k->n);
    status s = first >= 0 ? add_features(k, first, "features-first", pictures, e) : STATUS_OK;
    return s == STATUS_OK && last > first ? add_features(k, last, "features-last", pictures, e) : s;
}

/* Probability of class c for an image. */
static double probability(model *m, const float *image, int c, float *logits) {
    err ignored;
    if (model_forward(m, 0, 1, image, false, logits, &ignored) != STATUS_OK) return NAN;
    return exp(-(double)cross_entropy(logits, m->classes, c, NULL));
}

enum { GALLERY_MOST = 32, CAPTION = 64 };

/* Whether an image raises nothing: a channel that no noise woke up stays grey, and is not to be taken for one that likes grey. */
static bool is_silent(model *m, const float *image, const float *cotangent, float *outputs) {
    err ignored;
    double sum = 0;
    if (model_forward(m, 0, 1, image, false, outputs, &ignored) != STATUS_OK) return false;
    for (int k = 0; k < m->classes; k++)
        sum += (double)cotangent[k] * (double)outputs[k];
    return sum == 0;
}

/* What raises each of n outputs of a model; `whole` (or NULL) tells how sure of it the net is. */
static status add_gallery(const work *k, model *m, const float *cotangents, int n, char captions[][CAPTION],
                          model *whole, int first_class, const char *title, const char *name,
                          picture_set *pictures, err *e) {
    size_t size = shape_size(m->input);
    const char *lines[GALLERY_MOST];
    picture sheet;
    float *images = malloc(((size_t)n * size + (size_t)m->classes) * sizeof *images);
    status s = images ? visualise(m, cotangents, n, k->p->steps, k->r, images, e)
                      : err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < n && s == STATUS_OK; i++) {
        lines[i] = captions[i];
        size_t length = strlen(captions[i]);
        if (whole)
            snprintf(captions[i] + length, CAPTION - length, " %.0f%%",
                     100 * probability(whole, images + (size_t)i * size, first_class + i,
                                       images + (size_t)n * size));
        else if (is_silent(m, images + (size_t)i * size, cotangents + (size_t)i * (size_t)m->classes,
                           images + (size_t)n * size))
            snprintf(captions[i] + length, CAPTION - length, ": silent");
    }
    if (s == STATUS_OK) s = gallery_draw(title, images, m->input, n, lines, &sheet, e);
    if (s == STATUS_OK) picture_set_add(pictures, name, &sheet);
    free(images);
    return s;
}

static status add_class_images(const work *k, picture_set *pictures, err *e) {
    model *m;
    char captions[GALLERY_MOST][CAPTION];
    int first = k->p->class >= 0 ? k->p->class : 0, classes = k->d->classes;
    int n = k->p->class >= 0 ? 1 : classes < GALLERY_MOST ? classes : GALLERY_MOST;
    float *cotangents = calloc((size_t)n * (size_t)classes, sizeof *cotangents);
    if (!cotangents) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = model_of_net(k->n, k->w, true, k->r, &m, e);
    for (int i = 0; i < n; i++) {
        cotangents[i * classes + first + i] = 1;
        snprintf(captions[i], CAPTION, "%.50s", k->d->class_names[first + i]);
    }
    if (s == STATUS_OK) {
        s = add_gallery(k, m, cotangents, n, captions, m, first,
                        "Images that raise a class logit most, and how sure the net is of them", "classes",
                        pictures, e);
        model_free(m);
    }
    free(cotangents);
    return s;
}

static status add_channel_images(const work *k, int node, picture_set *pictures, err *e) {
    part p;
    char captions[GALLERY_MOST][CAPTION], title[200];
    shape s = k->n->nodes[node].out;
    int n = k->p->channels < s.c ? k->p->channels : s.c;
    size_t values = shape_size(s);
    status ok = part_open(k, node, &p, e);
    if (ok != STATUS_OK) return ok;
    float *cotangents = calloc((size_t)n * values, sizeof *cotangents);
    if (!cotangents) ok = err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < n && cotangents; i++) {
        for (int pixel = 0; pixel < s.h * s.w; pixel++)
            cotangents[(size_t)i * values + (size_t)(pixel * s.c + i)] = 1;
        snprintf(captions[i], CAPTION, "channel %d", i);
    }
    snprintf(title, sizeof title, "Images that raise the mean of a channel of %s most",
             k->n->nodes[node].name);
    if (ok == STATUS_OK)
        ok = add_gallery(k, p.model, cotangents, n, captions, NULL, 0, title, "channels", pictures, e);
    free(cotangents);
    part_close(&p);
    return ok;
}

static status predict(work *k, err *e) {
    model *m;
    status s = model_of_net(k->n, k->w, false, k->r, &m, e);
    if (s != STATUS_OK) return s;
    s = predict_logits(m, k->d, k->r, "predicting", k->logits, e);
    model_free(m);
    return s;
}

static status make_all(work *k, result *x, picture_set *pictures, err *e) {
    const bool *wanted = k->p->wanted;
    int node = cam_node(k);
    status s = predict(k, e);
    if (s != STATUS_OK) return s;
    choose_classes(k);
    s = add_maps(k, x, pictures, e);
    if (s == STATUS_OK && wanted[EXPLAIN_FILTERS]) s = add_filters(k, pictures, e);
    if (s == STATUS_OK && wanted[EXPLAIN_FEATURES]) s = add_feature_maps(k, pictures, e);
    if (s == STATUS_OK && wanted[EXPLAIN_VISUALISE]) s = add_class_images(k, pictures, e);
    if (s == STATUS_OK && wanted[EXPLAIN_VISUALISE] && node >= 0 && k->p->channels > 0)
        s = add_channel_images(k, node, pictures, e);
    return s;
}

status explanation_make(const net *n, const weights *w, const dataset *d, const explanation_plan *p,
                        const run *r, result *x, picture_set *pictures, err *e) {
    work k = {.n = n, .w = w, .d = d, .p = p, .r = r};
    k.rows = malloc((size_t)d->n * sizeof *k.rows);
    k.classes = malloc((size_t)d->n * sizeof *k.classes);
    k.logits = malloc((size_t)d->n * (size_t)d->classes * sizeof *k.logits);
    k.maps = malloc(EXPLAIN_METHODS * map_floats(&k) * sizeof *k.maps);
    k.twin = malloc(map_floats(&k) * sizeof *k.twin);
    status s = k.rows && k.classes && k.logits && k.maps && k.twin
                   ? make_all(&k, x, pictures, e)
                   : err_set(e, STATUS_NO_MEMORY, "no memory to explain %d images", d->n);
    free(k.rows);
    free(k.classes);
    free(k.logits);
    free(k.maps);
    free(k.twin);
    return s;
}
