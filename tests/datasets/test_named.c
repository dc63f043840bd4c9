/* Fashion-MNIST and MNIST by name, and QMNIST's columns: facts about the real files. */
#include "tests/support/test.h"

#include "datasets/open.h"

static void count_classes(const dataset *d, int *counts) {
    for (int k = 0; k < d->classes; k++)
        counts[k] = 0;
    for (int i = 0; i < d->n; i++)
        counts[d->labels[i]]++;
}

static int count_level(const column *c, int n, const char *level) {
    int count = 0;
    for (int i = 0; i < n; i++)
        count += c->codes[i] >= 0 && strcmp(c->levels[c->codes[i]], level) == 0;
    return count;
}

static void fashion_mnist_is_as_published(void **state) {
    (void)state;
    need_file("/usr/share/datasets/fashion-mnist");
    unsetenv("AUDIT_DATA");
    assert_true(dataset_available("fashion-mnist"));
    const int sizes[] = {10000, 60000};
    const char *splits[] = {"test", "train"};
    for (int k = 0; k < 2; k++) {
        dataset d;
        err e;
        open_options o = {.split = splits[k]};
        assert_ok(dataset_open("fashion-mnist", &o, &d, &e), e);
        assert_int_equal(d.n, sizes[k]);
        assert_int_equal(d.classes, 10);
        assert_string_equal(d.name, "fashion-mnist");
        assert_string_equal(d.split, splits[k]);
        assert_string_equal(d.class_names[9], "Ankle boot");
        int counts[10];
        count_classes(&d, counts);
        for (int c = 0; c < 10; c++)
            assert_int_equal(counts[c], sizes[k] / 10);
        dataset_free(&d);
    }
}

static void open_mnist_split(const char *split, dataset *d) {
    err e;
    open_options o = {.split = split};
    need_file(shared_path("data/mnist"));
    setenv("AUDIT_DATA", shared_path("data"), 1);
    assert_ok(dataset_open("mnist", &o, d, &e), e);
}

static void mnist_train_has_qmnist_columns(void **state) {
    (void)state;
    dataset d;
    open_mnist_split("train", &d);
    assert_int_equal(d.n, 60000);
    const int expected[10] = {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949};
    int counts[10];
    count_classes(&d, counts);
    assert_memory_equal(counts, expected, sizeof counts);
    const column *series = table_find(&d.columns, "series"), *writer = table_find(&d.columns, "writer");
    assert_int_equal(count_level(series, d.n, "employees"), 30950);
    assert_int_equal(count_level(series, d.n, "students"), 29050);
    assert_int_equal(writer->n_levels, 539);
    dataset_free(&d);
}

static void mnist_test_has_other_writers(void **state) {
    (void)state;
    dataset d, train;
    open_mnist_split(NULL, &d);
    open_mnist_split("train", &train);
    assert_int_equal(d.n, 10000);
    const column *series = table_find(&d.columns, "series"), *writer = table_find(&d.columns, "writer");
    const column *train_writer = table_find(&train.columns, "writer");
    for (int i = 0; i < d.n; i++)
        assert_string_equal(series->levels[series->codes[i]], i <= 5000 ? "students" : "employees");
    assert_int_equal(writer->n_levels, 297);
    for (int i = 0; i < writer->n_levels; i++)
        for (int k = 0; k < train_writer->n_levels; k++)
            assert_string_not_equal(writer->levels[i], train_writer->levels[k]);
    dataset_free(&d);
    dataset_free(&train);
}

static void says_how_to_install(void **state) {
    (void)state;
    dataset d;
    err e;
    setenv("AUDIT_DATA", temporary_folder(), 1);
    setenv("HOME", temporary_folder(), 1);
    assert_int_equal(dataset_open("mnist", NULL, &d, &e), STATUS_IO);
    assert_non_null(strstr(e.message, "not installed"));
    assert_non_null(strstr(e.message, "/usr/share/datasets/mnist"));
    assert_non_null(strstr(e.message, temporary_folder()));
    assert_false(dataset_available("mnist"));
    assert_false(dataset_available("idx"));
    assert_null(d.name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fashion_mnist_is_as_published),
        cmocka_unit_test(mnist_train_has_qmnist_columns),
        cmocka_unit_test(mnist_test_has_other_writers),
        cmocka_unit_test(says_how_to_install),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
