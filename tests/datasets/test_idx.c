/* IDX: what is found in a folder, what is read, and every way in which such a file can lie. */
#include "tests/support/test.h"

#include "datasets/idx_internal.h"
#include "tests/support/data_files.h"

enum { N = 4 };

static const uint32_t dims[4] = {N, 2, 3, 3};
static const uint8_t labels[N] = {2, 0, 1, 2};
static uint8_t pixels[N * 2 * 3 * 3];

static int fill_pixels(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 29);
    return 0;
}

/* A folder with the pair NAME-images-idx3-ubyte, NAME-labels-idx1-ubyte. */
static void make_pair(const char *folder, const char *name) {
    char path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/%simages-idx3-ubyte", folder, name);
    make_idx(path, 3, dims, pixels, N * 6);
    snprintf(path, sizeof path, "%s/%slabels-idx1-ubyte", folder, name);
    make_idx_labels(path, labels, N);
}

static status open_idx_folder(const char *folder, const char *split, dataset *d, err *e) {
    char specification[512];
    snprintf(specification, sizeof specification, "idx:%s", temporary_path(folder));
    open_options o = {.split = split};
    return dataset_open(specification, &o, d, e);
}

/* Opening must fail with a message that holds `part`. */
static void refuse(const char *folder, const char *split, status expected, const char *part) {
    dataset d;
    err e = {""};
    status s = open_idx_folder(folder, split, &d, &e);
    if (s != expected || !strstr(e.message, part))
        fail_msg("%s: status %d \"%s\", expected %d with \"%s\"", folder, (int)s, e.message, (int)expected,
                 part);
    if (strchr(e.message, '\n')) fail_msg("the message has several lines: %s", e.message);
    assert_null(d.pixels);
    assert_null(d.name);
}

static void reads_grey_and_splits(void **state) {
    (void)state;
    dataset d;
    err e;
    make_pair("splits", "train-");
    make_pair("splits", "t10k-");
    assert_ok(open_idx_folder("splits", "train", &d, &e), e);
    assert_int_equal(d.n, N);
    assert_int_equal(d.classes, 3);
    assert_true(shape_equal(d.image, (shape){2, 3, 1}));
    assert_memory_equal(d.pixels, pixels, N * 6);
    assert_int_equal(d.labels[3], 2);
    assert_int_equal(d.ids[3], 3);
    assert_string_equal(d.class_names[1], "1");
    assert_string_equal(d.name, "idx:splits");
    assert_string_equal(d.split, "train");
    dataset_free(&d);
    assert_ok(open_idx_folder("splits", NULL, &d, &e), e);
    assert_string_equal(d.split, "test");
    dataset_free(&d);
    refuse("splits", "val", STATUS_IO, "t10k-images-idx3-ubyte");
}

static void reads_a_single_pair_of_colour(void **state) {
    (void)state;
    dataset d;
    err e;
    make_folder("single");
    make_idx("single/x-rgb-idx4-ubyte", 4, dims, pixels, sizeof pixels);
    make_idx_labels("single/x-labels-idx1-ubyte", labels, N);
    assert_ok(open_idx_folder("single", "train", &d, &e), e);
    assert_string_equal(d.split, "all");
    assert_true(shape_equal(d.image, (shape){2, 3, 3}));
    assert_memory_equal(d.pixels, pixels, sizeof pixels);
    dataset_free(&d);
    make_idx("single/y-rgb-idx4-ubyte", 4, dims, pixels, sizeof pixels);
    refuse("single", NULL, STATUS_BAD_FILE, "y-rgb-idx4-ubyte");
}

static void gzip_gives_the_same(void **state) {
    (void)state;
    dataset plain, packed;
    err e;
    make_pair("plain", "test-");
    make_folder("packed");
    bytes file;
    assert_ok(file_read(temporary_path("plain/test-images-idx3-ubyte"), 1000, &file, &e), e);
    make_gzip("packed/test-images-idx3-ubyte.gz", file.data, file.size);
    bytes_free(&file);
    make_idx_labels("packed/test-labels-idx1-ubyte", labels, N);
    assert_ok(open_idx_folder("plain", NULL, &plain, &e), e);
    assert_ok(open_idx_folder("packed", NULL, &packed, &e), e);
    assert_string_equal(plain.sha256, packed.sha256);
    dataset_free(&plain);
    dataset_free(&packed);
}

