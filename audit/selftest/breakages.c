#include "audit/selftest/breakages.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/half.h"
#include "core/rng.h"

enum { N = ANALYTIC_FLOATS, K = ANALYTIC_CLASSES, SIDE = ANALYTIC_SIDE };

static rng chance(const touch *t, const char *purpose) {
    return rng_stream(0, purpose, 0, (uint32_t)t->place, t->call, 0);
}

static void scale(float *z, float by) {
    for (int k = 0; k < K; k++)
        z[k] *= by;
}

static void times_1000(const touch *t, float *z) {
    (void)t;
    scale(z, 1000);
}

static void times_40(const touch *t, float *z) {
    (void)t;
    scale(z, 40);
}

static void flatten(const touch *t, float *z) {
    (void)t;
    scale(z, 1e-5f);
}

static void soften(const float *z, float *p) {
    float most = z[0], sum = 0;
    for (int k = 1; k < K; k++)
        most = fmaxf(most, z[k]);
    for (int k = 0; k < K; k++)
        sum += p[k] = expf(z[k] - most);
    for (int k = 0; k < K; k++)
        p[k] /= sum;
}

static void soften_half(const touch *t, float *z) {
    (void)t;
    float p[K];
    soften(z, p);
    for (int k = 0; k < K; k++)
        z[k] = float_of_half(half_of_float(p[k]));
}

static void through_softmax(const touch *t, float *dz) {
    float p[K], mean = 0;
    soften(t->raw, p);
    for (int k = 0; k < K; k++)
        mean += p[k] * dz[k];
    for (int k = 0; k < K; k++)
        dz[k] = p[k] * (dz[k] - mean);
}

static void keep_largest(const touch *t, float *z) {
    (void)t;
    int best = 0;
    for (int k = 1; k < K; k++)
        if (z[k] > z[best]) best = k;
    for (int k = 0; k < K; k++)
        z[k] = k == best;
}

static void quantise(const touch *t, float *x) {
    (void)t;
    for (int i = 0; i < N; i++)
        x[i] = roundf(7 * x[i]) / 7;
}

static void steps(const touch *t, float *z) {
    (void)t;
    for (int k = 0; k < K; k++)
        z[k] = floorf(2 * z[k]) / 2 + 0.01f * (float)k; /* no ties */
}

static void drop_gradient(const touch *t, float *dx) {
    (void)t;
    memset(dx, 0, N * sizeof *dx);
}

static void cut_gradient(const touch *t, float *dx) {
    (void)t;
    for (int i = 0; i < N; i++)
        if (i % 4) dx[i] = 0;
}

static void scale_gradient(const touch *t, float *dx) {
    (void)t;
    rng g = rng_stream(0, "selftest-scales", 0, 0, 0, 0);
    for (int i = 0; i < N; i++)
        dx[i] *= expf(2 * rng_normal(&g));
}

static void scale_randomly(const touch *t, float *dx) {
    rng g = chance(t, "selftest-scales");
    for (int i = 0; i < N; i++)
        dx[i] *= rng_uniform(&g);
}

static void reverse_gradient(const touch *t, float *dx) {
    (void)t;
    for (int i = 0; i < N; i++)
        dx[i] = -dx[i];
}

static void reverse_far(const touch *t, float *dx) {
    for (int i = 0; i < N; i++)
        if (t->x[i] < 0.28f || t->x[i] > 0.72f) {
            reverse_gradient(t, dx);
            return;
        }
}

static void spoil_gradient(const touch *t, float *dx) {
    (void)t;
    dx[N / 2] = NAN;
}

static void turn_classes(const touch *t, float *dz) {
    (void)t;
    float first = dz[0];
    memmove(dz, dz + 1, (K - 1) * sizeof *dz);
    dz[K - 1] = first;
}

/* A ripple of its own direction on every logit: sin(300 <v_k, x>) with v of signs / sqrt(N). */
static float ripple_sign(int k, int i) {
    uint32_t bits[4];
    philox4x32_10((const uint32_t[]){(uint32_t)k, (uint32_t)i, 0, 0}, (const uint32_t[]){1, 2}, bits);
    return (bits[0] & 1 ? 1.0f : -1.0f) / SIDE;
}
static const double frequency = 300, height = 0.3;

static double phase(int k, const float *x) {
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += (double)ripple_sign(k, i) * x[i];
    return frequency * sum;
}

static void ripple(const touch *t, float *z) {
    for (int k = 0; k < K; k++)
        z[k] += (float)(height * sin(phase(k, t->x)));
}

