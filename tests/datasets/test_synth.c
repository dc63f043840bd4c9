/* Generated images: classes, groups, and that a row depends on seed, split and row alone. */
#include "tests/support/test.h"

#include "datasets/open.h"

static void make(const char *specification, const char *split, int n, uint64_t seed, dataset *d) {
    err e;
    open_options o = {.split = split, .n = n, .seed = seed};
    assert_ok(dataset_open(specification, &o, d, &e), e);
}

static void has_classes_and_groups(void **state) {
    (void)state;
    dataset d;
    make("synth:shapes", "train", 0, 0, &d);
    assert_int_equal(d.n, 6000);
    assert_int_equal(d.classes, 5);
    assert_string_equal(d.class_names[2], "ring");
    assert_string_equal(d.name, "synth:shapes");
    const column *size = table_find(&d.columns, "size"), *ground = table_find(&d.columns, "background");
    assert_int_equal(size->n_levels, 2);
    int light = 0;
    for (int i = 0; i < d.n; i++)
        light += strcmp(ground->levels[ground->codes[i]], "light") == 0;
    assert_in_range(light, 750, 1050); /* 15 % of 6000, five standard deviations either way */
    dataset_free(&d);
}

static void rows_do_not_depend_on_their_number(void **state) {
    (void)state;
    dataset few, many;
    make("synth:arrows", "test", 10, 3, &few);
    make("synth:arrows", "test", 50, 3, &many);
    assert_memory_equal(few.pixels, many.pixels, 10 * 784);
    dataset_free(&few);
    dataset_free(&many);
}

static void seed_and_split_make_others(void **state) {
    (void)state;
    dataset a, b, c, again;
    make("synth:shapes", "test", 40, 0, &a);
    make("synth:shapes", "test", 40, 1, &b);
    make("synth:shapes", "train", 40, 0, &c);
    make("synth:shapes", "test", 40, 0, &again);
    assert_string_equal(a.sha256, again.sha256);
    assert_string_not_equal(a.sha256, b.sha256);
    assert_string_not_equal(a.sha256, c.sha256);
    dataset_free(&a);
    dataset_free(&b);
    dataset_free(&c);
    dataset_free(&again);
}

/* Weight of the ink on a side of the middle: an arrow's head is the wider half. */
static void arrows_point_where_they_say(void **state) {
    (void)state;
    dataset d;
    make("synth:arrows", "test", 800, 0, &d);
    const column *ground = table_find(&d.columns, "background");
    int right = 0, seen = 0;
    for (int i = 0; i < d.n; i++) {
        if (strcmp(ground->levels[ground->codes[i]], "dark") != 0) continue;
        /* Spread across the pointing axis, weighted by the signed place along it about the centre of ink. */
        const uint8_t *p = d.pixels + i * 784;
        bool horizontal = d.labels[i] < 2;
        double sum = 0, along = 0, across = 0, skew = 0;
        for (int k = 0; k < 784; k++) {
            double ink = p[k] > 110 ? 1 : 0, x = k % 28, y = k / 28;
            sum += ink;
            along += ink * (horizontal ? x : y);
            across += ink * (horizontal ? y : x);
        }
        if (sum < 10) continue;
        for (int k = 0; k < 784; k++) {
            double ink = p[k] > 110 ? 1 : 0, x = k % 28, y = k / 28;
            double u = (horizontal ? x : y) - along / sum, v = (horizontal ? y : x) - across / sum;
            skew += ink * u * v * v;
        }
        bool backwards = d.labels[i] == 0 || d.labels[i] == 2; /* left, up */
        right += backwards ? skew < 0 : skew > 0;
        seen++;
    }
    assert_in_range(seen, 400, 800);
    if (right < 0.95 * seen) fail_msg("%d of %d arrows point where their label says", right, seen);
    dataset_free(&d);
}

static void unknown_names_are_refused(void **state) {
    (void)state;
    const char *const wrong[] = {"synth:shape", "synth:", "synth", "syth:shapes", "nothing", ""};
    for (int i = 0; i < 6; i++) {
        dataset d;
        err e;
        assert_int_equal(dataset_open(wrong[i], NULL, &d, &e), STATUS_USAGE);
        assert_null(d.pixels);
        if (i == 0) assert_non_null(strstr(e.message, "did you mean \"shapes\""));
        if (i == 3) assert_non_null(strstr(e.message, "did you mean \"synth\""));
    }
    dataset d;
    err e;
    open_options o = {.split = "tset"};
    assert_int_equal(dataset_open("synth:shapes", &o, &d, &e), STATUS_USAGE);
    o = (open_options){.n = -1};
    assert_int_equal(dataset_open("synth:shapes", &o, &d, &e), STATUS_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_classes_and_groups),     cmocka_unit_test(rows_do_not_depend_on_their_number),
        cmocka_unit_test(seed_and_split_make_others), cmocka_unit_test(arrows_point_where_they_say),
        cmocka_unit_test(unknown_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