static void other_labels_take_the_place(void **state) {
    (void)state;
    dataset d;
    err e;
    char specification[512];
    const uint8_t other[N] = {1, 1, 0, 0};
    make_folder("lonely");
    make_idx("lonely/test-images-idx3-ubyte", 3, dims, pixels, N * 6);
    snprintf(specification, sizeof specification, "idx:%s", temporary_path("lonely"));
    open_options o = {.labels = make_idx_labels("other", other, N)};
    assert_ok(dataset_open(specification, &o, &d, &e), e);
    assert_int_equal(d.labels[0], 1);
    dataset_free(&d);
    o.labels = make_text("other.csv", "row,label\n3,cat\n1,dog\n0,cat\n2,ant\n");
    assert_ok(dataset_open(specification, &o, &d, &e), e);
    assert_int_equal(d.classes, 3);
    assert_string_equal(d.class_names[d.labels[3]], "cat");
    assert_string_equal(d.class_names[d.labels[2]], "ant");
    dataset_free(&d);
    o.labels = make_text("few.csv", "label\n1\n2\n");
    assert_int_equal(dataset_open(specification, &o, &d, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "2 rows, expected 4"));
    o.labels = make_text("hole.csv", "row,label\n0,1\n2,1\n3,0\n");
    assert_int_equal(dataset_open(specification, &o, &d, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "row 1: the label is missing"));
}

static void nothing_there_says_what_was_tried(void **state) {
    (void)state;
    refuse("absent", NULL, STATUS_IO, "absent");
    make_folder("empty");
    refuse("empty", NULL, STATUS_IO, "found nothing");
    make_folder("half");
    make_idx("half/test-images-idx3-ubyte", 3, dims, pixels, N * 6);
    refuse("half", NULL, STATUS_IO, "idx1-ubyte");
}

/* The images file of folder "bad" is `size` bytes of `data`. */
static void refuse_images(const void *data, size_t size, const char *part) {
    make_pair("bad", "test-");
    make_file("bad/test-images-idx3-ubyte", data, size);
    refuse("bad", NULL, STATUS_BAD_FILE, part);
    refuse("bad", NULL, STATUS_BAD_FILE, "test-images-idx3-ubyte");
}

static void damaged_headers_are_refused(void **state) {
    (void)state;
    const uint8_t magic[] = {0, 0, 8, 9, 0, 0, 0, 1}, shorts[] = {0, 0, 0x0b, 3, 0, 0, 0, 1},
                  cut[] = {0, 0, 8, 3, 0, 0};
    const uint8_t flat[] = {0, 0, 8, 1, 0, 0, 0, 1, 7};
    refuse_images(magic, sizeof magic, "begins with 00000809, expected the IDX magic");
    refuse_images(shorts, sizeof shorts, "begins with 00000b03");
    refuse_images("PNG?", 4, "expected the IDX magic");
    refuse_images("", 0, "0 bytes, expected an IDX header");
    refuse_images(cut, sizeof cut, "6 bytes, expected a header of 16");
    refuse_images(flat, sizeof flat, "rank 1, expected images of rank 3 or 4");
}

