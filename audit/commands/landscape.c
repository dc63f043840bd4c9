/* audit landscape MODEL... --data D */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/landscape/landscape.h"
#include "audit/report/pictures.h"
#include "audit/rows.h"
#include "audit/show.h"
#include "nets/model_file.h"
#include "nets/predict.h"
#include "nets/train.h"

enum { MODELS_MOST = 6, STOPS_MOST = 64, POINTS_MOST = 401 };

typedef struct landscape_settings {
    int64_t directions, points, surface;
    double reach;
    const char *along, *output;
} landscape_settings;

#define FIELD(name) offsetof(landscape_settings, name)

static const option options[] = {
    {.name = "directions",
     .kind = OPTION_INTEGER,
     .offset = FIELD(directions),
     .metavar = "N",
     .fallback = "2",
     .lo = 1,
     .hi = 16,
     .what = "random directions of curves"},
    {.name = "points",
     .kind = OPTION_INTEGER,
     .offset = FIELD(points),
     .metavar = "N",
     .fallback = "41",
     .lo = 3,
     .hi = POINTS_MOST,
     .what = "points of a curve, made odd so that the model itself is one"},
    {.name = "surface",
     .kind = OPTION_INTEGER,
     .offset = FIELD(surface),
     .metavar = "N",
     .fallback = "21",
     .lo = 0,
     .hi = 201,
     .what = "points on each side of the surface over two directions; 0 = no surface"},
    {.name = "reach",
     .kind = OPTION_NUMBER,
     .offset = FIELD(reach),
     .metavar = "R",
     .fallback = "1",
     .lo = 1e-6,
     .hi = 1000,
     .what = "how far to go; at 1 the noise is as long as the weights"},
    {.name = "along",
     .kind = OPTION_TEXT,
     .offset = FIELD(along),
     .metavar = "A,B,...",
     .what = "earlier checkpoints or models of the same training: draws its path to MODEL on the plane that "
             "holds most of it; train --checkpoint \"NAME-{epoch}.ckpt\" keeps one of each epoch"},
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_OUTPUT,
     .offset = FIELD(output),
     .metavar = "FILE.svg",
     .fallback = "landscape.svg",
     .what = "the charts to write"},
    {0}};

typedef struct work {
    context *c;
    const landscape_settings *o;
    result *x;
    const dataset *d;
    json *curves, *surfaces; /* of body.extra */
    uint64_t done, total;    /* points */
} work;

static void count_point(work *k) {
    run_progress(&k->c->run, "landscape", ++k->done, k->total, NULL);
}

/* "model.bin" of a path. */
static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int odd(int64_t n) {
    return (int)(n | 1);
}

/* Place i of n on [-range, range]. */
static double place(int i, int n, double range) {
    return range * (2.0 * i / (n - 1) - 1);
}

static void record_curve(work *k, const char *name, int direction, const double *alpha, const double *loss,
                         const double *accuracy, int n) {
    json *one = json_new_object();
    json_set_string(one, "model", name);
    json_set_int(one, "direction", direction + 1);
    json_set(one, "alpha", numbers_json(alpha, n));
    json_set(one, "loss", numbers_json(loss, n));
    json_set(one, "accuracy", numbers_json(accuracy, n));
    json_append(k->curves, one);
}

/* Rows of the model itself: mean loss and accuracy. */
static status record_centre(work *k, landscape *l, const char *group, const float *direction, err *e) {
    double loss, accuracy;
    status s = landscape_at(l, 0, direction, 0, NULL, &loss, &accuracy, e);
    if (s != STATUS_OK) return s;
    int n = k->d->n;
    result_value(k->x, (row_key){.metric = "loss", .group = group, .eps = NAN}, n, loss,
                 t_interval(l->losses, n, .95), "t", "the loss is not finite");
    result_share(k->x, (row_key){.metric = "accuracy", .group = group, .eps = NAN},
                 (int64_t)lrint(accuracy * n), n);
    return STATUS_OK;
}

