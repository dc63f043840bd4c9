/* Every convolution kernel, forward and backward, against a naive one in double; epilogues, NaN, leftovers in
 * scratch. */
#include "tests/nets/kernels_reference.h"

static bool is_winograd(const conv_kernel *k) {
    return strncmp(k->name, "winograd", 8) == 0;
}

/* Relative to the sum of absolute values of an element's products: a few hundred float32 roundings, and those of the transforms. */
static double tolerance_of(const conv_kernel *k) {
    return is_winograd(k) ? 5e-6 : 2e-6;
}

typedef struct problem {
    conv_geometry g;
    conv_pass pass;
    size_t n_in, n_out, n_w;
    int channels; /* of the output */
    float *in, *w, *addend;
    float *bias;
    double *expected, *scale; /* without epilogue */
    double *level;            /* the largest scale of all, for each element */
} problem;

static void add_forward(void *user, size_t x, size_t w, size_t y) {
    problem *p = user;
    double v = (double)p->in[x] * (double)p->w[w];
    p->expected[y] += v, p->scale[y] += fabs(v);
}

static void add_backward(void *user, size_t x, size_t w, size_t y) {
    problem *p = user;
    double v = (double)p->in[y] * (double)p->w[w];
    p->expected[x] += v, p->scale[x] += fabs(v);
}

static void fill_expected(problem *p) {
    memset(p->expected, 0, p->n_out * sizeof(double));
    memset(p->scale, 0, p->n_out * sizeof(double));
    conv_products(&p->g, p->pass == CONV_FORWARD ? add_forward : add_backward, p);
    double most = 0;
    for (size_t i = 0; i < p->n_out; i++)
        most = fmax(most, p->scale[i]);
    for (size_t i = 0; i < p->n_out; i++)
        p->level[i] = most;
}

/* Winograd's roundings are relative to the largest terms of a tile, which an element at the edge need not have. */
static const double *scale_of(const conv_kernel *k, const problem *p) {
    return is_winograd(k) ? p->level : p->scale;
}

static problem problem_new(int shape, conv_pass pass) {
    problem p = {.g = conv_shape_at(shape), .pass = pass};
    uint64_t state = (uint64_t)shape * 2 + (uint64_t)pass;
    bool forward = pass == CONV_FORWARD;
    p.n_in = forward ? conv_in_count(&p.g) : conv_out_count(&p.g);
    p.n_out = forward ? conv_out_count(&p.g) : conv_in_count(&p.g);
    p.n_w = conv_w_count(&p.g);
    p.channels = forward ? p.g.cout : p.g.cin;
    p.in = guarded_new(p.n_in, &state);
    p.w = guarded_new(p.n_w, &state);
    p.addend = guarded_new(p.n_out, &state);
    p.bias = guarded_new((size_t)p.channels, &state);
    p.expected = calloc(p.n_out, sizeof(double));
    p.scale = calloc(p.n_out, sizeof(double));
    p.level = calloc(p.n_out, sizeof(double));
    assert_non_null(p.expected);
    assert_non_null(p.scale);
    assert_non_null(p.level);
    fill_expected(&p);
    return p;
}

static void problem_free(problem *p) {
    guarded_free(p->in, p->n_in);
    guarded_free(p->w, p->n_w);
    guarded_free(p->addend, p->n_out);
    guarded_free(p->bias, (size_t)p->channels);
    free(p->expected);
    free(p->scale);
    free(p->level);
}

/* Packs and runs with `garbage` in scratch and packed memory. */
static void run_kernel(const conv_kernel *k, const problem *p, const epilogue *e, int garbage, float *out) {
    size_t pack = k->pack_bytes(p->pass, &p->g), scratch = k->scratch_bytes(p->pass, &p->g);
    char *packed = alloc_aligned(pack + 64), *space = alloc_aligned(scratch + 64);
    assert_non_null(packed);
    assert_non_null(space);
    memset(packed, garbage, pack + 64);
    memset(space, garbage, scratch + 64);
    k->pack(p->pass, &p->g, p->w, packed);
    k->run(p->pass, &p->g, p->in, packed, e, out, space);
    for (int i = 0; i < 64; i++)
        if (packed[pack + (size_t)i] != (char)garbage || space[scratch + (size_t)i] != (char)garbage)
            fail_msg("%s: %s: wrote behind its memory", k->name, conv_text(&p->g));
    free(packed);
    free(space);
}

static void for_each_kernel(void (*check)(const conv_kernel *k, problem *p, int shape)) {
    for (int shape = 0; shape < CONV_SHAPES; shape++)
        for (int pass = 0; pass < 2; pass++) {
            problem p = problem_new(shape, (conv_pass)pass);
            for (int i = 0; conv_kernel_at(i); i++)
                if (conv_kernel_at(i)->supports(p.pass, &p.g)) check(conv_kernel_at(i), &p, shape);
            problem_free(&p);
        }
}

