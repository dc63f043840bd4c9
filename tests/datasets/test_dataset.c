/* The data set itself: one hash for one content, subsets, copies, samples. */
#include "tests/support/test.h"

#include "core/npy.h"
#include "datasets/open.h"
#include "tests/support/data_files.h"

static void make(int n, dataset *d) {
    err e;
    open_options o = {.n = n};
    assert_ok(dataset_open("synth:shapes", &o, d, &e), e);
}

static void open_path(const char *prefix, const char *name, dataset *d) {
    char specification[512];
    err e;
    snprintf(specification, sizeof specification, "%s:%s", prefix, temporary_path(name));
    assert_ok(dataset_open(specification, NULL, d, &e), e);
}

enum { N = 6, SIDE = 5, IMAGE = SIDE * SIDE * 3 };

/* The same six colour images, in the order of their classes, in every format that can hold them. */
static void one_content_has_one_hash(void **state) {
    (void)state;
    uint8_t pixels[N * IMAGE], labels[N] = {0, 0, 1, 1, 1, 2};
    const uint32_t dims[] = {N, SIDE, SIDE, 3};
    char list[1024] = "path,label\n", name[64];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 71);
    make_folder("idx");
    make_idx("idx/all-idx4-ubyte", 4, dims, pixels, sizeof pixels);
    make_idx_labels("idx/all-idx1-ubyte", labels, N);
    make_folder("folder");
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "folder/%d", labels[i]);
        make_folder(name);
        snprintf(name, sizeof name, "folder/%d/%d.png", labels[i], i);
        make_png(name, pixels + i * IMAGE, SIDE, SIDE, 3);
        snprintf(list + strlen(list), 96, "%s,%d\n", name, labels[i]);
    }
    make_text("list.csv", list);
    err e;
    const npz_entry entries[] = {{"images", NPY_U8, 4, {N, SIDE, SIDE, 3}, pixels},
                                 {"labels", NPY_U8, 1, {N}, labels}};
    assert_ok(npz_write_file(temporary_path("data.npz"), entries, 2, &e), e);
    static const char *const sources[][2] = {
        {"idx", "idx"}, {"folder", "folder"}, {"manifest", "list.csv"}, {"npz", "data.npz"}};
    char hash[SHA256_HEX] = "";
    for (int i = 0; i < 4; i++) {
        dataset d;
        open_path(sources[i][0], sources[i][1], &d);
        assert_int_equal(d.n, N);
        assert_int_equal(d.classes, 3);
        if (i == 0) memcpy(hash, d.sha256, sizeof hash);
        if (strcmp(hash, d.sha256) != 0) fail_msg("%s has hash %s, expected %s", d.name, d.sha256, hash);
        dataset_free(&d);
    }
}

/* sha256 of: 2, 1, 2, 1, 1 and labels 1, 0 as 32-bit little-endian words around the pixels 7, 8, 9, 10. */
static void hash_is_as_documented(void **state) {
    (void)state;
    const uint8_t pixels[] = {7, 8, 9, 10}, labels[] = {1, 0};
    const uint32_t dims[] = {2, 1, 2};
    const uint8_t content[] = {2, 0, 0, 0, 1, 0, 0, 0,  2, 0, 0, 0, 1, 0, 0, 0,
                               1, 0, 0, 0, 7, 8, 9, 10, 1, 0, 0, 0, 0, 0, 0, 0};
    char expected[SHA256_HEX];
    dataset d;
    make_folder("tiny");
    make_idx("tiny/i-idx3-ubyte", 3, dims, pixels, 4);
    make_idx_labels("tiny/l-idx1-ubyte", labels, 2);
    open_path("idx", "tiny", &d);
    sha256_of(content, sizeof content, expected);
    assert_string_equal(d.sha256, expected);
    dataset_free(&d);
}

static void images_are_pixels_over_255(void **state) {
    (void)state;
    dataset d;
    float x[784];
    make(3, &d);
    dataset_image(&d, 2, x);
    for (int i = 0; i < 784; i++)
        assert_true(x[i] == (float)((double)d.pixels[2 * 784 + i] / 255.0));
    dataset_free(&d);
}

static void select_keeps_ids_and_columns(void **state) {
    (void)state;
    dataset d, part, again;
    err e;
    const int32_t rows[] = {8, 3, 5}, second[] = {2, 0};
    make(10, &d);
    assert_ok(dataset_select(&d, rows, 3, &part, &e), e);
    assert_ok(dataset_select(&part, second, 2, &again, &e), e);
    assert_int_equal(again.ids[0], 5);
    assert_int_equal(again.ids[1], 8);
    assert_memory_equal(again.pixels, d.pixels + 5 * 784, 784);
    assert_int_equal(again.labels[1], d.labels[8]);
    const column *from = table_find(&d.columns, "size"), *to = table_find(&again.columns, "size");
    assert_string_equal(from->levels[from->codes[8]], to->levels[to->codes[1]]);
    assert_string_equal(again.class_names[4], "triangle");
    dataset_free(&d); /* a copy owns all it has */
    dataset_free(&part);
    assert_string_equal(again.name, "synth:shapes");
    assert_string_equal(again.split, "test");
    dataset_free(&again);
}

static void select_refuses_bad_rows(void **state) {
    (void)state;
    dataset d, part;
    err e;
    const int32_t rows[] = {0, 4};
    make(4, &d);
    assert_int_equal(dataset_select(&d, rows, 2, &part, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "row 4, expected 0..3"));
    assert_null(part.pixels);
    assert_int_equal(dataset_select(&d, rows, 0, &part, &e), STATUS_USAGE);
    dataset_free(&d);
}

