/* The four ways to give every pixel a value. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/explain/explain.h"
#include "core/parallel.h"
#include "nets/loss.h"

const char *explain_method_name(explain_method k) {
#define EXPLAIN_NAME(code, name, what) name,
    static const char *const names[] = {EXPLAIN_LIST(EXPLAIN_NAME)};
#undef EXPLAIN_NAME
    return names[k];
}

/* One image and class, and room for a worker. */
typedef struct task {
    subject *s;
    int worker, class;
    uint32_t id;              /* of the row */
    const float *x;           /* one image */
    float *tile, *dtile;      /* tile x image */
    float *logits, *dlogits;  /* tile x classes */
    float *sum;               /* image */
    float *features, *slopes; /* trunk's map; NULL without one */
    float *map;               /* h x w */
} task;

/* Gradients of the class logit at n images of t->tile, to t->dtile. */
static status class_gradients(task *t, int n, err *e) {
    model *m = t->s->whole;
    memset(t->dlogits, 0, (size_t)n * (size_t)m->classes * sizeof(float));
    for (int i = 0; i < n; i++)
        t->dlogits[i * m->classes + t->class] = 1;
    status s = model_forward(m, t->worker, n, t->tile, true, t->logits, e);
    return s == STATUS_OK ? model_vjp(m, t->worker, n, t->dlogits, t->dtile, e) : s;
}

/* The largest size among channels. */
static void largest_channel(const float *gradient, shape s, float *map) {
    for (int i = 0; i < s.h * s.w; i++) {
        map[i] = 0;
        for (int c = 0; c < s.c; c++)
            map[i] = fmaxf(map[i], fabsf(gradient[i * s.c + c]));
    }
}

static status gradient_map(task *t, err *e) {
    shape in = t->s->whole->input;
    memcpy(t->tile, t->x, shape_size(in) * sizeof(float));
    status s = class_gradients(t, 1, e);
    if (s == STATUS_OK) largest_channel(t->dtile, in, t->map);
    return s;
}

static status smoothgrad_map(task *t, err *e) {
    shape in = t->s->whole->input;
    size_t size = shape_size(in);
    int tile = t->s->whole->tile, all = t->s->options.noisy;
    memset(t->sum, 0, size * sizeof(float));
    status s = STATUS_OK;
    for (int first = 0; first < all && s == STATUS_OK; first += tile) {
        int n = all - first < tile ? all - first : tile;
        for (int i = 0; i < n; i++) {
            rng noise = rng_stream(t->s->run.seed, "smoothgrad", 0, t->id, 0, (uint32_t)(first + i));
            for (size_t p = 0; p < size; p++)
                t->tile[(size_t)i * size + p] = t->x[p] + (float)t->s->options.sigma * rng_normal(&noise);
        }
        s = class_gradients(t, n, e);
        for (int i = 0; i < n && s == STATUS_OK; i++)
            for (size_t p = 0; p < size; p++)
                t->sum[p] += t->dtile[(size_t)i * size + p] / (float)all;
    }
    largest_channel(t->sum, in, t->map);
    return s;
}

/* A map brought to the size of an image, each pixel mixed from the four nearest values. */
static void enlarge(const float *from, shape s, shape to, float *out) {
    for (int y = 0; y < to.h; y++)
        for (int x = 0; x < to.w; x++) {
            double v = fmin(fmax((y + .5) * s.h / to.h - .5, 0), s.h - 1.0);
            double u = fmin(fmax((x + .5) * s.w / to.w - .5, 0), s.w - 1.0);
            int r = (int)v, c = (int)u, r1 = r + 1 < s.h ? r + 1 : r, c1 = c + 1 < s.w ? c + 1 : c;
            double a = (1 - (u - c)) * from[r * s.w + c] + (u - c) * from[r * s.w + c1];
            double b = (1 - (u - c)) * from[r1 * s.w + c] + (u - c) * from[r1 * s.w + c1];
            out[y * to.w + x] = (float)((1 - (v - r)) * a + (v - r) * b);
        }
}

/* Each channel counts by the mean of its slope; what speaks against the class is left out. */
static status gradcam_map(task *t, err *e) {
    model *trunk = t->s->trunk, *head = t->s->head;
    shape s = head->input;
    int pixels = s.h * s.w;
    memset(t->dlogits, 0, (size_t)head->classes * sizeof(float));
    t->dlogits[t->class] = 1;
    status ok = model_forward(trunk, t->worker, 1, t->x, false, t->features, e);
    if (ok == STATUS_OK) ok = model_forward(head, t->worker, 1, t->features, true, t->logits, e);
    if (ok == STATUS_OK) ok = model_vjp(head, t->worker, 1, t->dlogits, t->slopes, e);
    if (ok != STATUS_OK) return ok;
    for (int c = 0; c < s.c; c++) { /* the mean slope of a channel, at its first pixel */
        double sum = 0;
        for (int i = 0; i < pixels; i++)
            sum += (double)t->slopes[i * s.c + c];
        t->slopes[c] = (float)(sum / pixels);
    }
    for (int i = 0; i < pixels; i++) { /* written where it has been read */
        float sum = 0;
        for (int c = 0; c < s.c; c++)
            sum += t->slopes[c] * t->features[i * s.c + c];
        t->features[i] = fmaxf(sum, 0);
    }
    enlarge(t->features, s, t->s->whole->input, t->map);
    return STATUS_OK;
}