static void lying_sizes_are_refused(void **state) {
    (void)state;
    const uint32_t zero[] = {4, 0, 3}, more[] = {5, 2, 3}, fewer[] = {3, 2, 3},
                   huge[] = {0x7fffffff, 0x7fffffff, 0x7fffffff}, negative[] = {0xffffffff, 1, 1},
                   channels[] = {2, 2, 3, 2};
    const struct {
        int rank;
        const uint32_t *sizes;
        const char *part;
    } cases[] = {{3, zero, "size 1 is 0"},
                 {3, more, "40 bytes, expected 46"},
                 {3, fewer, "40 bytes, expected 34"},
                 {3, huge, "sizes overflow"},
                 {3, negative, "size 0 is 4294967295"},
                 {4, channels, "2x3x2, expected"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_pair("lies", "test-");
        make_idx("lies/test-images-idx3-ubyte", cases[i].rank, cases[i].sizes, pixels, N * 6);
        if (cases[i].rank == 4) make_idx_labels("lies/test-labels-idx1-ubyte", labels, 2);
        refuse("lies", NULL, STATUS_BAD_FILE, cases[i].part);
    }
}

static void labels_must_fit(void **state) {
    (void)state;
    make_pair("labels", "test-");
    make_idx_labels("labels/test-labels-idx1-ubyte", labels, N - 1);
    refuse("labels", NULL, STATUS_BAD_FILE, "3 labels, expected 4, one for each image");
    make_idx("labels/test-labels-idx1-ubyte", 3, dims, pixels, N * 6);
    refuse("labels", NULL, STATUS_BAD_FILE, "rank 3, expected labels of rank 1");
}

static void label_out_of_range_names_its_row(void **state) {
    (void)state;
    const uint8_t wrong[N] = {2, 0, 12, 2};
    dataset d;
    err e;
    make_pair("mnist", "t10k-");
    make_idx_labels("mnist/t10k-labels-idx1-ubyte", wrong, N);
    setenv("AUDIT_DATA", temporary_folder(), 1);
    assert_int_equal(dataset_open("mnist", NULL, &d, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "t10k-labels-idx1-ubyte: row 2: label 12, expected 0..9"));
    assert_null(d.labels);
}

/* A hundred megabytes of zeros behind a header of four small images: nothing beyond its promise is inflated. */
static void gzip_bomb_stops(void **state) {
    (void)state;
    enum { LARGE = 100 << 20 };
    uint8_t *zeros = calloc(LARGE, 1);
    assert_non_null(zeros);
    const uint8_t head[16] = {0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 3};
    memcpy(zeros, head, sizeof head);
    make_pair("bomb", "test-");
    remove(temporary_path("bomb/test-images-idx3-ubyte"));
    make_gzip("bomb/test-images-idx3-ubyte.gz", zeros, LARGE);
    free(zeros);
    refuse("bomb", NULL, STATUS_BAD_FILE, "more than 40 bytes");
}

/* Sizes that fit memory, but not what a few gzip bytes can hold: refused before anything is allocated. */
static void gzip_with_a_large_promise_is_refused(void **state) {
    (void)state;
    const uint8_t head[16] = {0, 0, 8, 3, 0, 0x0f, 0, 0, 0, 0, 0, 28, 0, 0, 0, 28};
    make_pair("promise", "test-");
    remove(temporary_path("promise/test-images-idx3-ubyte"));
    make_gzip("promise/test-images-idx3-ubyte.gz", head, sizeof head);
    refuse("promise", NULL, STATUS_BAD_FILE, "header promises 770703376 bytes");
}

static void truncated_gzip_is_refused(void **state) {
    (void)state;
    bytes file;
    err e;
    uint8_t whole[16 + N * 6] = {0, 0, 8, 3, 0, 0, 0, N, 0, 0, 0, 2, 0, 0, 0, 3};
    memcpy(whole + 16, pixels, N * 6);
    make_pair("cut", "test-");
    remove(temporary_path("cut/test-images-idx3-ubyte"));
    const char *path = make_gzip("cut/test-images-idx3-ubyte.gz", whole, sizeof whole);
    assert_ok(file_read(path, 1000, &file, &e), e);
    for (size_t size = 2; size < file.size; size += 3) {
        make_file("cut/test-images-idx3-ubyte.gz", file.data, size);
        refuse("cut", NULL, STATUS_BAD_FILE, "test-images-idx3-ubyte.gz");
    }
    bytes_free(&file);
}

static void real_folders_open(void **state) {
    (void)state;
    static const struct {
        const char *folder, *split;
        int n, channels, class_1;
    } sets[] = {{"data/pneumoniamnist", "train", 4708, 1, 3494},
                {"data/pneumoniamnist", "val", 524, 1, 389},
                {"data/pneumoniamnist", "test", 624, 1, 390},
                {"data/ham10000", "test", 5984, 3, 264}};
    need_file(shared_path("data"));
    for (size_t k = 0; k < sizeof sets / sizeof sets[0]; k++) {
        char specification[512];
        dataset d;
        err e;
        snprintf(specification, sizeof specification, "idx:%s", shared_path(sets[k].folder));
        open_options o = {.split = sets[k].split};
        assert_ok(dataset_open(specification, &o, &d, &e), e);
        int count = 0;
        for (int i = 0; i < d.n; i++)
            count += d.labels[i] == 1;
        assert_int_equal(d.n, sets[k].n);
        assert_int_equal(d.image.c, sets[k].channels);
        assert_int_equal(count, sets[k].class_1);
        dataset_free(&d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_grey_and_splits),
        cmocka_unit_test(reads_a_single_pair_of_colour),
        cmocka_unit_test(gzip_gives_the_same),
        cmocka_unit_test(other_labels_take_the_place),
        cmocka_unit_test(nothing_there_says_what_was_tried),
        cmocka_unit_test(damaged_headers_are_refused),
        cmocka_unit_test(lying_sizes_are_refused),
        cmocka_unit_test(labels_must_fit),
        cmocka_unit_test(label_out_of_range_names_its_row),
        cmocka_unit_test(gzip_bomb_stops),
        cmocka_unit_test(gzip_with_a_large_promise_is_refused),
        cmocka_unit_test(truncated_gzip_is_refused),
        cmocka_unit_test(real_folders_open),
    };
    return cmocka_run_group_tests(tests, fill_pixels, NULL);
}
