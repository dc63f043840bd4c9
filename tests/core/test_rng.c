#include "tests/support/test.h"

#include <math.h>

#include "core/rng.h"

/* kat_vectors of Random123, philox4x32-10: counter, key, result. */
static const uint32_t known[3][10] = {
    {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
    {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e,
     0xa20bc7c6, 0x6d5451fd},
    {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
     0x5001e420, 0x24126ea1},
};

static void philox_gives_the_published_answers(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        philox4x32_10(known[i], known[i] + 4, out);
        assert_memory_equal(out, known[i] + 6, sizeof out);
    }
}

/* Streams are part of the promise that a seed replays: key and order of the words must stay. */
static void a_stream_is_counter_and_key(void **state) {
    (void)state;
    uint64_t key = seed_derive(5, "shuffle", 2);
    rng r = rng_stream(5, "shuffle", 2, 7, 8, 9);
    for (uint32_t lane = 0; lane < 3; lane++) {
        uint32_t block[4], counter[4] = {7, 8, 9, lane}, halves[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
        philox4x32_10(counter, halves, block);
        for (int i = 0; i < 4; i++)
            assert_int_equal(rng_u32(&r), block[i]);
    }
}

static void different_names_give_different_streams(void **state) {
    (void)state;
    rng streams[] = {
        rng_stream(1, "init", 0, 0, 0, 0), rng_stream(2, "init", 0, 0, 0, 0),
        rng_stream(1, "inis", 0, 0, 0, 0), rng_stream(1, "init", 1, 0, 0, 0),
        rng_stream(1, "init", 0, 1, 0, 0), rng_stream(1, "init", 0, 0, 1, 0),
        rng_stream(1, "init", 0, 0, 0, 1), rng_stream(0, "", 0, 0, 0, 0),
        rng_stream(1, "", 0, 0, 0, 0),     rng_stream(1ull << 32, "init", 0, 0, 0, 0),
    };
    enum { STREAMS = sizeof streams / sizeof *streams, WORDS = 64 };
    uint32_t words[STREAMS][WORDS];
    for (int s = 0; s < STREAMS; s++)
        for (int i = 0; i < WORDS; i++)
            words[s][i] = rng_u32(&streams[s]);
    for (int s = 0; s < STREAMS; s++)
        for (int t = 0; t < s; t++) {
            int differing = 0; /* of 2048 bits; standard deviation 22.6 */
            for (int i = 0; i < WORDS; i++)
                differing += __builtin_popcount(words[s][i] ^ words[t][i]);
            if (abs(differing - 1024) > 120)
                fail_msg("streams %d and %d differ in %d of 2048 bits", s, t, differing);
        }
}

/* Neighbouring rows are what a batch draws side by side: their values must not go together. */
static void rows_are_uncorrelated(void **state) {
    (void)state;
    enum { ROWS = 20000 };
    double sum = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
        rng r = rng_stream(3, "pgd-start", 0, row, 0, 0), next = rng_stream(3, "pgd-start", 0, row + 1, 0, 0);
        sum += (rng_uniform_double(&r) - 0.5) * (rng_uniform_double(&next) - 0.5) * 12;
    }
    assert_near(sum / ROWS, 0, 5 / sqrt(ROWS));
}

static void uniforms_fill_their_range_evenly(void **state) {
    (void)state;
    enum { BINS = 64, DRAWS = 64000 };
    int counts[2][BINS] = {{0}};
    rng r = rng_stream(4, "test", 0, 0, 0, 0);
    for (int i = 0; i < DRAWS; i++) {
        float x = rng_uniform(&r);
        double y = rng_uniform_double(&r);
        assert_true(x >= 0 && x < 1 && y >= 0 && y < 1);
        counts[0][(int)(x * BINS)]++;
        counts[1][(int)(y * BINS)]++;
    }
    for (int kind = 0; kind < 2; kind++) {
        double chi_square = 0;
        for (int i = 0; i < BINS; i++)
            chi_square += pow(counts[kind][i] - DRAWS / BINS, 2) / (DRAWS / BINS);
        assert_near(chi_square, BINS - 1, 5 * sqrt(2 * (BINS - 1))); /* 63 degrees of freedom */
    }
}

/* A stream whose next words are given. */
static rng rigged(uint32_t first, uint32_t second) {
    return (rng){.block = {0, 0, first, second}, .used = 2};
}