static void ripple_gradient(const touch *t, float *dx) {
    for (int k = 0; k < K; k++) {
        double slope = t->dz[k] * height * frequency * cos(phase(k, t->x));
        for (int i = 0; i < N; i++)
            dx[i] += (float)(slope * ripple_sign(k, i));
    }
}

static void add_noise(const touch *t, float *z) {
    rng g = chance(t, "selftest-noise");
    for (int k = 0; k < K; k++)
        z[k] += 0.1f * rng_normal(&g);
}

static void add_place(const touch *t, float *z) {
    z[0] += 0.1f * (float)t->place;
}

static void centre_batch(int n, float *z) {
    for (int k = 0; k < K; k++) {
        float mean = 0;
        for (int i = 0; i < n; i++)
            mean += z[i * K + k] / (float)n;
        for (int i = 0; i < n; i++)
            z[i * K + k] -= 0.5f * mean;
    }
}

/* x <- its pixels at row * rows + down, column * columns + right, held inside the image. */
static void sample(float *x, float rows, float columns, float down, float right) {
    float from[N];
    memcpy(from, x, sizeof from);
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            int r = (int)((float)i * rows + down), c = (int)((float)j * columns + right);
            r = r < 0 ? 0 : r < SIDE ? r : SIDE - 1;
            c = c < 0 ? 0 : c < SIDE ? c : SIDE - 1;
            x[i * SIDE + j] = from[r * SIDE + c];
        }
}

static void shift_randomly(const touch *t, float *x) {
    rng g = chance(t, "selftest-shift");
    sample(x, 1, 1, (float)rng_below(&g, 3) - 1, (float)rng_below(&g, 3) - 1);
}

static void enlarge_randomly(const touch *t, float *x) {
    rng g = chance(t, "selftest-resize");
    float by = rng_range(&g, 0.7f, 1);
    sample(x, by, by, rng_range(&g, 0, 2), rng_range(&g, 0, 2));
}

static const breakage breakages[] = {
#define BREAKAGE(name, code, what, ...) {#name, __VA_ARGS__},
#include "audit/selftest/breakages.def"
#undef BREAKAGE
    {.name = "nothing"}};

const breakage *breakage_find(const char *name) {
    for (size_t i = 0; i < sizeof breakages / sizeof *breakages; i++)
        if (strcmp(breakages[i].name, name) == 0) return &breakages[i];
    return NULL;
}

static status forward(void *user, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    broken *self = user;
    const breakage *b = self->b;
    float changed[ANALYTIC_TILE][N];
    uint32_t call = atomic_fetch_add(&self->calls, 1);
    memcpy(changed, x, (size_t)n * N * sizeof *x);
    for (int i = 0; i < n; i++)
        if (b->input) b->input(&(touch){.place = i, .call = call, .x = x + i * N}, changed[i]);
    status s = model_forward(self->inner, worker, n, changed[0], keep, logits, e);
    if (s != STATUS_OK) return s;
    if (keep) {
        self->kept[worker].call = call;
        memcpy(self->kept[worker].x, x, (size_t)n * N * sizeof *x);
        memcpy(self->kept[worker].raw, logits, (size_t)n * K * sizeof *x);
    }
    for (int i = 0; i < n; i++)
        if (b->logits) b->logits(&(touch){.place = i, .call = call, .x = x + i * N}, logits + i * K);
    if (b->batch) b->batch(n, logits);
    return STATUS_OK;
}

static status vjp(void *user, int worker, int n, const float *dlogits, float *dx, err *e) {
    broken *self = user;
    const breakage *b = self->b;
    float dz[ANALYTIC_TILE][K];
    touch touches[ANALYTIC_TILE];
    memcpy(dz, dlogits, (size_t)n * K * sizeof **dz);
    for (int i = 0; i < n; i++) {
        touches[i] = (touch){i, self->kept[worker].call, self->kept[worker].x[i], self->kept[worker].raw[i],
                             dlogits + i * K};
        if (b->cotangent) b->cotangent(&touches[i], dz[i]);
    }
    status s = model_vjp(self->inner, worker, n, dz[0], dx, e);
    for (int i = 0; s == STATUS_OK && i < n; i++)
        if (b->gradient) b->gradient(&touches[i], dx + i * N);
    return s;
}

static const model_ops broken_ops = {.forward = forward, .vjp = vjp};

void broken_make(broken *self, const breakage *b, analytic *inner, model *out) {
    self->b = b;
    self->inner = &inner->m;
    atomic_init(&self->calls, 0);
    *out = inner->m;
    out->ops = &broken_ops;
    out->self = self;
    snprintf(out->arch, sizeof out->arch, "broken: %s", b->name);
}
