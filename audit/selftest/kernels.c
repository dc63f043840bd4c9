/* Numbers from every way of computing them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/selftest/selftest_internal.h"
#include "core/arena.h"
#include "core/blas.h"
#include "core/rng.h"
#include "nets/kernels/conv.h"
#include "nets/zoo.h"

static const kernel_choice choices[] = {
#define CHOICE(code, name) code,
    KERNEL_LIST(CHOICE)
#undef CHOICE
};
enum { CHOICES = sizeof choices / sizeof *choices };

static void fill(float *x, size_t n, uint32_t stream) {
    rng draw = rng_stream(0, "selftest-numbers", stream, 0, 0, 0);
    for (size_t i = 0; i < n; i++)
        x[i] = rng_normal(&draw);
}

/* ||a - b|| / ||b|| */
static double relative(const float *a, const float *b, size_t n) {
    double difference = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        difference += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        norm += (double)b[i] * b[i];
    }
    return sqrt(difference / norm);
}

bool selftest_gemm(const run *r, char detail[SELFTEST_DETAIL]) {
    (void)r;
    enum { M = 8, N = 33, K = 70 };
    float a[M * K], b[K * N], c[M * N], exact[M * N];
    fill(a, M * K, 0);
    fill(b, K * N, 1);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < K; k++)
                sum += (double)a[i * K + k] * b[k * N + j];
            exact[i * N + j] = (float)sum;
        }
    double worst = 0;
    static const kernel_choice both[] = {KERNEL_OPENBLAS, KERNEL_PORTABLE};
    for (int i = 0; i < 2; i++) {
        gemm(both[i], false, false, M, N, K, 1, a, K, b, N, 0, c, N);
        worst = fmax(worst, relative(c, exact, M * N));
    }
    snprintf(detail, SELFTEST_DETAIL, "%s on %s, largest relative error %.1e", blas_version(), blas_core(),
             worst);
    return worst < 1e-5;
}

static void convolve(kernel_choice choice, conv_pass pass, const conv_geometry *g, const float *in,
                     const float *w, float *out) {
    const conv_kernel *k = conv_choose(choice, pass, g);
    void *packed = alloc_aligned(k->pack_bytes(pass, g) + 64),
         *scratch = alloc_aligned(k->scratch_bytes(pass, g) + 64);
    epilogue none = {0};
    if (packed && scratch) {
        k->pack(pass, g, w, packed);
        k->run(pass, g, in, packed, &none, out, scratch);
    }
    free(packed);
    free(scratch);
}

bool selftest_kernels(const run *r, char detail[SELFTEST_DETAIL]) {
    (void)r;
    static const conv_geometry g = {.h = 9,
                                    .w = 9,
                                    .cin = 16,
                                    .oh = 9,
                                    .ow = 9,
                                    .cout = 32,
                                    .kh = 3,
                                    .kw = 3,
                                    .stride_h = 1,
                                    .stride_w = 1,
                                    .dilation_h = 1,
                                    .dilation_w = 1,
                                    .pad_top = 1,
                                    .pad_left = 1,
                                    .groups = 1};
    enum { IN = 9 * 9 * 16, OUT = 9 * 9 * 32, WEIGHTS = 3 * 3 * 16 * 32 };
    static const conv_pass passes[] = {CONV_FORWARD, CONV_BACKWARD_DATA};
    float in[OUT], w[WEIGHTS], plain[OUT], fast[OUT] = {0};
    double worst = 0;
    int tried = 0;
    fill(in, OUT, 2);
    fill(w, WEIGHTS, 3);
    for (int p = 0; p < 2; p++) {
        size_t size = passes[p] == CONV_FORWARD ? OUT : IN;
        convolve(KERNEL_PORTABLE, passes[p], &g, in, w, plain);
        for (int i = 0; i < CHOICES; i++) {
            if (kernel_available(choices[i], NULL) != STATUS_OK) continue;
            convolve(choices[i], passes[p], &g, in, w, fast);
            worst = fmax(worst, relative(fast, plain, size));
            tried++;
        }
    }
    snprintf(detail, SELFTEST_DETAIL, "%d kernels and passes, largest relative difference %.1e", tried,
             worst);
    return worst < 1e-5;
}

/* Whether a tile of equal images, and that image alone, get the same bits. */
static bool slots_agree(const run *r, kernel_choice choice, const net *n, const weights *w,
                        const float *tile) {
    run one = *r;
    one.kernel = choice;
    one.threads = 1;
    model *m = NULL;
    float together[SESSION_TILE * 10], alone[10];
    if (model_of_net(n, w, false, &one, &m, NULL) != STATUS_OK) return false;
    bool same = model_forward(m, 0, SESSION_TILE, tile, false, together, NULL) == STATUS_OK &&
                model_forward(m, 0, 1, tile, false, alone, NULL) == STATUS_OK;
    for (int i = 0; same && i < SESSION_TILE; i++)
        same = memcmp(together + i * 10, alone, sizeof alone) == 0;
    model_free(m);
    return same;
}

bool selftest_slots(const run *r, char detail[SELFTEST_DETAIL]) {
    enum { SIDE = 28 };
    float tile[SESSION_TILE * SIDE * SIDE];
    net *n = NULL;
    weights w = {0};
    err e = {{0}};
    fill(tile, SIDE * SIDE, 4);
    for (int i = 1; i < SESSION_TILE; i++)
        memcpy(tile + (size_t)i * SIDE * SIDE, tile, SIDE * SIDE * sizeof *tile);
    status s = zoo_build("small", (shape){SIDE, SIDE, 1}, 10, NULL, NULL, &n, &e);
    if (s == STATUS_OK) s = weights_new(n, &w, &e);
    if (s == STATUS_OK) weights_init(n, &w, 0);
    bool same = s == STATUS_OK;
    snprintf(detail, SELFTEST_DETAIL, "%.150s", same ? "all kernels" : e.message);
    for (int i = 0; same && i < CHOICES; i++) {
        if (kernel_available(choices[i], NULL) != STATUS_OK) continue;
        same = slots_agree(r, choices[i], n, &w, tile);
        if (!same) snprintf(detail, SELFTEST_DETAIL, "kernel %s", kernel_choice_name(choices[i]));
    }
    weights_free(&w);
    net_free(n);
    return same;
}