static void relabel_leaves_the_source_alone(void **state) {
    (void)state;
    dataset d, changed;
    err e;
    int32_t labels[5] = {4, 4, 4, 4, 4};
    make(5, &d);
    char before[SHA256_HEX];
    memcpy(before, d.sha256, sizeof before);
    assert_ok(dataset_relabel(&d, labels, NULL, &changed, &e), e);
    assert_memory_equal(changed.labels, labels, sizeof labels);
    assert_memory_equal(changed.pixels, d.pixels, 5 * 784);
    assert_string_not_equal(changed.sha256, before);
    assert_string_equal(d.sha256, before);
    assert_int_equal(d.labels[0], 0);
    dataset_free(&changed);
    uint8_t black[5 * 784] = {0};
    assert_ok(dataset_relabel(&d, d.labels, black, &changed, &e), e);
    assert_memory_equal(changed.pixels, black, sizeof black);
    dataset_free(&changed);
    assert_ok(dataset_relabel(&d, d.labels, NULL, &changed, &e), e);
    assert_string_equal(changed.sha256, before);
    dataset_free(&changed);
    labels[3] = 5;
    assert_int_equal(dataset_relabel(&d, labels, NULL, &changed, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "row 3: label 5, expected 0..4"));
    dataset_free(&d);
}

static void samples_are_seeded_sorted_and_fair(void **state) {
    (void)state;
    dataset d;
    err e;
    int32_t *rows, *again;
    int count, seen[20] = {0};
    make(20, &d);
    for (uint64_t seed = 0; seed < 1000; seed++) {
        assert_ok(dataset_sample_rows(&d, seed, 5, &rows, &count, &e), e);
        assert_ok(dataset_sample_rows(&d, seed, 5, &again, &count, &e), e);
        assert_int_equal(count, 5);
        assert_memory_equal(rows, again, 5 * sizeof *rows);
        for (int i = 0; i < 5; i++) {
            assert_true(i == 0 || rows[i] > rows[i - 1]);
            seen[rows[i]]++;
        }
        free(rows);
        free(again);
    }
    for (int i = 0; i < 20; i++)
        assert_in_range(seen[i], 180, 320); /* 250, five standard deviations either way */
    const int all[] = {0, 20, 21};
    for (int i = 0; i < 3; i++) {
        assert_ok(dataset_sample_rows(&d, 0, all[i], &rows, &count, &e), e);
        assert_int_equal(count, 20);
        assert_int_equal(rows[19], 19);
        free(rows);
    }
    assert_int_equal(dataset_sample_rows(&d, 0, -1, &rows, &count, &e), STATUS_USAGE);
    assert_null(rows);
    dataset_free(&d);
}

static void few_per_class_are_nested(void **state) {
    (void)state;
    dataset d;
    err e;
    int32_t *few, *more;
    int n_few, n_more;
    make(20, &d);
    assert_ok(dataset_sample_per_class(&d, 3, 2, &few, &n_few, &e), e);
    assert_ok(dataset_sample_per_class(&d, 3, 4, &more, &n_more, &e), e);
    for (int class = 0; class < d.classes; class ++) {
        int of_class = 0, in_few = 0;
        for (int i = 0; i < d.n; i++)
            of_class += d.labels[i] == class;
        for (int i = 0; i < n_few; i++)
            in_few += d.labels[few[i]] == class;
        assert_int_equal(in_few, of_class < 2 ? of_class : 2);
    }
    for (int i = 0; i < n_few; i++) {
        bool found = false;
        for (int k = 0; k < n_more; k++)
            found |= more[k] == few[i];
        assert_true(found);
        assert_true(i == 0 || few[i] > few[i - 1]);
    }
    free(few);
    free(more);
    assert_int_equal(dataset_sample_per_class(&d, 0, 0, &few, &n_few, &e), STATUS_USAGE);
    dataset_free(&d);
}

static void freeing_twice_is_fine(void **state) {
    (void)state;
    dataset d = {0};
    dataset_free(&d);
    make(2, &d);
    dataset_free(&d);
    dataset_free(&d);
    assert_null(d.pixels);
}

static void names_of_sources_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *specification, *part;
    } cases[] = {{"idx", "expected idx:DIR"},
                 {"mnist:x", "expected mnist"},
                 {"fashon-mnist", "did you mean \"fashion-mnist\""},
                 {"/tmp", "is a path: say what it holds, as in folder:/tmp"},
                 {"a-name-that-is-longer-than-any-prefix-could-be:x", "unknown data"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dataset d;
        err e = {""};
        assert_int_equal(dataset_open(cases[i].specification, NULL, &d, &e), STATUS_USAGE);
        if (!strstr(e.message, cases[i].part)) fail_msg("\"%s\", expected \"%s\"", e.message, cases[i].part);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_content_has_one_hash),
        cmocka_unit_test(hash_is_as_documented),
        cmocka_unit_test(images_are_pixels_over_255),
        cmocka_unit_test(select_keeps_ids_and_columns),
        cmocka_unit_test(select_refuses_bad_rows),
        cmocka_unit_test(relabel_leaves_the_source_alone),
        cmocka_unit_test(samples_are_seeded_sorted_and_fair),
        cmocka_unit_test(few_per_class_are_nested),
        cmocka_unit_test(freeing_twice_is_fine),
        cmocka_unit_test(names_of_sources_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
