/* Weight gradients of convolutions and linear layers against sums in double. */
#include "nets/kernels/linear.h"
#include "tests/nets/kernels_reference.h"

enum { IMAGES = 2 };
static const double tolerance = 2e-6, winograd_tolerance = 1e-5;

typedef struct sums {
    const float *x, *dy;
    double *dw, *scale;
} sums;

static void add_product(void *user, size_t x, size_t w, size_t y) {
    sums *s = user;
    double v = (double)s->x[x] * (double)s->dy[y];
    s->dw[w] += v, s->scale[w] += fabs(v);
}

/* Runs on n images in one call or in n, with `garbage` in scratch; dw and db start at 1: the kernels add to them. */
static void run_conv(const conv_weights_kernel *k, const conv_geometry *g, const float *x, const float *dy,
                     int calls, int garbage, float *dw, float *db) {
    size_t scratch = k->scratch_bytes(g);
    char *space = alloc_aligned(scratch + 64);
    assert_non_null(space);
    memset(space, garbage, scratch + 64);
    for (size_t i = 0; i < conv_w_count(g); i++)
        dw[i] = 1;
    for (int i = 0; i < g->cout; i++)
        db[i] = 1;
    for (int i = 0; i < calls; i++)
        k->run(g, IMAGES / calls, x + (size_t)i * conv_in_count(g), dy + (size_t)i * conv_out_count(g), dw,
               db, space);
    for (int i = 0; i < 64; i++)
        assert_int_equal(space[scratch + (size_t)i], (char)garbage);
    free(space);
}

/* Roundings of Winograd are relative to the largest sums of a tile. */
static void level(double *scale, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, scale[i]);
    for (size_t i = 0; i < n; i++)
        scale[i] = most;
}

static void check_conv(const conv_weights_kernel *k, const conv_geometry *g, const float *x, const float *dy,
                       const double *dw, const double *scale, const double *db, const double *db_scale) {
    size_t n_w = conv_w_count(g), n_b = (size_t)g->cout;
    float *got = guarded_new(n_w, NULL), *got_db = guarded_new(n_b, NULL), *again = guarded_new(n_w, NULL);
    double *own = malloc(n_w * sizeof *own);
    bool winograd = strncmp(k->name, "winograd", 8) == 0;
    assert_non_null(own);
    memcpy(own, scale, n_w * sizeof *own);
    if (winograd) level(own, n_w);
    run_conv(k, g, x, dy, 1, 0xff, got, got_db);
    assert_close(k->name, conv_text(g), got, dw, own, n_w, winograd ? winograd_tolerance : tolerance);
    assert_close(k->name, conv_text(g), got_db, db, db_scale, n_b, tolerance);
    run_conv(k, g, x, dy, winograd ? 1 : IMAGES, 0x3e, again, got_db);
    if (memcmp(again, got, n_w * sizeof(float)) != 0)
        fail_msg("%s: %s: the bits depend on scratch, or two calls of one image differ from one call of two",
                 k->name, conv_text(g));
    guarded_free(got, n_w);
    guarded_free(got_db, n_b);
    guarded_free(again, n_w);
    free(own);
}

static void conv_gradients(void **state) {
    (void)state;
    for (int shape = 0; shape < CONV_SHAPES; shape++) {
        conv_geometry g = conv_shape_at(shape);
        size_t n_x = conv_in_count(&g), n_y = conv_out_count(&g), n_w = conv_w_count(&g),
               n_b = (size_t)g.cout;
        uint64_t seed = (uint64_t)shape;
        float *x = guarded_new(IMAGES * n_x, &seed), *dy = guarded_new(IMAGES * n_y, &seed);
        double *dw = malloc(2 * n_w * sizeof(double)), *db = malloc(2 * n_b * sizeof(double));
        assert_non_null(dw);
        assert_non_null(db);
        for (size_t i = 0; i < 2 * n_w; i++)
            dw[i] = 1;
        for (size_t i = 0; i < 2 * n_b; i++)
            db[i] = 1;
        for (size_t i = 0; i < IMAGES; i++)
            conv_products(&g, add_product, &(sums){x + i * n_x, dy + i * n_y, dw, dw + n_w});
        for (size_t i = 0; i < IMAGES * n_y; i++)
            db[i % n_b] += (double)dy[i], db[n_b + i % n_b] += fabs((double)dy[i]);
        for (int k = 0; conv_weights_kernel_at(k); k++)
            if (conv_weights_kernel_at(k)->supports(&g))
                check_conv(conv_weights_kernel_at(k), &g, x, dy, dw, dw + n_w, db, db + n_b);
        guarded_free(x, IMAGES * n_x);
        guarded_free(dy, IMAGES * n_y);
        free(dw);
        free(db);
    }
}

/* Tiles of dW and db written by linear_weights; the rest untouched. */
static void check_linear(kernel_choice choice, int n, int in, int out) {
    uint64_t seed = 9;
    size_t n_x = (size_t)(n * in), n_y = (size_t)(n * out), n_w = (size_t)(in * out);
    float *x = guarded_new(n_x, &seed), *dy = guarded_new(n_y, &seed), *dw = guarded_new(n_w, NULL),
          *db = guarded_new((size_t)out, NULL);
    for (int first = 0; first < out; first += LINEAR_TILE)
        linear_weights(choice, n, in, out, x, dy, first,
                       out - first < LINEAR_TILE ? out - first : LINEAR_TILE, dw, db);
    for (int o = 0; o < out; o++) {
        double sum = 0, size = 0;
        for (int i = 0; i < n; i++)
            sum += (double)dy[i * out + o], size += fabs((double)dy[i * out + o]);
        assert_near(db[o], sum, tolerance * size);
        for (int c = 0; c < in; c++) {
            sum = size = 0;
            for (int i = 0; i < n; i++) {
                double v = (double)dy[i * out + o] * (double)x[i * in + c];
                sum += v, size += fabs(v);
            }
            assert_near(dw[o * in + c], sum, tolerance * size);
        }
    }
    guarded_free(x, n_x);
    guarded_free(dy, n_y);
    guarded_free(dw, n_w);
    guarded_free(db, (size_t)out);
}

static void linear_gradients(void **state) {
    (void)state;
    const int sizes[][3] = {{1, 1, 1}, {3, 17, 10}, {8, 64, 64}, {128, 33, 65}, {130, 100, 129}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int choice = KERNEL_AUTO; choice <= KERNEL_AVX512; choice++)
            check_linear((kernel_choice)choice, sizes[i][0], sizes[i][1], sizes[i][2]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(conv_gradients), cmocka_unit_test(linear_gradients)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
