/* NumPy archives as data. */
#include "tests/support/test.h"

#include <math.h>

#include "core/npy.h"
#include "datasets/npz_internal.h"
#include "datasets/open.h"
#include "tests/support/data_files.h"

enum { N = 3, IMAGE = 4 };

static const uint8_t pixels[N * IMAGE] = {0, 1, 2, 3, 100, 101, 102, 103, 252, 253, 254, 255};
static const int64_t labels[N] = {1, 0, 1};

static status open_file(const char *split, dataset *d, err *e) {
    char specification[512];
    snprintf(specification, sizeof specification, "npz:%s", temporary_path("data.npz"));
    open_options o = {.split = split};
    return dataset_open(specification, &o, d, e);
}

static void write_entries(const npz_entry *entries, int n) {
    err e;
    assert_ok(npz_write_file(temporary_path("data.npz"), entries, n, &e), e);
}

static void refuse(const npz_entry *entries, int n, const char *part) {
    dataset d;
    err e = {""};
    write_entries(entries, n);
    status s = open_file(NULL, &d, &e);
    if (s != STATUS_BAD_FILE || !strstr(e.message, part) || !strstr(e.message, "data.npz"))
        fail_msg("status %d \"%s\", expected a bad file with \"%s\"", (int)s, e.message, part);
    assert_null(d.pixels);
}

#define IMAGES                                                                                               \
    { "images", NPY_U8, 3, {N, 2, 2}, pixels }
#define LABELS                                                                                               \
    { "labels", NPY_I64, 1, {N}, labels }

static void images_labels_and_columns(void **state) {
    (void)state;
    const double age[N] = {30, 40, 50};
    const npz_entry entries[] = {
        IMAGES,
        LABELS,
        {"age", NPY_F64, 2, {N, 1}, age},
        {"version", NPY_F64, 0, {0}, age},
        {"originals", NPY_U8, 3, {N, 2, 2}, pixels}}; /* other images of these rows are no column */
    dataset d;
    err e;
    write_entries(entries, sizeof entries / sizeof *entries);
    assert_ok(open_file(NULL, &d, &e), e);
    assert_int_equal(d.n, N);
    assert_true(shape_equal(d.image, (shape){2, 2, 1}));
    assert_memory_equal(d.pixels, pixels, sizeof pixels);
    assert_int_equal(d.labels[2], 1);
    assert_int_equal(d.columns.n_columns, 1);
    assert_near(table_find(&d.columns, "age")->numbers[1], 40, 0);
    assert_string_equal(d.split, "all");
    assert_string_equal(d.name, "npz:data.npz");
    dataset_free(&d);
}

static void splits_by_name(void **state) {
    (void)state;
    const npz_entry keras[] = {{"x_train", NPY_U8, 3, {N, 2, 2}, pixels},
                               {"y_train", NPY_I64, 1, {N}, labels},
                               {"x_test", NPY_U8, 3, {1, 2, 2}, pixels},
                               {"y_test", NPY_I64, 1, {1}, labels}};
    const npz_entry medmnist[] = {{"val_images", NPY_U8, 4, {1, 2, 2, 1}, pixels},
                                  {"val_labels", NPY_I64, 2, {1, 1}, labels},
                                  {"test_images", NPY_U8, 3, {2, 2, 2}, pixels},
                                  {"test_labels", NPY_I64, 2, {2, 1}, labels}};
    dataset d;
    err e;
    write_entries(keras, 4);
    assert_ok(open_file("train", &d, &e), e);
    assert_int_equal(d.n, N);
    assert_string_equal(d.split, "train");
    dataset_free(&d);
    write_entries(medmnist, 4);
    assert_ok(open_file("test", &d, &e), e);
    assert_int_equal(d.n, 2);
    assert_int_equal(d.columns.n_columns, 0);
    dataset_free(&d);
    assert_int_equal(open_file("train", &d, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "no array images, train_images or x_train"));
}

static void floats_that_were_bytes_become_bytes(void **state) {
    (void)state;
    float values[N * IMAGE];
    for (int i = 0; i < N * IMAGE; i++)
        values[i] = (float)pixels[i] / 255.0f;
    const npz_entry entries[] = {{"images", NPY_F32, 3, {N, 2, 2}, values}, LABELS};
    dataset bytes_d, d;
    err e;
    write_entries((const npz_entry[]){IMAGES, LABELS}, 2);
    assert_ok(open_file(NULL, &bytes_d, &e), e);
    write_entries(entries, 2);
    assert_ok(open_file(NULL, &d, &e), e);
    assert_memory_equal(d.pixels, pixels, sizeof pixels);
    assert_string_equal(d.sha256, bytes_d.sha256);
    dataset_free(&d);
    values[5] = 0.3f;
    write_entries(entries, 2);
    assert_ok(open_file(NULL, &d, &e), e);
    assert_null(d.pixels);
    assert_memory_equal(d.values, values, sizeof values);
    assert_string_not_equal(d.sha256, bytes_d.sha256);
    float image[IMAGE];
    dataset_image(&d, 1, image);
    assert_memory_equal(image, values + IMAGE, sizeof image);
    dataset_free(&d);
    dataset_free(&bytes_d);
}

