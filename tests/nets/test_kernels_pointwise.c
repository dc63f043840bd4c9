/* The loops of pointwise.h: every instruction set against plain arithmetic, and all with the same bits. */
#include "tests/support/test.h"

#include <math.h>

#include "core/rng.h"
#include "nets/kernels/pointwise.h"

enum { MOST = 4096 };

static float x[MOST], g[MOST], scale[MOST], shift[MOST], bias[MOST], addend[MOST], y[MOST], first_y[MOST];
static uint8_t gate[MOST / 8], mask[MOST / 8];

static void fill(void) {
    rng r = rng_stream(1, "test", 0, 0, 0, 0);
    float *arrays[] = {x, g, scale, shift, bias, addend};
    for (int k = 0; k < 6; k++)
        for (int i = 0; i < MOST; i++)
            arrays[k][i] = rng_normal(&r);
    for (size_t i = 0; i < sizeof gate; i++)
        gate[i] = (uint8_t)rng_u32(&r);
    x[5] = 0;
    x[6] = -0.0F;
    x[7] = NAN;
}

static float expected_finish(const epilogue *p, bool affine, bool gated, int i, int c) {
    float v = x[i];
    if (affine) {
        float scaled = v * scale[c];
        v = scaled + shift[c];
    }
    if (p->bias) v += p->bias[c];
    if (p->addend) v += p->addend[i];
    if (p->relu) v = v <= 0 ? 0 : v;
    if (gated && p->gate) v = p->gate[i / 8] >> i % 8 & 1 ? v : 0;
    return v;
}

static void check_finish(const epilogue *p, bool affine, int pixels, int channels) {
    int count = pixels * channels;
    for (int k = 0; k < 3; k++) {
        const pointwise_ops *ops = pointwise_at(k);
        if (!ops) continue;
        memset(y, 0x55, sizeof y);
        memset(mask, 0x55, sizeof mask);
        ops->finish(p, (size_t)count, channels, x, affine ? scale : NULL, affine ? shift : NULL, y);
        for (int i = 0; i < count; i++) {
            float e = expected_finish(p, affine, true, i, i % channels);
            if (memcmp(&y[i], &e, sizeof e) && !(isnan(y[i]) && isnan(e)))
                fail_msg("table %d, %d x %d, value %d: %g, expected %g", k, pixels, channels, i, (double)y[i],
                         (double)e);
            if (p->mask &&
                (mask[i / 8] >> i % 8 & 1) != (expected_finish(p, affine, false, i, i % channels) > 0))
                fail_msg("table %d: mask bit %d", k, i);
        }
        uint32_t untouched;
        memcpy(&untouched, &y[count], sizeof untouched);
        assert_int_equal(untouched, 0x55555555);
        if (p->mask) assert_int_equal(mask[(count + 7) / 8], 0x55);
    }
}

static void test_finish(void **state) {
    (void)state;
    const int shapes[][2] = {{9, 16}, {7, 32}, {5, 8}, {3, 24}, {4, 20}, {3, 5}, {1, 1}, {1, 130}, {11, 48}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int parts = 0; parts < 32; parts++) {
            epilogue p = {.bias = parts & 1 ? bias : NULL,
                          .addend = parts & 2 ? addend : NULL,
                          .relu = parts & 4,
                          .mask = parts & 4 ? mask : NULL,
                          .gate = parts & 8 ? gate : NULL};
            check_finish(&p, parts & 16, shapes[s][0], shapes[s][1]);
        }
}

static void close_to(double a, double b, double terms) {
    assert_near(a, b, 1e-6 * (1 + terms));
}

static void test_sums(void **state) {
    (void)state;
    enum { PIXELS = 75, CHANNELS = 20 };
    double sums[CHANNELS], products[CHANNELS], kept[CHANNELS];
    for (int k = 0; k < 3; k++) {
        const pointwise_ops *ops = pointwise_at(k);
        if (!ops) continue;
        for (int centred = 0; centred < 2; centred++) {
            ops->sum(PIXELS, CHANNELS, g, centred ? bias : NULL, sums);
            for (int c = 0; c < CHANNELS; c++) {
                double e = 0;
                for (int p = 0; p < PIXELS; p++) {
                    double v = (double)g[p * CHANNELS + c] - (centred ? (double)bias[c] : 0);
                    e += centred ? v * v : v;
                }
                close_to(sums[c], e, PIXELS);
            }
        }
        memset(sums, 0, sizeof sums);
        memset(products, 0, sizeof products);
        ops->sum_products(PIXELS, CHANNELS, g, addend, bias, sums, products);
        for (int c = 0; c < CHANNELS; c++) {
            double e = 0;
            for (int p = 0; p < PIXELS; p++)
                e += (double)g[p * CHANNELS + c] * ((double)addend[p * CHANNELS + c] - (double)bias[c]);
            close_to(products[c], e, PIXELS);
        }
        if (k == 0) memcpy(kept, products, sizeof kept);
        assert_memory_equal(products, kept, sizeof kept);
    }
}

static void test_norm_backward(void **state) {
    (void)state;
    enum { PIXELS = 13, CHANNELS = 21 };
    for (int k = 0; k < 3; k++) {
        const pointwise_ops *ops = pointwise_at(k);
        if (!ops) continue;
        ops->norm_backward(PIXELS, CHANNELS, g, addend, bias, scale, shift, x + 100, y);
        for (int i = 0; i < PIXELS * CHANNELS; i++) {
            int c = i % CHANNELS;
            double e = (double)scale[c] * (double)g[i] +
                       (double)shift[c] * ((double)addend[i] - (double)bias[c]) + (double)x[100 + c];
            close_to((double)y[i], e, fabs(e) + 10);
        }
        if (k == 0) memcpy(first_y, y, sizeof y);
        assert_memory_equal(y, first_y, PIXELS * CHANNELS * sizeof *y);
    }
}

static void test_maximum(void **state) {
    (void)state;
    const float *pixels[] = {g, g + 64, g + 128};
    const uint8_t positions[] = {3, 200, 7};
    float twin[64];
    memcpy(g + 64 + 2, g + 2, sizeof *g); /* a tie */
    g[128 + 4] = NAN;
    for (int k = 0; k < 3; k++)
        for (int channels = 1; channels <= 40; channels += 13) {
            const pointwise_ops *ops = pointwise_at(k);
            if (!ops) continue;
            uint8_t which[64];
            ops->maximum(channels, 3, pixels, positions, y, which);
            ops->maximum(channels, 3, pixels, positions, twin, NULL);
            assert_memory_equal(y, twin, (size_t)channels * sizeof *y);
            for (int c = 0; c < channels; c++) {
                int best = 0;
                for (int p = 1; p < 3; p++)
                    if (pixels[p][c] > pixels[best][c] || isnan(pixels[p][c])) best = p;
                assert_int_equal(which[c], positions[best]);
                assert_memory_equal(&y[c], &pixels[best][c], sizeof *y);
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finish),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_norm_backward),
        cmocka_unit_test(test_maximum),
    };
    fill();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
