/* GFLOP/s of every kernel on the shapes of madry and resnet20, one thread, epilogue included:
 *     bench_kernels [SECONDS-PER-MEASUREMENT]
 * The best of five measurements counts. Set OPENBLAS_CORETYPE to compare OpenBLAS's own kernels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/blas.h"
#include "nets/kernels/conv.h"
#include "nets/kernels/linear.h"

enum { IMAGES = 16, ROUNDS = 5, ROWS = 32 };

typedef struct named_shape {
    const char *name;
    conv_geometry g;
} named_shape;

#define SAME(size, c_in, c_out, k, s)                                                                        \
    {                                                                                                        \
        .h = size, .w = size, .cin = c_in, .oh = (size + s - 1) / s, .ow = (size + s - 1) / s,               \
        .cout = c_out, .kh = k, .kw = k, .stride_h = s, .stride_w = s, .dilation_h = 1, .dilation_w = 1,     \
        .pad_top = k / 2, .pad_left = k / 2, .groups = 1                                                     \
    }

static const named_shape shapes[] = {
    {"madry 28x28x1->32 k5", SAME(28, 1, 32, 5, 1)},
    {"madry 14x14x32->64 k5", SAME(14, 32, 64, 5, 1)},
    {"resnet 28x28x1->16 k3", SAME(28, 1, 16, 3, 1)},
    {"resnet 28x28x16 k3", SAME(28, 16, 16, 3, 1)},
    {"resnet 28x28x16->32 k3 s2", SAME(28, 16, 32, 3, 2)},
    {"resnet 28x28x16->32 k1 s2", SAME(28, 16, 32, 1, 2)},
    {"resnet 14x14x32 k3", SAME(14, 32, 32, 3, 1)},
    {"resnet 14x14x32->64 k3 s2", SAME(14, 32, 64, 3, 2)},
    {"resnet 14x14x32->64 k1 s2", SAME(14, 32, 64, 1, 2)},
    {"resnet 7x7x64 k3", SAME(7, 64, 64, 3, 1)},
    {"cifar 32x32x3->16 k3", SAME(32, 3, 16, 3, 1)},
};

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static float *values_new(size_t n) {
    float *v = alloc_aligned((n + 1) * sizeof(float));
    if (!v) exit(1);
    for (size_t i = 0; i < n; i++)
        v[i] = (float)(i * 7919 % 1000) / 1000 - 0.5f;
    return v;
}

/* Work of `flops` per call of work(user), in GFLOP/s. */
static double measure(void (*work)(void *user), void *user, double flops, double least_seconds) {
    double best = 0;
    work(user);
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds_now(), spent;
        int calls = 0;
        do {
            work(user);
            calls++;
            spent = seconds_now() - start;
        } while (spent < least_seconds / ROUNDS);
        double rate = flops * calls / spent * 1e-9;
        if (rate > best) best = rate;
    }
    return best;
}

typedef struct conv_job {
    const conv_geometry *g;
    conv_pass pass;
    const conv_kernel *kernel;
    const conv_weights_kernel *weights;
    float *x, *y, *w, *bias;
    uint8_t *mask;
    void *packed, *scratch;
} conv_job;

static size_t in_count(const conv_geometry *g) {
    return (size_t)(g->h * g->w * g->cin);
}
static size_t out_count(const conv_geometry *g) {
    return (size_t)(g->oh * g->ow * g->cout);
}
static size_t w_count(const conv_geometry *g) {
    return (size_t)(g->kh * g->kw * g->cin * g->cout);
}
static double conv_flops(const conv_geometry *g) {
    return 2.0 * IMAGES * g->oh * g->ow * (double)w_count(g);
}

/* Forward as in a net: bias, ReLU and its mask; backward with the gate of the ReLU before. */
static void run_conv(void *user) {
    conv_job *j = user;
    bool forward = j->pass == CONV_FORWARD;
    for (size_t i = 0; i < IMAGES; i++) {
        float *x = j->x + i * in_count(j->g), *y = j->y + i * out_count(j->g);
        epilogue p = {0};
        if (forward)
            p.bias = j->bias, p.relu = true, p.mask = j->mask;
        else
            p.gate = j->mask;
        j->kernel->run(j->pass, j->g, forward ? x : y, j->packed, &p, forward ? y : x, j->scratch);
    }
}

static void run_weights(void *user) {
    conv_job *j = user;
    j->weights->run(j->g, IMAGES, j->x, j->y, j->w, NULL, j->scratch);
}

static conv_job job_new(const conv_geometry *g) {
    size_t most = in_count(g) > out_count(g) ? in_count(g) : out_count(g);
    conv_job j = {.g = g,
                  .x = values_new(IMAGES * in_count(g)),
                  .y = values_new(IMAGES * out_count(g)),
                  .w = values_new(w_count(g)),
                  .bias = values_new((size_t)g->cout),
                  .mask = (uint8_t *)values_new(most / 32 + 1)};
    return j;
}

static void job_free(conv_job *j) {
    free(j->x);
    free(j->y);
    free(j->w);
    free(j->bias);
    free(j->mask);
}