static int positions(int length, int patch, int stride) {
    return length <= patch ? 1 : (length - patch + stride - 1) / stride + 1;
}

static int position(int k, int length, int patch, int stride) {
    int last = length > patch ? length - patch : 0;
    return k * stride < last ? k * stride : last;
}

static void cover(const task *t, int top, int left, float *image) {
    shape s = t->s->whole->input;
    int patch = t->s->options.patch;
    for (int y = top; y < top + patch && y < s.h; y++)
        for (int x = left; x < left + patch && x < s.w; x++)
            for (int c = 0; c < s.c; c++)
                image[(y * s.w + x) * s.c + c] = t->s->options.fill[c < 4 ? c : 3];
}

/* Adds what covering cost to every pixel under the patch, and counts the patch there. */
static void share_out(const task *t, int top, int left, float cost, float *count) {
    shape s = t->s->whole->input;
    int patch = t->s->options.patch;
    for (int y = top; y < top + patch && y < s.h; y++)
        for (int x = left; x < left + patch && x < s.w; x++) {
            t->map[y * s.w + x] += cost;
            count[y * s.w + x]++;
        }
}

static status occlusion_map(task *t, err *e) {
    model *m = t->s->whole;
    shape in = m->input;
    size_t size = shape_size(in);
    int patch = t->s->options.patch, stride = t->s->options.stride;
    int down = positions(in.h, patch, stride), across = positions(in.w, patch, stride);
    float *count = t->sum;
    memset(t->map, 0, (size_t)in.h * (size_t)in.w * sizeof(float));
    memset(count, 0, size * sizeof(float));
    status s = model_forward(m, t->worker, 1, t->x, false, t->logits, e);
    float before = s == STATUS_OK ? cross_entropy(t->logits, m->classes, t->class, NULL) : 0;
    for (int first = 0; first < down * across && s == STATUS_OK; first += m->tile) {
        int n = down * across - first < m->tile ? down * across - first : m->tile;
        for (int i = 0; i < n; i++) {
            memcpy(t->tile + (size_t)i * size, t->x, size * sizeof(float));
            cover(t, position((first + i) / across, in.h, patch, stride),
                  position((first + i) % across, in.w, patch, stride), t->tile + (size_t)i * size);
        }
        s = model_forward(m, t->worker, n, t->tile, false, t->logits, e);
        for (int i = 0; i < n && s == STATUS_OK; i++)
            share_out(t, position((first + i) / across, in.h, patch, stride),
                      position((first + i) % across, in.w, patch, stride),
                      cross_entropy(t->logits + i * m->classes, m->classes, t->class, NULL) - before, count);
    }
    for (int i = 0; i < in.h * in.w; i++)
        t->map[i] = count[i] > 0 ? t->map[i] / count[i] : 0;
    return s;
}

typedef struct job {
    subject *s;
    explain_method method;
    const dataset *d;
    const int32_t *rows, *classes;
    float *maps;
    float *room; /* per worker */
    size_t room_floats;
    first_failure failed;
} job;

static size_t features_of(const subject *s) {
    return s->trunk ? (size_t)s->trunk->classes : 0;
}

static size_t room_of(const subject *s) {
    size_t tile = (size_t)s->whole->tile, size = shape_size(s->whole->input);
    return (2 * tile + 2) * size + 2 * tile * (size_t)s->whole->classes + 2 * features_of(s);
}

static task task_of(const job *j, int i, int worker) {
    subject *s = j->s;
    size_t tile = (size_t)s->whole->tile, size = shape_size(s->whole->input);
    float *x = j->room + (size_t)worker * j->room_floats;
    dataset_image(j->d, j->rows[i], x);
    task t = {.s = s,
              .worker = worker,
              .class = j->classes[i],
              .id = (uint32_t)j->d->ids[j->rows[i]],
              .x = x,
              .sum = x + size,
              .tile = x + 2 * size,
              .map = j->maps + (size_t)i * (size_t)s->whole->input.h * (size_t)s->whole->input.w};
    t.dtile = t.tile + tile * size;
    t.logits = t.dtile + tile * size;
    t.dlogits = t.logits + tile * (size_t)s->whole->classes;
    t.features = t.dlogits + tile * (size_t)s->whole->classes;
    t.slopes = t.features + features_of(s);
    return t;
}

static status map_image(void *context, int i, int worker) {
    static status (*const methods[EXPLAIN_METHODS])(task *, err *) = {gradient_map, smoothgrad_map,
                                                                      gradcam_map, occlusion_map};
    job *j = context;
    task t = task_of(j, i, worker);
    err e = {{0}};
    status s = methods[j->method](&t, &e);
    return failure_note(&j->failed, i, s, &e);
}

status explain_maps(subject *s, explain_method k, const dataset *d, const int32_t *rows,
                    const int32_t *classes, int n, float *maps, err *e) {
    if (k == EXPLAIN_GRADCAM && !s->trunk)
        return err_set(e, STATUS_USAGE,
                       "gradcam: the net has no map that it could read: name one with --layer");
    size_t floats = room_of(s);
    job j = {
        .s = s, .method = k, .d = d, .rows = rows, .classes = classes, .maps = maps, .room_floats = floats};
    j.room = malloc((size_t)s->run.threads * floats * sizeof *j.room);
    status ok = j.room ? parallel_for(&s->run, n, map_image, &j) : STATUS_NO_MEMORY;
    free(j.room);
    return failure_report(&j.failed, ok, "explain", e);
}