static void bad_archives_are_refused(void **state) {
    (void)state;
    const float nan_values[N * IMAGE] = {0, 0.5f, (float)NAN}, large[N * IMAGE] = {0.1f, 0, 0, 0, 0, 1.5f};
    const int64_t few[2] = {0, 1}, negative[N] = {0, -1, 0};
    const double half[N] = {0, 0.5, 1};
    refuse((const npz_entry[]){LABELS}, 1, "no array images");
    refuse((const npz_entry[]){IMAGES}, 1, "no labels");
    refuse((const npz_entry[]){IMAGES, {"labels", NPY_I64, 1, {2}, few}}, 2,
           "expected 3, one for each image");
    refuse((const npz_entry[]){IMAGES, {"labels", NPY_I64, 1, {N}, negative}}, 2, "row 1: -1");
    refuse((const npz_entry[]){IMAGES, {"labels", NPY_F64, 1, {N}, half}}, 2, "row 1: 0.5");
    refuse((const npz_entry[]){IMAGES, LABELS, {"age", NPY_I64, 1, {2}, few}}, 3, "array age: 2 values");
    refuse((const npz_entry[]){{"images", NPY_U8, 2, {N, 4}, pixels}, LABELS}, 2, "rank 2");
    refuse((const npz_entry[]){{"images", NPY_U8, 4, {N, 1, 2, 2}, pixels}, LABELS}, 2, "1x2x2, expected");
    refuse((const npz_entry[]){{"images", NPY_I64, 3, {N, 1, 1}, labels}, LABELS}, 2,
           "neither uint8 nor float");
    refuse((const npz_entry[]){{"images", NPY_U8, 3, {0, 2, 2}, pixels}, LABELS}, 2, "dimension 0 is 0");
    refuse((const npz_entry[]){{"images", NPY_F32, 3, {N, 2, 2}, nan_values}, LABELS}, 2,
           "image 0: value 2 is nan, expected 0..1");
    refuse((const npz_entry[]){{"images", NPY_F32, 3, {N, 2, 2}, large}, LABELS}, 2,
           "image 1: value 1 is 1.5");
    make_text("data.npz", "not a zip");
    dataset d;
    err e;
    assert_int_equal(open_file(NULL, &d, &e), STATUS_BAD_FILE);
}

static void texts_become_utf8(void **state) {
    (void)state;
    uint32_t unicode[2 * 3] = {'a', 0xe9, 0, 0x1f600, 0x4e2d, 'z'}, surrogate[1] = {0xd800};
    npy a = {
        .type = NPY_UNICODE, .item_size = 12, .rank = 1, .dims = {2}, .count = 2, .data = (uint8_t *)unicode};
    const char *const *texts;
    arena memory = {0};
    err e;
    assert_ok(npy_texts(&a, 2, &memory, &texts, &e), e);
    assert_string_equal(texts[0], "a\xc3\xa9");
    assert_string_equal(texts[1], "\xf0\x9f\x98\x80\xe4\xb8\xadz");
    a = (npy){.type = NPY_BYTES,
              .item_size = 3,
              .rank = 1,
              .dims = {2},
              .count = 2,
              .data = (uint8_t *)(uintptr_t) "ab\0xyz"};
    assert_ok(npy_texts(&a, 2, &memory, &texts, &e), e);
    assert_string_equal(texts[0], "ab");
    assert_string_equal(texts[1], "xyz");
    a.data = (uint8_t *)(uintptr_t) "a\xff\0xyz";
    assert_int_equal(npy_texts(&a, 2, &memory, &texts, &e), STATUS_BAD_FILE);
    a = (npy){.type = NPY_UNICODE,
              .item_size = 4,
              .rank = 1,
              .dims = {1},
              .count = 1,
              .data = (uint8_t *)surrogate};
    assert_int_equal(npy_texts(&a, 1, &memory, &texts, &e), STATUS_BAD_FILE);
    arena_free(&memory);
}

/* Made with numpy: images, labels as texts, class_names, a text column. */
static void numpy_texts_are_labels(void **state) {
    (void)state;
    char specification[512];
    dataset d;
    err e;
    snprintf(specification, sizeof specification, "npz:%s", source_path("tests/golden/datasets/texts.npz"));
    assert_ok(dataset_open(specification, NULL, &d, &e), e);
    assert_int_equal(d.n, 3);
    assert_int_equal(d.classes, 3);
    assert_string_equal(d.class_names[0], "zebra"); /* the order of class_names, not of the alphabet */
    assert_string_equal(d.class_names[d.labels[0]], "cat");
    assert_string_equal(d.class_names[d.labels[1]], "zebra");
    const column *site = table_find(&d.columns, "site");
    assert_string_equal(site->levels[site->codes[2]], "Z\xc3\xbcrich");
    dataset_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_labels_and_columns),
        cmocka_unit_test(splits_by_name),
        cmocka_unit_test(floats_that_were_bytes_become_bytes),
        cmocka_unit_test(bad_archives_are_refused),
        cmocka_unit_test(texts_become_utf8),
        cmocka_unit_test(numpy_texts_are_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