/* Close to the expected values; the same bits with other leftovers in scratch and the image at another alignment, as in another slot of
 * a tile. */
static void check_value(const conv_kernel *k, problem *p, int shape) {
    size_t shift = (size_t)(shape % 15) + 1;
    float *out = guarded_new(p->n_out, NULL), *moved_in = guarded_new(p->n_in + shift, NULL);
    float *moved_out = guarded_new(p->n_out + shift, NULL);
    epilogue none = {0};
    run_kernel(k, p, &none, 0xff, out);
    assert_close(k->name, conv_text(&p->g), out, p->expected, scale_of(k, p), p->n_out, tolerance_of(k));
    problem moved = *p;
    moved.in = moved_in + shift;
    memcpy(moved.in, p->in, p->n_in * sizeof(float));
    run_kernel(k, &moved, &none, 0x3e, moved_out + shift);
    if (memcmp(out, moved_out + shift, p->n_out * sizeof(float)) != 0)
        fail_msg("%s: %s: the result depends on its slot or on what was in scratch", k->name,
                 conv_text(&p->g));
    guarded_free(out, p->n_out);
    guarded_free(moved_in, p->n_in + shift);
    guarded_free(moved_out, p->n_out + shift);
}

static void values(void **state) {
    (void)state;
    for_each_kernel(check_value);
}

/* Combination c of bias, addend, relu, mask and gate; twice 12 of them. */
enum { COMBINATIONS = 24 };
static epilogue combination(const problem *p, int c, uint8_t *mask, const uint8_t *gate) {
    epilogue e = {0};
    if (c % 2) e.bias = p->bias;
    if (c / 2 % 2) e.addend = p->addend;
    e.relu = c / 4 % 3 > 0;
    if (c / 4 % 3 == 2) e.mask = mask;
    if (c / 12) e.gate = gate;
    return e;
}

/* The fused epilogue must give the bits of the plain one on the kernel's own sums. */
static void check_epilogue(const conv_kernel *k, problem *p, int shape) {
    size_t bytes = mask_bytes(p->n_out), size = p->n_out * sizeof(float);
    float *sums = guarded_new(p->n_out, NULL), *out = guarded_new(p->n_out, NULL);
    uint8_t *mask = malloc(bytes), *expected_mask = malloc(bytes), *gate = malloc(bytes);
    uint64_t state = 5;
    for (size_t i = 0; i < bytes; i++)
        gate[i] = (uint8_t)next_number(&state);
    epilogue none = {0};
    run_kernel(k, p, &none, 0, sums);
    float *expected = guarded_new(p->n_out, NULL);
    for (int i = 0; i < 4; i++) {
        int c = (shape * 4 + i) % COMBINATIONS;
        epilogue e = combination(p, c, mask, gate), plain = combination(p, c, expected_mask, gate);
        memset(mask, 0x5a, bytes);
        memset(expected_mask, 0x5a, bytes);
        memcpy(expected, sums, size);
        epilogue_apply(&plain, p->n_out, p->channels, expected);
        run_kernel(k, p, &e, 0xff, out);
        if (memcmp(out, expected, size) != 0 || memcmp(mask, expected_mask, bytes) != 0)
            fail_msg("%s: pass %d: %s: epilogue %d differs from the plain one", k->name, p->pass,
                     conv_text(&p->g), c);
    }
    memcpy(out, p->addend, size);
    epilogue in_place = {.addend = out, .bias = p->bias};
    run_kernel(k, p, &in_place, 0xff, out);
    for (size_t i = 0; i < p->n_out; i++) {
        double v = p->expected[i] + (double)p->addend[i] + (double)p->bias[i % (size_t)p->channels];
        if (!(fabs(out[i] - v) <= tolerance_of(k) * (scale_of(k, p)[i] + 2)))
            fail_msg("%s: %s: addend in place: element %zu is %g, expected %g", k->name, conv_text(&p->g), i,
                     (double)out[i], v);
    }
    guarded_free(sums, p->n_out);
    guarded_free(expected, p->n_out);
    guarded_free(out, p->n_out);
    free(mask);
    free(expected_mask);
    free(gate);
}

static void epilogues(void **state) {
    (void)state;
    for_each_kernel(check_epilogue);
}

