/* Models and data whose answers can be computed by hand. */
#include <stdio.h>
#include <string.h>

#include "audit/selftest/selftest_internal.h"
#include "core/rng.h"

static void linear_logits(const formula *f, const float *x, float *logits) {
    for (int k = 0; k < FORMULA_CLASSES; k++) {
        double sum = 0;
        for (int i = 0; i < FORMULA_FLOATS; i++)
            sum += (double)f->weights[k][i] * x[i];
        logits[k] = (float)sum;
    }
}

static status forward(void *self, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    const formula *f = self;
    (void)worker;
    (void)keep;
    (void)e;
    for (int i = 0; i < n; i++) {
        const float *image = x + i * FORMULA_FLOATS;
        linear_logits(f, image, logits + i * FORMULA_CLASSES);
        if (f->answer) f->answer(image, logits + i * FORMULA_CLASSES);
    }
    return STATUS_OK;
}

static status vjp(void *self, int worker, int n, const float *dlogits, float *dx, err *e) {
    const formula *f = self;
    (void)worker;
    (void)e;
    for (int i = 0; i < n; i++) {
        float *d = dx + i * FORMULA_FLOATS;
        memset(d, 0, FORMULA_FLOATS * sizeof *d);
        for (int k = 0; k < FORMULA_CLASSES; k++)
            for (int j = 0; j < FORMULA_FLOATS; j++)
                d[j] += dlogits[i * FORMULA_CLASSES + k] * f->weights[k][j];
        if (f->gradient) f->gradient(d);
    }
    return STATUS_OK;
}

static const model_ops formula_ops = {.forward = forward, .vjp = vjp};

void formula_model(formula *f, model *out) {
    for (int k = 0; k < FORMULA_CLASSES; k++) {
        rng draw = rng_stream(0, "selftest-weights", 0, (uint32_t)k, 0, 0);
        for (int i = 0; i < FORMULA_FLOATS; i++)
            f->weights[k][i] = 30 * rng_normal(&draw); /* so large that softmax is nearly a maximum */
    }
    *out = (model){.ops = &formula_ops,
                   .self = f,
                   .input = {FORMULA_SIDE, FORMULA_SIDE, 1},
                   .classes = FORMULA_CLASSES,
                   .workers = FORMULA_MOST_WORKERS,
                   .tile = SESSION_TILE,
                   .thread_safe = true};
    snprintf(out->arch, sizeof out->arch, "formula");
}

static int largest(const float *logits) {
    int best = 0;
    for (int k = 1; k < FORMULA_CLASSES; k++)
        if (logits[k] > logits[best]) best = k;
    return best;
}

status formula_data(const formula *f, int n, dataset *out, err *e) {
    dataset d = {.name = "selftest",
                 .split = "all",
                 .n = n,
                 .classes = FORMULA_CLASSES,
                 .image = {FORMULA_SIDE, FORMULA_SIDE, 1}};
    float *values = arena_array(&d.memory, (size_t)n * FORMULA_FLOATS, sizeof *values);
    int32_t *labels = arena_array(&d.memory, (size_t)n, sizeof *labels);
    if (!values || !labels) {
        dataset_free(&d);
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    for (int i = 0; i < n; i++) {
        float *image = values + (size_t)i * FORMULA_FLOATS, logits[FORMULA_CLASSES];
        rng draw = rng_stream(0, "selftest-images", 0, (uint32_t)i, 0, 0);
        for (int j = 0; j < FORMULA_FLOATS; j++)
            image[j] = rng_range(&draw, 0.45f, 0.55f);
        linear_logits(f, image, logits);
        labels[i] = largest(logits);
    }
    d.values = values;
    d.labels = labels;
    *out = d;
    return dataset_finish(out, e);
}
