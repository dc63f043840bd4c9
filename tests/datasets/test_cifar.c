/* CIFAR binary records. */
#include "tests/support/test.h"

#include "datasets/cifar_internal.h"
#include "datasets/open.h"
#include "tests/support/data_files.h"

enum { RECORD10 = 1 + CIFAR_IMAGE, RECORD100 = 2 + CIFAR_IMAGE };

/* n records whose pixel k of plane p is p * 80 + k % 64 and whose labels are given. */
static uint8_t *records(int n, int label_bytes, const uint8_t *labels) {
    size_t size = (size_t)label_bytes + CIFAR_IMAGE;
    uint8_t *data = malloc((size_t)n * size);
    assert_non_null(data);
    for (int i = 0; i < n; i++) {
        uint8_t *record = data + (size_t)i * size;
        memcpy(record, labels + i * label_bytes, (size_t)label_bytes);
        for (int k = 0; k < CIFAR_IMAGE; k++)
            record[label_bytes + k] = (uint8_t)(k / CIFAR_PIXELS * 80 + k % 64);
    }
    return data;
}

static status open_file(const char *prefix, const char *name, const char *split, dataset *d, err *e) {
    char specification[512];
    snprintf(specification, sizeof specification, "%s:%s", prefix, temporary_path(name));
    open_options o = {.split = split};
    return dataset_open(specification, &o, d, e);
}

static void planes_become_pixels(void **state) {
    (void)state;
    const uint8_t labels[] = {3, 9};
    uint8_t *data = records(2, 1, labels);
    dataset d;
    err e;
    make_file("one.bin", data, 2 * RECORD10);
    assert_ok(open_file("cifar10", "one.bin", NULL, &d, &e), e);
    assert_int_equal(d.n, 2);
    assert_int_equal(d.classes, 10);
    assert_string_equal(d.split, "all");
    assert_string_equal(d.class_names[d.labels[0]], "cat");
    for (int k = 0; k < 2 * CIFAR_IMAGE; k++)
        assert_int_equal(d.pixels[k], k % 3 * 80 + k / 3 % 64);
    dataset_free(&d);
    free(data);
}

static void a_folder_has_all_batches(void **state) {
    (void)state;
    make_folder("c10");
    dataset d;
    err e;
    for (int i = 1; i <= 5; i++) {
        char name[64];
        uint8_t label = (uint8_t)i;
        uint8_t *data = records(1, 1, &label);
        assert_int_not_equal(open_file("cifar10", "c10", "train", &d, &e), STATUS_OK);
        snprintf(name, sizeof name, "c10/data_batch_%d.bin", i);
        make_file(name, data, RECORD10);
        free(data);
    }
    assert_ok(open_file("cifar10", "c10", "train", &d, &e), e);
    assert_int_equal(d.n, 5);
    assert_string_equal(d.split, "train");
    for (int i = 0; i < 5; i++)
        assert_int_equal(d.labels[i], i + 1);
    dataset_free(&d);
    assert_int_equal(open_file("cifar10", "c10", "test", &d, &e), STATUS_IO);
    assert_non_null(strstr(e.message, "test_batch.bin"));
    assert_int_equal(open_file("cifar10", "c10", "val", &d, &e), STATUS_USAGE);
}

static void coarse_labels_are_a_column(void **state) {
    (void)state;
    const uint8_t labels[] = {19, 99, 0, 4};
    uint8_t *data = records(2, 2, labels);
    char names[20 * 12] = "";
    for (int i = 0; i < 20; i++)
        snprintf(names + strlen(names), 12, "super%d\n", i);
    dataset d;
    err e;
    make_folder("c100");
    make_file("c100/test.bin", data, 2 * RECORD100);
    make_text("c100/coarse_label_names.txt", names);
    assert_ok(open_file("cifar100", "c100", NULL, &d, &e), e);
    assert_int_equal(d.classes, 100);
    assert_int_equal(d.labels[0], 99);
    assert_int_equal(d.labels[1], 4);
    const column *coarse = table_find(&d.columns, "coarse");
    assert_string_equal(coarse->levels[coarse->codes[0]], "super19");
    assert_string_equal(coarse->levels[coarse->codes[1]], "super0");
    dataset_free(&d);
    make_text("c100/coarse_label_names.txt", "one\ntwo\n");
    assert_int_equal(open_file("cifar100", "c100", NULL, &d, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "2 names, expected 20"));
    free(data);
}

static void bad_files_are_refused(void **state) {
    (void)state;
    const uint8_t labels[] = {0, 10, 20, 5};
    uint8_t *data = records(2, 1, labels);
    dataset d;
    err e;
    make_file("wrong.bin", data, 2 * RECORD10);
    assert_int_equal(open_file("cifar10", "wrong.bin", NULL, &d, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "wrong.bin: record 1: label 10, expected 0..9"));
    make_file("wrong.bin", data, RECORD10 - 1);
    assert_int_equal(open_file("cifar10", "wrong.bin", NULL, &d, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "3072 bytes, expected a multiple of the 3073 of a cifar10 record"));
    make_file("wrong.bin", data, 0);
    assert_int_equal(open_file("cifar10", "wrong.bin", NULL, &d, &e), STATUS_BAD_FILE);
    assert_int_equal(open_file("cifar10", "absent.bin", NULL, &d, &e), STATUS_IO);
    free(data);
    data = records(1, 2, labels + 2);
    make_file("wrong.bin", data, RECORD100);
    assert_int_equal(open_file("cifar100", "wrong.bin", NULL, &d, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "coarse label 20, expected 0..19"));
    assert_null(d.pixels);
    free(data);
}

static void real_images_open(void **state) {
    (void)state;
    const char *path = shared_path("data/cifar10/exact_train_first4000.bin");
    char specification[512];
    dataset d;
    err e;
    need_file(path);
    snprintf(specification, sizeof specification, "cifar10:%s", path);
    assert_ok(dataset_open(specification, NULL, &d, &e), e);
    assert_int_equal(d.n, 4000);
    /* The first training images of CIFAR-10 are a frog and two trucks; the frog's first pixel is 59, 62, 63. */
    assert_string_equal(d.class_names[d.labels[0]], "frog");
    assert_string_equal(d.class_names[d.labels[1]], "truck");
    assert_memory_equal(d.pixels, ((const uint8_t[]){59, 62, 63}), 3);
    dataset_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_become_pixels),       cmocka_unit_test(a_folder_has_all_batches),
        cmocka_unit_test(coarse_labels_are_a_column), cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(real_images_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