/* Curves along random directions, and how much the loss rises half-way to their ends. */
static status add_curves(work *k, landscape *l, const char *name, const char *group, float *direction,
                         err *e) {
    double alpha[POINTS_MOST + 1], loss[POINTS_MOST + 1], accuracy[POINTS_MOST + 1], rises[2 * 16];
    int n = odd(k->o->points), quarter = (n - 1) / 4, count = 2 * (int)k->o->directions;
    status s = STATUS_OK;
    for (int i = 0; i < (int)k->o->directions && s == STATUS_OK; i++) {
        random_direction(l->net, l->centre, k->c->run.seed, i, direction);
        if (i == 0) s = record_centre(k, l, group, direction, e);
        for (int p = 0; p < n && s == STATUS_OK; p++) {
            alpha[p] = place(p, n, k->o->reach);
            s = landscape_at(l, alpha[p], direction, 0, NULL, &loss[p], &accuracy[p], e);
            count_point(k);
        }
        if (s != STATUS_OK) break;
        record_curve(k, name, i, alpha, loss, accuracy, n);
        rises[2 * i] = loss[quarter] - loss[(n - 1) / 2];
        rises[2 * i + 1] = loss[n - 1 - quarter] - loss[(n - 1) / 2];
    }
    if (s == STATUS_OK)
        result_value(k->x, (row_key){.metric = "loss_rise", .group = group, .eps = NAN}, count,
                     mean(rises, count), t_interval(rises, count, .95), "t", "the loss is not finite");
    return s;
}

/* What a surface spans. */
typedef struct plane {
    const char *axes; /* "random" or "path" */
    const float *first, *second;
    double x_lo, x_hi, y_lo, y_hi;
    int stops;
    const double *x, *y;     /* of the path */
    const double *explained; /* by the two directions of a path */
} plane;

static json *surface_json(const char *name, const plane *p, const double *loss, int side) {
    json *one = json_new_object(), *rows = json_new_array();
    for (int i = 0; i < side; i++)
        json_append(rows, numbers_json(loss + (size_t)i * (size_t)side, side));
    json_set_string(one, "model", name);
    json_set_string(one, "axes", p->axes);
    json_set(one, "x", numbers_json((double[]){p->x_lo, p->x_hi}, 2));
    json_set(one, "y", numbers_json((double[]){p->y_lo, p->y_hi}, 2));
    json_set(one, "loss", rows);
    if (p->stops) {
        json_set(one, "path_x", numbers_json(p->x, p->stops));
        json_set(one, "path_y", numbers_json(p->y, p->stops));
        json_set(one, "explained", numbers_json(p->explained, 2));
    }
    return one;
}

static status add_surface(work *k, landscape *l, const char *name, const plane *p, err *e) {
    int side = odd(k->o->surface);
    double *loss = malloc((size_t)side * (size_t)side * sizeof *loss), accuracy;
    status s = loss ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < side * side && s == STATUS_OK; i++) {
        double a = p->x_lo + (p->x_hi - p->x_lo) * (i % side) / (side - 1);
        double b = p->y_lo + (p->y_hi - p->y_lo) * (i / side) / (side - 1);
        s = landscape_at(l, a, p->first, b, p->second, &loss[i], &accuracy, e);
        count_point(k);
    }
    if (s == STATUS_OK) json_append(k->surfaces, surface_json(name, p, loss, side));
    free(loss);
    return s;
}

static status explore(work *k, const loaded_model *m, const char *path, err *e) {
    landscape l;
    const net *n = m->file->net;
    char group[160];
    snprintf(group, sizeof group, "model=%.100s", name_of(path));
    status s = landscape_open(n, &m->file->weights, k->d, &k->c->run, &l, e);
    if (s != STATUS_OK) return s;
    float *first = malloc(2 * n->n_trainable * sizeof *first),
          *second = first ? first + n->n_trainable : NULL;
    s = first ? add_curves(k, &l, name_of(path), group, first, e)
              : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK && k->o->surface > 0 && !k->o->along) {
        random_direction(n, l.centre, k->c->run.seed, 0, first);
        random_direction(n, l.centre, k->c->run.seed, 1, second);
        double r = k->o->reach;
        plane p = {
            .axes = "random", .first = first, .second = second, .x_lo = -r, .x_hi = r, .y_lo = -r, .y_hi = r};
        s = add_surface(k, &l, name_of(path), &p, e);
    }
    free(first);
    landscape_close(&l);
    return s;
}

/* --- along a training */

typedef struct path {
    int n;
    weights stops[STOPS_MOST];
    const weights *points[STOPS_MOST + 1]; /* the stops, then the end */
} path;

