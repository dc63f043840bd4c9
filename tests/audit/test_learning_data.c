/* Images to learn from and images to measure on are never the same. */
#include "audit/learning_data.h"
#include "tests/support/test.h"

static context context_of(const char *split, int64_t n) {
    context c = {.data = {.data = "synth:shapes", .split = split, .n = n}, .run = run_default()};
    return c;
}

static void halves_share_nothing(void **state) {
    (void)state;
    context c = context_of("test", -1);
    dataset train, test;
    bool halved;
    err e = {{0}};
    assert_ok(learning_data_open(&c, 0, NULL, 0, NULL, &train, &test, &halved, &e), e);
    assert_true(halved);
    assert_true(train.n > 10 && abs(train.n - test.n) <= 1);
    assert_int_equal(c.data.n, -1);
    uint8_t *seen = calloc((size_t)(train.n + test.n), 1);
    for (int i = 0; i < train.n + test.n; i++) {
        int32_t id = i < train.n ? train.ids[i] : test.ids[i - train.n];
        assert_in_range(id, 0, train.n + test.n - 1);
        assert_int_equal(seen[id]++, 0);
    }
    free(seen);
    dataset_free(&train);
    dataset_free(&test);
    assert_ok(learning_data_open(&c, 7, NULL, 5, NULL, &train, &test, &halved, &e), e);
    assert_int_equal(train.n, 7);
    assert_int_equal(test.n, 5);
    dataset_free(&train);
    dataset_free(&test);
}

static void parts_are_kept_apart(void **state) {
    (void)state;
    context c = context_of(NULL, 12);
    dataset train, test;
    bool halved;
    err e = {{0}};
    assert_ok(learning_data_open(&c, 20, NULL, 5, NULL, &train, &test, &halved, &e), e);
    assert_false(halved);
    assert_string_equal(train.split, "train");
    assert_string_equal(test.split, "test");
    assert_int_equal(train.n, 20);
    assert_int_equal(test.n, 12); /* --n is the number to measure on */
    dataset_free(&train);
    dataset_free(&test);
    c = context_of("test", -1);
    assert_ok(learning_data_open(&c, 20, "synth:shapes", 5, NULL, &train, &test, &halved, &e), e);
    assert_false(halved); /* the user names the images */
    dataset_free(&train);
    dataset_free(&test);
    c.data.data = NULL;
    assert_int_equal(learning_data_open(&c, 0, NULL, 0, NULL, &train, &test, &halved, &e), STATUS_USAGE);
    assert_int_equal(train.n + test.n, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(halves_share_nothing),
                                       cmocka_unit_test(parts_are_kept_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