static void uniforms_reach_their_ends(void **state) {
    (void)state;
    rng low = rigged(0, 0), high = rigged(UINT32_MAX, UINT32_MAX);
    assert_true(rng_uniform(&low) == 0);
    assert_true(rng_uniform(&high) == 1 - 0x1p-24f);
    low = rigged(0, 0), high = rigged(UINT32_MAX, UINT32_MAX);
    assert_true(rng_uniform_double(&low) == 0);
    assert_true(rng_uniform_double(&high) == 1 - 0x1p-53);
    high = rigged(UINT32_MAX, UINT32_MAX);
    assert_true(rng_range(&high, 1e8f, 1e8f + 8) < 1e8f + 8); /* the plain sum rounds up to the end */
    assert_true(rng_range(&high, 2, 2) == 2);
}

static void below_is_unbiased(void **state) {
    (void)state;
    rng r = rng_stream(6, "test", 0, 0, 0, 0);
    int thirds[3] = {0}, residues[3] = {0};
    for (int i = 0; i < 30000; i++) {
        uint32_t x = rng_below(&r, 3u << 30);
        assert_true(x < 3u << 30);
        thirds[x >> 30]++; /* a plain remainder makes the first third twice as likely, */
        residues[x % 3]++; /* a plain product the multiples of 3 */
        assert_int_equal(rng_below(&r, 1), 0);
        assert_true(rng_below(&r, 10) < 10);
    }
    for (int i = 0; i < 3; i++) {
        assert_near(thirds[i], 10000, 5 * 82);
        assert_near(residues[i], 10000, 5 * 82);
    }
    rng zero = rigged(0, UINT32_MAX); /* 0 is among the 2^32 mod 3 = 1 words to reject */
    assert_int_equal(rng_below(&zero, 3), 2);
    assert_int_equal(zero.used, 4);
}

static void normals_are_normal(void **state) {
    (void)state;
    enum { DRAWS = 200000 };
    rng r = rng_stream(7, "test", 0, 0, 0, 0);
    double moments[5] = {0};
    int inside = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = rng_normal(&r);
        inside += fabs(x) < 1;
        for (int k = 1; k <= 4; k++)
            moments[k] += pow(x, k) / DRAWS;
    }
    assert_near(moments[1], 0, 5 * sqrt(1.0 / DRAWS));
    assert_near(moments[2], 1, 5 * sqrt(2.0 / DRAWS));
    assert_near(moments[3], 0, 5 * sqrt(15.0 / DRAWS));
    assert_near(moments[4], 3, 5 * sqrt(96.0 / DRAWS));
    assert_near((double)inside / DRAWS, 0.682689492, 5 * sqrt(0.2166 / DRAWS));
}

/* The plain arithmetic of rng_normal against the C library's Box-Muller. */
static void normals_agree_with_libm(void **state) {
    (void)state;
    rng r = rng_stream(8, "test", 0, 0, 0, 0);
    for (int i = 0; i < 100000; i++) {
        rng copy = r;
        double u = (rng_u32(&copy) + 1.0) * 0x1p-32, angle = 2 * acos(-1) * rng_u32(&copy) * 0x1p-32;
        double expected = sqrt(-2 * log(u)) * cos(angle);
        assert_near(rng_normal(&r), expected, 6e-8 * fabs(expected) + 1e-15);
    }
    rng most = rigged(0, 0), least = rigged(UINT32_MAX, 0);
    assert_near(rng_normal(&most), sqrt(64 * log(2)), 1e-6);
    assert_true(rng_normal(&least) == 0);
}

static void shuffles_are_even(void **state) {
    (void)state;
    int places[5][5] = {{0}};
    for (uint32_t trial = 0; trial < 5000; trial++) {
        int32_t items[5] = {0, 1, 2, 3, 4};
        rng r = rng_stream(9, "shuffle", 0, 0, trial, 0);
        rng_shuffle(&r, items, 5);
        int seen = 0;
        for (int i = 0; i < 5; i++) {
            seen |= 1 << items[i];
            places[items[i]][i]++;
        }
        assert_int_equal(seen, 31);
    }
    for (int item = 0; item < 5; item++)
        for (int place = 0; place < 5; place++)
            assert_near(places[item][place], 1000, 5 * 28.3);
    rng r = rng_stream(9, "shuffle", 0, 0, 0, 0);
    rng_shuffle(&r, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_answers),
        cmocka_unit_test(a_stream_is_counter_and_key),
        cmocka_unit_test(different_names_give_different_streams),
        cmocka_unit_test(rows_are_uncorrelated),
        cmocka_unit_test(uniforms_fill_their_range_evenly),
        cmocka_unit_test(uniforms_reach_their_ends),
        cmocka_unit_test(below_is_unbiased),
        cmocka_unit_test(normals_are_normal),
        cmocka_unit_test(normals_agree_with_libm),
        cmocka_unit_test(shuffles_are_even),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