static bool same_layout(const net *a, const net *b) {
    bool same = a->n_params == b->n_params && a->n_floats == b->n_floats;
    for (int p = 0; same && p < a->n_params; p++)
        same = a->params[p].size == b->params[p].size && strcmp(a->params[p].name, b->params[p].name) == 0;
    return same;
}

/* The weights of a checkpoint, or of a model. */
static status read_stop(const char *file, const net *n, weights *out, err *e) {
    model_file m;
    if (checkpoint_is(file)) {
        status s = weights_new(n, out, e);
        return s == STATUS_OK ? checkpoint_weights(file, n, out, e) : s;
    }
    status s = model_file_read(file, &m, e);
    if (s != STATUS_OK) return s;
    s = same_layout(n, m.net) ? weights_copy(&m.weights, out, e)
                              : err_set(e, STATUS_USAGE, "%s is a net of other layers than the model", file);
    model_file_free(&m);
    return s;
}

static status read_path(const char *list, const net *n, path *out, err *e) {
    char *text = strdup(list), *rest = NULL;
    status s = text ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (char *file = text ? strtok_r(text, ",", &rest) : NULL; file && s == STATUS_OK;
         file = strtok_r(NULL, ",", &rest)) {
        if (out->n == STOPS_MOST) {
            s = err_set(e, STATUS_USAGE, "more than %d stops", (int)STOPS_MOST);
            break;
        }
        out->points[out->n] = &out->stops[out->n];
        s = read_stop(file, n, &out->stops[out->n++], e);
    }
    if (s == STATUS_OK && out->n < 2)
        s = err_set(e, STATUS_USAGE, "at least two earlier checkpoints or models are needed");
    free(text);
    return s == STATUS_OK ? s : err_prefix(e, s, "--along");
}

static void widen(const double *values, int n, double *lo, double *hi) {
    *lo = INFINITY;
    *hi = -INFINITY;
    for (int i = 0; i < n; i++) {
        *lo = fmin(*lo, values[i]);
        *hi = fmax(*hi, values[i]);
    }
    double room = *hi > *lo ? .25 * (*hi - *lo) : 1;
    *lo -= room;
    *hi += room;
}

static status draw_path(work *k, const loaded_model *m, const char *model_path, path *p, err *e) {
    landscape l;
    const net *n = m->file->net;
    double x[STOPS_MOST + 1], y[STOPS_MOST + 1], explained[2];
    int stops = p->n + 1;
    p->points[p->n] = &m->file->weights;
    float *first = malloc(2 * n->n_trainable * sizeof *first),
          *second = first ? first + n->n_trainable : NULL;
    if (!first) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    plane view = {.axes = "path",
                  .first = first,
                  .second = second,
                  .stops = stops,
                  .x = x,
                  .y = y,
                  .explained = explained};
    status s = path_plane(n, p->points, stops, first, second, x, y, explained, e);
    if (s == STATUS_OK) s = landscape_open(n, &m->file->weights, k->d, &k->c->run, &l, e);
    if (s == STATUS_OK) {
        widen(x, stops, &view.x_lo, &view.x_hi);
        widen(y, stops, &view.y_lo, &view.y_hi);
        s = add_surface(k, &l, name_of(model_path), &view, e);
        landscape_close(&l);
    }
    free(first);
    return s;
}

static status add_path(work *k, const loaded_model *m, const char *model_path, err *e) {
    path *p = calloc(1, sizeof *p);
    if (!p) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = read_path(k->o->along, m->file->net, p, e);
    if (s == STATUS_OK) s = draw_path(k, m, model_path, p, e);
    for (int i = 0; i < p->n; i++)
        weights_free(&p->stops[i]);
    free(p);
    return s;
}

/* --- the command */

static void print_rows(const work *k) {
    const json *body = json_get(result_json(k->x), "body"), *row;
    text_table t = text_table_new("model|>images|>loss|>accuracy|>loss rises by|95 % interval");
    row_query q = {.metric = "loss", .eps = NAN};
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        row_query accuracy = {.metric = "accuracy", .group = row_text(row, "group"), .eps = NAN};
        row_query rise = {.metric = "loss_rise", .group = row_text(row, "group"), .eps = NAN};
        const json *risen = row_find(body, &rise);
        interval i = row_interval(risen);
        text_table_cell(&t, "%s", row_text(row, "group") + strlen("model="));
        text_table_cell(&t, "%d", (int)row_n(row));
        text_table_cell(&t, "%.3f", row_value(row));
        cell_percent(&t, row_value(row_find(body, &accuracy)));
        text_table_cell(&t, "%.3g", row_value(risen));
        text_table_cell(&t, "[%.3g, %.3g]", i.lo, i.hi);
    }
    text_table_print(&t, context_out(k->c));
    text_table_free(&t);
    say(k->c,
        "\nThe rise is the mean over directions at %.3g of the weights' length; t intervals over %d ends.\n",
        k->o->reach / 2, 2 * (int)k->o->directions);
}

