#include "tests/support/fakes.h"

#include <math.h>
#include <stdlib.h>

#include "core/rng.h"
#include "tests/support/test.h"

static dataset new_dataset(int n, shape image, int classes) {
    dataset d = {.name = "fake", .split = "test", .n = n, .classes = classes, .image = image};
    int32_t *labels = arena_array(&d.memory, (size_t)n, sizeof *labels);
    int32_t *ids = arena_array(&d.memory, (size_t)n, sizeof *ids);
    for (int row = 0; row < n; row++) {
        labels[row] = row % classes;
        ids[row] = 3 * row + 5;
    }
    d.labels = labels;
    d.ids = ids;
    d.columns.n_rows = n;
    return d;
}

static void finish(dataset *d) {
    err e = {{0}};
    assert_ok(dataset_finish(d, &e), e);
}

dataset fake_images(uint64_t seed, int n, shape image, int classes, float lo, float hi) {
    dataset d = new_dataset(n, image, classes);
    size_t total = (size_t)n * shape_size(image);
    float *values = arena_array(&d.memory, total, sizeof *values);
    rng g = rng_stream(seed, "fake-images", 0, 0, 0, 0);
    for (size_t i = 0; i < total; i++)
        values[i] = rng_range(&g, lo, hi);
    d.values = values;
    finish(&d);
    return d;
}

dataset fake_pixels(uint64_t seed, int n, shape image, int classes) {
    dataset d = new_dataset(n, image, classes);
    size_t total = (size_t)n * shape_size(image);
    uint8_t *pixels = arena_array(&d.memory, total, 1);
    rng g = rng_stream(seed, "fake-pixels", 0, 0, 0, 0);
    for (size_t i = 0; i < total; i++)
        pixels[i] = (uint8_t)rng_below(&g, 256);
    d.pixels = pixels;
    finish(&d);
    const char **sides = calloc((size_t)n, sizeof *sides);
    for (int row = 0; row < n; row++)
        sides[row] = row / 3 % 2 ? "right" : "left";
    err e = {{0}};
    assert_ok(table_add_texts(&d.columns, "side", sides, &e), e);
    free(sides);
    return d;
}

static float pre_logit(const fake *f, int class, const float *x) {
    size_t d = shape_size(f->m.input);
    double sum = f->b[class];
    for (size_t i = 0; i < d; i++) {
        double value = f->kind == FAKE_QUANTISED ? round(7.0 * x[i]) / 7 : x[i];
        sum += (double)f->w[(size_t) class * d + i] * value;
    }
    return (float)sum;
}

static float logit(const fake *f, int class, const float *x) {
    switch (f->kind) {
    case FAKE_CURVED:
        return (float)sin(8 * pre_logit(f, class, x));
    case FAKE_CONSTANT:
        return class == 1;
    case FAKE_TIED:
        return class < 2;
    case FAKE_NAN:
        return class == f->m.classes - 1 ? NAN : pre_logit(f, class, x);
    case FAKE_SURE:
        return 1000 * pre_logit(f, class, x);
    default:
        return pre_logit(f, class, x);
    }
}

/* d logit / d pre_logit */
static double slope(const fake *f, int class, const float *x) {
    switch (f->kind) {
    case FAKE_CURVED:
        return 8 * cos(8 * pre_logit(f, class, x));
    case FAKE_SURE:
        return 1000;
    case FAKE_CONSTANT:
    case FAKE_TIED:
    case FAKE_QUANTISED:
        return 0;
    default:
        return 1;
    }
}

static void answer_wrongly(float *z, int classes) {
    for (int i = 0; i < classes; i++)
        z[i] = -z[i];
}

static status fake_forward(void *self, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    fake *f = self;
    size_t d = shape_size(f->m.input);
    int classes = f->m.classes;
    int calls = atomic_fetch_add(&f->calls, 1) + 1;
    if (f->cancel && calls >= f->cancel_after) *f->cancel = 1;
    if (f->kind == FAKE_BROKEN) return err_set(e, STATUS_IO, "the model is gone");
    for (int i = 0; i < n; i++) {
        for (int c = 0; c < classes; c++)
            logits[i * classes + c] = logit(f, c, x + (size_t)i * d);
        if (f->kind == FAKE_FLAKY && keep) answer_wrongly(logits + i * classes, classes);
    }
    if (keep) memcpy(f->kept + (size_t)(worker * f->m.tile) * d, x, (size_t)n * d * sizeof *x);
    return STATUS_OK;
}

static status fake_vjp(void *self, int worker, int n, const float *dlogits, float *dx, err *e) {
    (void)e;
    fake *f = self;
    size_t d = shape_size(f->m.input);
    int classes = f->m.classes;
    for (int i = 0; i < n; i++) {
        const float *x = f->kept + (size_t)(worker * f->m.tile + i) * d;
        memset(dx + (size_t)i * d, 0, d * sizeof *dx);
        for (int c = 0; c < classes; c++) {
            double scale = slope(f, c, x) * dlogits[i * classes + c];
            for (size_t j = 0; j < d; j++)
                dx[(size_t)i * d + j] += (float)(scale * f->w[(size_t)c * d + j]);
        }
    }
    return STATUS_OK;
}

static const model_ops fake_ops = {.forward = fake_forward, .vjp = fake_vjp};

fake *fake_new(fake_kind kind, uint64_t seed, shape input, int classes) {
    enum { WORKERS = 4, TILE = 8 };
    size_t d = shape_size(input);
    fake *f = calloc(1, sizeof *f);
    f->kind = kind;
    f->w = calloc((size_t)classes * d, sizeof(float));
    f->b = calloc((size_t)classes, sizeof(float));
    f->kept = calloc(WORKERS * TILE * d, sizeof(float));
    rng g = rng_stream(seed, "fake-model", 0, 0, 0, 0);
    for (int c = 0; c < classes; c++) {
        double sum = 0;
        for (size_t i = 0; i < d; i++)
            sum += f->w[(size_t)c * d + i] = rng_normal(&g);
        f->b[c] = (float)(-0.5 * sum);
    }
    f->m = (model){.ops = &fake_ops,
                   .self = f,
                   .input = input,
                   .classes = classes,
                   .workers = WORKERS,
                   .tile = TILE,
                   .thread_safe = true,
                   .arch = "fake"};
    return f;
}

void fake_free(fake *f) {
    free(f->w);
    free(f->b);
    free(f->kept);
    free(f);
}

void fake_label(const fake *f, dataset *d) {
    int32_t *labels = arena_array(&d->memory, (size_t)d->n, sizeof *labels);
    float *x = calloc(shape_size(d->image), sizeof *x);
    for (int row = 0; row < d->n; row++) {
        dataset_image(d, row, x);
        for (int c = 1; c < d->classes; c++)
            if (logit(f, c, x) > logit(f, labels[row], x)) labels[row] = c;
    }
    d->labels = labels;
    free(x);
}