static void bench_pass(conv_job *j, conv_pass pass, double seconds) {
    printf("  %-9s", pass == CONV_FORWARD ? "forward" : "backward");
    for (int k = 0; (j->kernel = conv_kernel_at(k)); k++) {
        if (!j->kernel->supports(pass, j->g)) continue;
        j->pass = pass;
        j->packed = alloc_aligned(j->kernel->pack_bytes(pass, j->g) + 64);
        j->scratch = alloc_aligned(j->kernel->scratch_bytes(pass, j->g) + 64);
        if (!j->packed || !j->scratch) exit(1);
        j->kernel->pack(pass, j->g, j->w, j->packed);
        printf("  %s %.1f", j->kernel->name, measure(run_conv, j, conv_flops(j->g), seconds));
        free(j->packed);
        free(j->scratch);
    }
    printf("  (auto: %s)\n", conv_choose(KERNEL_AUTO, pass, j->g)->name);
}

static void bench_weights(conv_job *j, double seconds) {
    printf("  %-9s", "weights");
    for (int k = 0; (j->weights = conv_weights_kernel_at(k)); k++) {
        if (!j->weights->supports(j->g)) continue;
        j->scratch = alloc_aligned(j->weights->scratch_bytes(j->g) + 64);
        if (!j->scratch) exit(1);
        printf("  %s %.1f", j->weights->name, measure(run_weights, j, conv_flops(j->g), seconds));
        free(j->scratch);
    }
    printf("  (auto: %s)\n", conv_weights_choose(KERNEL_AUTO, j->g)->name);
}

typedef struct linear_job {
    linear_pass pass;
    int in, out;
    const linear_kernel *kernel;
    float *x, *y;
    const void *w;
} linear_job;

static void run_linear(void *user) {
    linear_job *j = user;
    epilogue none = {0};
    bool forward = j->pass == LINEAR_FORWARD;
    j->kernel->run(j->pass, j->in, j->out, ROWS, forward ? j->x : j->y, j->w, &none, forward ? j->y : j->x);
}

static void bench_linear(int in, int out, double seconds) {
    printf("linear %d -> %d, %d rows\n", in, out, ROWS);
    float *w = values_new((size_t)in * (size_t)out);
    linear_job j = {
        .in = in, .out = out, .x = values_new((size_t)(in * ROWS)), .y = values_new((size_t)(out * ROWS))};
    for (int pass = 0; pass < 2; pass++) {
        j.pass = (linear_pass)pass;
        printf("  %-9s", pass == LINEAR_FORWARD ? "forward" : "backward");
        for (int k = 0; (j.kernel = linear_kernel_at(k)); k++) {
            if (!j.kernel->supports(j.pass, in, out)) continue;
            size_t bytes = j.kernel->pack_bytes(j.pass, in, out);
            void *packed = alloc_aligned(bytes + 64);
            if (!packed) exit(1);
            if (bytes) j.kernel->pack(j.pass, in, out, w, packed);
            j.w = bytes ? packed : w;
            printf("  %s %.1f", j.kernel->name, measure(run_linear, &j, 2.0 * ROWS * in * out, seconds));
            free(packed);
        }
        printf("  (auto: %s)\n", linear_choose(KERNEL_AUTO, j.pass, in, out)->name);
    }
    free(w);
    free(j.x);
    free(j.y);
}

typedef struct linear_weights_job {
    kernel_choice choice;
    int n, in, out;
    float *x, *dy, *dw;
} linear_weights_job;

static void run_linear_weights(void *user) {
    linear_weights_job *j = user;
    for (int first = 0; first < j->out; first += LINEAR_TILE) {
        int count = j->out - first < LINEAR_TILE ? j->out - first : LINEAR_TILE;
        linear_weights(j->choice, j->n, j->in, j->out, j->x, j->dy, first, count, j->dw, NULL);
    }
}

static void bench_linear_weights(int n, int in, int out, double seconds) {
    printf("linear %d -> %d, gradient of weights of %d samples\n  ", in, out, n);
    linear_weights_job j = {.n = n,
                            .in = in,
                            .out = out,
                            .x = values_new((size_t)(n * in)),
                            .dy = values_new((size_t)(n * out)),
                            .dw = values_new((size_t)in * (size_t)out)};
    for (int choice = KERNEL_OPENBLAS; choice <= KERNEL_PORTABLE; choice++) {
        j.choice = (kernel_choice)choice;
        printf("  %s %.1f", kernel_choice_name(j.choice),
               measure(run_linear_weights, &j, 2.0 * n * in * out, seconds));
    }
    printf("\n");
    free(j.x);
    free(j.dy);
    free(j.dw);
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 0.25;
    blas_single_thread();
    printf("GFLOP/s, one thread; %s, core type %s\n", blas_version(), blas_core());
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        printf("%s\n", shapes[i].name);
        conv_job j = job_new(&shapes[i].g);
        bench_pass(&j, CONV_FORWARD, seconds);
        bench_pass(&j, CONV_BACKWARD_DATA, seconds);
        bench_weights(&j, seconds);
        job_free(&j);
        fflush(stdout);
    }
    bench_linear(3136, 1024, seconds);
    bench_linear(1024, 10, seconds);
    bench_linear_weights(128, 3136, 1024, seconds);
    bench_linear_weights(128, 1024, 10, seconds);
    return 0;
}