static void record_settings(work *k) {
    result_setting_number(k->x, "directions", (double)k->o->directions);
    result_setting_number(k->x, "points", odd(k->o->points));
    result_setting_number(k->x, "surface", k->o->surface > 0 ? odd(k->o->surface) : 0);
    result_setting_number(k->x, "reach", k->o->reach);
}

static status finish(work *k, err *e) {
    result_extra(k->x, "curves", json_share(k->curves));
    result_extra(k->x, "surfaces", json_share(k->surfaces));
    print_rows(k);
    status s = landscape_picture_write(k->o->output, json_get(result_json(k->x), "body"), e);
    if (s == STATUS_OK) say(k->c, "wrote %s\n", k->o->output);
    return s == STATUS_OK ? context_finish(k->c, k->x, s, e) : s;
}

static status open_all(context *c, loaded_model *models, dataset *d, err *e) {
    status s = STATUS_OK;
    for (int i = 0; i < c->n_arguments && s == STATUS_OK; i++)
        s = context_open_model(c, c->arguments[i], false, &models[i], e);
    if (s == STATUS_OK) s = context_open_data(c, "train", 1000, &models[0].model->input, d, e);
    for (int i = 0; i < c->n_arguments && s == STATUS_OK; i++)
        s = model_accepts(models[i].model, d, e);
    return s;
}

static status run_landscape(context *c, const void *settings, err *e) {
    const landscape_settings *o = settings;
    loaded_model models[MODELS_MOST] = {{0}};
    dataset d = {0};
    work k = {.c = c, .o = o, .d = &d};
    status s = open_all(c, models, &d, e);
    if (s == STATUS_OK && o->along && c->n_arguments > 1)
        s = err_set(e, STATUS_USAGE, "--along: one model, the end of the path, and %d are given",
                    c->n_arguments);
    if (s == STATUS_OK) {
        k.x = result_new("landscape", &c->run);
        k.curves = json_new_array();
        k.surfaces = json_new_array();
        uint64_t side = o->surface > 0 ? (uint64_t)odd(o->surface) : 0;
        k.total =
            (uint64_t)c->n_arguments * ((uint64_t)o->directions * (uint64_t)odd(o->points) + side * side);
        result_model(k.x, models[0].model);
        result_data(k.x, &d);
        record_settings(&k);
        say_subject(c, &d, models[0].model);
    }
    for (int i = 0; i < c->n_arguments && s == STATUS_OK; i++)
        s = explore(&k, &models[i], c->arguments[i], e);
    if (s == STATUS_OK && o->along && o->surface > 0) s = add_path(&k, &models[0], c->arguments[0], e);
    if (s == STATUS_OK) s = finish(&k, e);
    json_free(k.curves);
    json_free(k.surfaces);
    result_free(k.x);
    dataset_free(&d);
    for (int i = 0; i < MODELS_MOST; i++)
        loaded_model_free(&models[i]);
    return s;
}

const command command_landscape = {.name = "landscape",
                                   .arguments = "MODEL...",
                                   .fewest = 1,
                                   .most = MODELS_MOST,
                                   .what = "the loss around trained weights, as curves and surfaces",
                                   .about = "Moves the weights of a trained net along random directions, "
                                            "every filter by noise as long as itself (Li "
                                            "et al. 2018), and draws loss and accuracy: how flat is the "
                                            "valley that training found? Batch norms keep "
                                            "their statistics, biases and norms stay. Several models give "
                                            "several curves. With --along the path of a "
                                            "training is drawn on the plane that holds most of it. Images "
                                            "are of the training part unless --split "
                                            "says otherwise; without --n, 1,000 of them.",
                                   .reads_data = true,
                                   .reads_onnx = true,
                                   .options = options,
                                   .settings_size = sizeof(landscape_settings),
                                   .run = run_landscape};
