/* Kernels on images whose answers are known. */
#include <math.h>

#include "audit/classic_kernels.h"
#include "tests/support/test.h"

enum { SIDE = 12 };

static const classic_kernel *named(const char *name) {
    for (int k = 0; classic_kernel_at(k); k++)
        if (!strcmp(classic_kernel_at(k)->name, name)) return classic_kernel_at(k);
    fail_msg("no kernel %s", name);
    return NULL;
}

/* Weights of blurs sum to 1, those of derivatives to 0. */
static void test_sums(void **state) {
    (void)state;
    for (int k = 0; classic_kernel_at(k); k++) {
        const classic_kernel *one = classic_kernel_at(k);
        int sum = 0;
        for (int i = 0; i < one->side * one->side; i++)
            sum += one->values[i];
        if (sum != (one->is_signed ? 0 : one->divisor))
            fail_msg("%s sums to %d / %d", one->name, sum, one->divisor);
    }
}

static void test_ramp(void **state) {
    (void)state;
    err e;
    run r = run_default();
    const classic_kernel *list[] = {named("identity"), named("Gaussian blur"), named("Sobel x"),
                                    named("Sobel y"), named("Laplacian")};
    float x[SIDE * SIDE * 2], y[SIDE * SIDE * 2 * 5];
    for (int i = 0; i < SIDE * SIDE; i++) {
        x[2 * i] = .05f * (float)(i % SIDE); /* brighter to the right */
        x[2 * i + 1] = .03f * (float)(i / SIDE);
    }
    assert_ok(classic_kernels_apply(x, (shape){SIDE, SIDE, 2}, list, 5, &r, y, &e), e);
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int c = 0; c < 2; c++) {
            const float *at = y + (i * 2 + c) * 5;
            int row = i / SIDE, col = i % SIDE;
            assert_near((double)at[0], (double)x[2 * i + c], 1e-6);
            if (row < 2 || col < 2 || row >= SIDE - 2 || col >= SIDE - 2) continue;
            assert_near((double)at[1], (double)x[2 * i + c], 1e-6); /* a blur leaves a ramp */
            assert_near((double)at[2], c ? 0 : 2 * .05, 1e-6);
            assert_near((double)at[3], c ? 2 * .03 : 0, 1e-6);
            assert_near((double)at[4], 0, 1e-6);
        }
}

/* At the edge pixels repeat: a constant image stays one under every blur, and has no edges. */
static void test_edges(void **state) {
    (void)state;
    err e;
    run r = run_default();
    const classic_kernel *list[] = {named("box blur"), named("Sobel x")};
    float x[9], y[18];
    for (int i = 0; i < 9; i++)
        x[i] = .7f;
    assert_ok(classic_kernels_apply(x, (shape){3, 3, 1}, list, 2, &r, y, &e), e);
    for (int i = 0; i < 9; i++) {
        assert_near((double)y[2 * i], .7, 1e-6);
        assert_near((double)y[2 * i + 1], 0, 1e-6);
    }
}

/* A linear kernel can leave out edges along the axes and answer where two of them meet. */
static void test_corner_kernel(void **state) {
    (void)state;
    err e;
    run r = run_default();
    const classic_kernel *list[] = {named("corner")};
    float x[SIDE * SIDE], y[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++)
        x[i] = i / SIDE >= 6 && i % SIDE >= 6;
    assert_ok(classic_kernels_apply(x, (shape){SIDE, SIDE, 1}, list, 1, &r, y, &e), e);
    for (int i = 0; i < SIDE * SIDE; i++) {
        bool near = i / SIDE >= 5 && i / SIDE <= 6 && i % SIDE >= 5 && i % SIDE <= 6;
        if (near != (fabsf(y[i]) > .4f)) fail_msg("row %d, column %d: %g", i / SIDE, i % SIDE, (double)y[i]);
    }
}

/* Harris: positive and largest at the corner of a square, negative along its edges, zero where nothing is. */
static void test_corner(void **state) {
    (void)state;
    err e;
    run r = run_default();
    float x[24 * 24] = {0}, y[24 * 24];
    for (int i = 0; i < 24 * 24; i++)
        x[i] = i / 24 >= 12 && i % 24 >= 12;
    assert_ok(classic_corners(x, (shape){24, 24, 1}, &r, y, &e), e);
    int best = 0;
    for (int i = 0; i < 24 * 24; i++)
        if (y[i] > y[best]) best = i;
    assert_in_range(best / 24, 11, 13);
    assert_in_range(best % 24, 11, 13);
    assert_true(y[12 * 24 + 20] < 0);
    assert_true(y[5 * 24 + 5] == 0);
}

static void test_sheet(void **state) {
    (void)state;
    err e;
    run r = run_default();
    picture p;
    float x[5 * 7 * 3];
    for (int i = 0; i < 5 * 7 * 3; i++)
        x[i] = (float)(i % 11) / 10;
    assert_ok(classic_kernels_sheet(x, (shape){5, 7, 3}, &r, &p, &e), e);
    assert_true(p.width > 800 && p.height > 300);
    picture_free(&p);
    assert_ok(classic_kernels_sheet(x, (shape){1, 1, 1}, &r, &p, &e), e);
    picture_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums),   cmocka_unit_test(test_ramp),
                                       cmocka_unit_test(test_edges),  cmocka_unit_test(test_corner_kernel),
                                       cmocka_unit_test(test_corner), cmocka_unit_test(test_sheet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