/* A NaN and an infinity reach exactly the outputs that read them. */
static void check_nan(const conv_kernel *k, problem *p, int shape) {
    if (shape % 8 != 0 || is_winograd(k)) return; /* there it reaches all of its tile */
    size_t at = (size_t)shape * 31 % p->n_in;
    float before = p->in[at];
    float *out = guarded_new(p->n_out, NULL);
    epilogue rectified = {.relu = true};
    p->in[at] = NAN;
    fill_expected(p);
    run_kernel(k, p, &rectified, 0, out);
    for (size_t i = 0; i < p->n_out; i++)
        if (isnan(p->expected[i]) != isnan(out[i]))
            fail_msg("%s: %s: element %zu: NaN %s", k->name, conv_text(&p->g), i,
                     isnan(out[i]) ? "appeared" : "was lost");
    p->in[at] = before;
    fill_expected(p);
    guarded_free(out, p->n_out);
}

static void nans(void **state) {
    (void)state;
    for_each_kernel(check_nan);
}

/* Kernels of a kind sum in the same order with every instruction set. */
static void check_same_bits(const char *kind, const problem *p) {
    float *out[2];
    int n = 0;
    epilogue none = {0};
    for (int i = 0; conv_kernel_at(i); i++) {
        const conv_kernel *k = conv_kernel_at(i);
        if (strncmp(k->name, kind, strlen(kind)) != 0 || !k->supports(p->pass, &p->g)) continue;
        out[n] = guarded_new(p->n_out, NULL);
        run_kernel(k, p, &none, 0, out[n++]);
    }
    if (n == 2 && memcmp(out[0], out[1], p->n_out * sizeof(float)) != 0)
        fail_msg("%s: %s: pass %d: AVX-512 and AVX2 differ", kind, conv_text(&p->g), p->pass);
    while (n > 0)
        guarded_free(out[--n], p->n_out);
}

static void same_bits(void **state) {
    (void)state;
    for (int shape = 0; shape < CONV_SHAPES; shape++)
        for (int pass = 0; pass < 2; pass++) {
            problem p = problem_new(shape, (conv_pass)pass);
            check_same_bits("direct", &p);
            check_same_bits("winograd", &p);
            problem_free(&p);
        }
}

static const char *chosen(kernel_choice choice, const conv_geometry *g) {
    return conv_choose(choice, CONV_FORWARD, g)->name;
}

/* What a choice gives for a shape, and for the kernels that need no instruction set. */
static void choices(void **state) {
    (void)state;
    conv_geometry g = conv_shape_at(8);
    bool avx2 = kernel_available(KERNEL_AVX2, NULL) == STATUS_OK,
         avx512 = kernel_available(KERNEL_AVX512, NULL) == STATUS_OK;
    const char *widest = avx512 ? "direct-avx512" : avx2 ? "direct-avx2" : "openblas";
    const char *winograd = avx512 ? "winograd-avx512" : avx2 ? "winograd-avx2" : "openblas";
    assert_string_equal(chosen(KERNEL_PORTABLE, &g), "portable");
    assert_string_equal(chosen(KERNEL_OPENBLAS, &g), "openblas");
    assert_string_equal(chosen(KERNEL_AUTO, &g), winograd);
    assert_string_equal(chosen(KERNEL_DIRECT, &g), widest);
    assert_string_equal(chosen(KERNEL_AVX2, &g), avx2 ? "winograd-avx2" : "openblas");
    assert_string_equal(conv_weights_choose(KERNEL_AUTO, &g)->name, winograd);
    assert_string_equal(conv_weights_choose(KERNEL_DIRECT, &g)->name, widest);
    g = conv_shape(28, 28, 16, 32, 3, 3, 2, 2, 1, 1, 1);
    assert_string_equal(chosen(KERNEL_AUTO, &g), widest);
    g = conv_shape(28, 28, 3, 32, 3, 3, 1, 1, 1, 1, 1);
    assert_string_equal(chosen(KERNEL_AUTO, &g), widest);
    g = conv_shape(6, 6, 32, 32, 3, 3, 1, 1, 1, 1, 32);
    assert_string_equal(chosen(KERNEL_AUTO, &g), "depthwise");
    g.groups = 2;
    assert_string_equal(chosen(KERNEL_AVX512, &g), "openblas");
    assert_null(conv_kernel_at(-1));
    assert_null(conv_weights_kernel_at(-1));
    for (int shape = 0; shape < CONV_SHAPES; shape++)
        for (int choice = KERNEL_AUTO; choice <= KERNEL_AVX512; choice++)
            for (int pass = 0; pass < 2; pass++) {
                g = conv_shape_at(shape);
                assert_true(
                    conv_choose((kernel_choice)choice, (conv_pass)pass, &g)->supports((conv_pass)pass, &g));
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(epilogues),
                                       cmocka_unit_test(nans), cmocka_unit_test(same_bits),
                                       cmocka_unit_test(choices)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
