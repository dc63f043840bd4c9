/* The plain epilogue, one value at a time. */
#include <math.h>

#include "nets/kernels/epilogue.h"
#include "tests/support/test.h"

enum { CHANNELS = 3, COUNT = 15 };

/* v = acc + bias + addend, then relu and gate, by the words of the header. */
static void every_part(void **state) {
    (void)state;
    const float acc[COUNT] = {1, -1, 0, -0.0f, 2, -2, NAN, INFINITY, -INFINITY, 0.5f, -0.5f, 3, 4, -4, 5};
    const float bias[CHANNELS] = {0.25f, 0, -3};
    float addend[COUNT];
    for (int i = 0; i < COUNT; i++)
        addend[i] = (float)(i % 4) - 1.5f;
    const uint8_t gate[2] = {0xb6, 0x2d};
    for (unsigned parts = 0; parts < 32; parts++) {
        uint8_t mask[3] = {0xff, 0xff, 0xa5};
        epilogue p = {.bias = parts & 1 ? bias : NULL,
                      .addend = parts & 2 ? addend : NULL,
                      .relu = parts & 4,
                      .mask = parts & 8 ? mask : NULL,
                      .gate = parts & 16 ? gate : NULL};
        float v[COUNT];
        memcpy(v, acc, sizeof v);
        epilogue_apply(&p, COUNT, CHANNELS, v);
        for (int i = 0; i < COUNT; i++) {
            float expected = acc[i];
            if (p.bias) expected += bias[i % CHANNELS];
            if (p.addend) expected += addend[i];
            bool positive = expected > 0;
            if (p.relu && !positive && !isnan(expected)) expected = 0;
            if (p.gate && !(gate[i / 8] >> i % 8 & 1)) expected = 0;
            if (isnan(expected) ? !isnan(v[i]) : v[i] != expected)
                fail_msg("parts %u: element %d is %g, expected %g", parts, i, (double)v[i], (double)expected);
            if (p.relu && p.mask && (mask[i / 8] >> i % 8 & 1) != positive)
                fail_msg("parts %u: mask bit %d is wrong", parts, i);
        }
        assert_int_equal(mask[2], 0xa5);
        if (p.relu && p.mask) assert_int_equal(mask[1] >> 7, 0);
        if (!p.relu) assert_int_equal(mask[0], 0xff);
    }
}

static void sizes(void **state) {
    (void)state;
    assert_int_equal(mask_bytes(0), 0);
    assert_int_equal(mask_bytes(1), 1);
    assert_int_equal(mask_bytes(8), 1);
    assert_int_equal(mask_bytes(9), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_part), cmocka_unit_test(sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
