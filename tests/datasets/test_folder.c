/* Image files as data: a folder per class, and manifests. */
#include "tests/support/test.h"

#include <sys/stat.h>

#include "datasets/open.h"
#include "tests/support/data_files.h"

static uint8_t square[3 * 3 * 3];

/* A 3 x 3 grey image of one value. */
static void make_image(const char *name, int value) {
    memset(square, value, sizeof square);
    make_png(name, square, 3, 3, 1);
}

static status open_at(const char *prefix, const char *name, open_options o, dataset *d, err *e) {
    char specification[512];
    snprintf(specification, sizeof specification, "%s:%s", prefix, temporary_path(name));
    return dataset_open(specification, &o, d, e);
}

static void refuse(const char *prefix, const char *name, open_options o, status expected, const char *part) {
    dataset d;
    err e = {""};
    status s = open_at(prefix, name, o, &d, &e);
    if (s != expected || !strstr(e.message, part))
        fail_msg("%s:%s: status %d \"%s\", expected %d with \"%s\"", prefix, name, (int)s, e.message,
                 (int)expected, part);
    assert_null(d.pixels);
}

static const char *level_of(const dataset *d, const char *name, int row) {
    const column *c = table_find(&d->columns, name);
    assert_non_null(c);
    return c->codes[row] < 0 ? NULL : c->levels[c->codes[row]];
}

static int make_animals(void **state) {
    (void)state;
    make_folder("animals");
    make_folder("animals/dog");
    make_folder("animals/cat");
    make_image("animals/dog/b.png", 20);
    make_image("animals/dog/a.PNG", 10);
    make_image("animals/cat/z.png", 30);
    make_text("animals/cat/notes.txt", "not an image");
    make_text("animals/readme", "not a class");
    return 0;
}

static void folders_are_classes(void **state) {
    (void)state;
    dataset d;
    err e;
    assert_ok(open_at("folder", "animals", (open_options){0}, &d, &e), e);
    assert_int_equal(d.n, 3);
    assert_int_equal(d.classes, 2);
    assert_string_equal(d.class_names[0], "cat");
    assert_string_equal(d.split, "all");
    assert_string_equal(d.name, "folder:animals");
    const int labels[] = {0, 1, 1}, values[] = {30, 10, 20};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(d.labels[i], labels[i]);
        assert_int_equal(d.pixels[9 * i + 4], values[i]);
    }
    assert_string_equal(level_of(&d, "file", 1), "dog/a.PNG");
    dataset_free(&d);
}

static void sizes_and_channels_follow_the_options(void **state) {
    (void)state;
    dataset d;
    err e;
    assert_ok(open_at("folder", "animals", (open_options){.height = 5, .width = 2, .channels = 3}, &d, &e),
              e);
    assert_true(shape_equal(d.image, (shape){5, 2, 3}));
    assert_int_equal(d.pixels[0], 30);
    dataset_free(&d);
    refuse("folder", "animals", (open_options){.channels = 4}, STATUS_USAGE, "channels");
    refuse("folder", "animals", (open_options){.height = -1}, STATUS_USAGE, "-1");
    refuse("folder", "animals", (open_options){.height = 1 << 20}, STATUS_USAGE, "expected sides up to");
}

static void a_class_that_a_split_lacks_moves_no_label(void **state) {
    (void)state;
    make_folder("parts");
    const char *const folders[] = {"parts/train", "parts/test", "parts/train/10", "parts/train/9",
                                   "parts/test/10"};
    for (int i = 0; i < 5; i++)
        make_folder(folders[i]);
    make_image("parts/train/9/a.png", 1);
    make_image("parts/train/10/a.png", 2);
    make_image("parts/test/10/a.png", 3);
    dataset d;
    err e;
    assert_ok(open_at("folder", "parts", (open_options){.split = "test"}, &d, &e), e);
    assert_int_equal(d.classes, 2);
    assert_string_equal(d.class_names[d.labels[0]], "10"); /* numbers by value: 9 is class 0 */
    assert_int_equal(d.labels[0], 1);
    assert_string_equal(d.split, "test");
    dataset_free(&d);
    refuse("folder", "parts", (open_options){.split = "val"}, STATUS_IO, "no folder for split val");
}

static void bad_folders_are_refused(void **state) {
    (void)state;
    refuse("folder", "nowhere", (open_options){0}, STATUS_IO, "nowhere");
    make_folder("flat");
    make_image("flat/a.png", 1);
    refuse("folder", "flat", (open_options){0}, STATUS_BAD_FILE, "no folders, expected one for each class");
    make_folder("hollow");
    make_folder("hollow/cat");
    refuse("folder", "hollow", (open_options){0}, STATUS_BAD_FILE, "no .png, .jpg or .jpeg file");
    make_text("hollow/cat/broken.jpg", "\xff\xd8\xff\xe0");
    refuse("folder", "hollow", (open_options){0}, STATUS_BAD_FILE, "cat/broken.jpg");
    remove(temporary_path("hollow/cat/broken.jpg"));
    mkfifo(temporary_path("hollow/cat/pipe.png"), 0600);
    refuse("folder", "hollow", (open_options){0}, STATUS_BAD_FILE, "pipe or device");
}

static const char manifest[] = "path,label,sex,age,split\n"
                               "animals/dog/a.PNG,dog,f,4,train\n"
                               "./animals/dog/b.png,dog,,5,test\n"
                               "animals/cat/z.png,cat,m,NA,validation\n"
                               "animals/cat/z.png,ant,m,7,test\n";

static void manifest_gives_rows_groups_and_ids(void **state) {
    (void)state;
    dataset d;
    err e;
    make_text("list.csv", manifest);
    assert_ok(open_at("manifest", "list.csv", (open_options){.split = "test"}, &d, &e), e);
    assert_int_equal(d.n, 2);
    assert_int_equal(d.classes, 3); /* of all splits */
    assert_string_equal(d.class_names[d.labels[0]], "dog");
    assert_string_equal(d.class_names[d.labels[1]], "ant");
    assert_int_equal(d.ids[0], 1);
    assert_int_equal(d.ids[1], 3);
    assert_int_equal(d.pixels[0], 20);
    assert_null(level_of(&d, "sex", 0));
    assert_string_equal(level_of(&d, "sex", 1), "m");
    assert_string_equal(level_of(&d, "file", 0), "./animals/dog/b.png");
    assert_near(table_find(&d.columns, "age")->numbers[1], 7, 0);
    assert_null(table_find(&d.columns, "split"));
    dataset_free(&d);
}

static void bad_manifests_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
        status expected;
    } cases[] = {
        {"a,b\n1,2\n", "no column path", STATUS_BAD_FILE},
        {"path,sex\nx.png,m\n", "no column label", STATUS_BAD_FILE},
        {"path,label\n", "no rows", STATUS_BAD_FILE},
        {"path,label\n,cat\n", "line 2: the path is missing", STATUS_BAD_FILE},
        {"path,label\nanimals/dog/a.PNG,\n", "row 0: the label is missing", STATUS_BAD_FILE},
        {"path,label\nanimals/dog/a.PNG,-1\n", "label \"-1\"", STATUS_BAD_FILE},
        {"path,label\nabsent.png,1\n", "absent.png", STATUS_IO},
        {"path,label\nanimals,1\n", "is a folder", STATUS_BAD_FILE},
        {"path,label\n/dev/zero,1\n", "/dev/zero", STATUS_BAD_FILE},
        {"path,label\nanimals/readme,1\n", "neither PNG nor JPEG", STATUS_BAD_FILE},
        {"path,label,split\nanimals/dog/a.PNG,1,train\n", "no row of split test", STATUS_BAD_FILE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_text("bad.csv", cases[i].text);
        refuse("manifest", "bad.csv", (open_options){0}, cases[i].expected, cases[i].part);
        refuse("manifest", "bad.csv", (open_options){0}, cases[i].expected, "bad.csv");
    }
    refuse("manifest", "none.csv", (open_options){0}, STATUS_IO, "none.csv");
}

/* Groups of a CSV that has bare file names, as metadata often does. */
static void groups_match_files(void **state) {
    (void)state;
    dataset d;
    err e;
    open_options o = {.groups = make_text("meta.csv", "file,coat\nb.png,short\nz.png,long\nelse.png,none\n")};
    assert_ok(open_at("folder", "animals", o, &d, &e), e);
    assert_string_equal(level_of(&d, "coat", 0), "long");
    assert_null(level_of(&d, "coat", 1));
    assert_string_equal(level_of(&d, "coat", 2), "short");
    dataset_free(&d);
    o.groups = make_text("meta.csv", "path,coat\ncat/z.png,long\ndog/b.png,short\n");
    assert_ok(open_at("folder", "animals", o, &d, &e), e);
    assert_string_equal(level_of(&d, "coat", 2), "short");
    dataset_free(&d);
    o.groups = make_text("meta.csv", "file,coat\nx.png,long\n");
    refuse("folder", "animals", o, STATUS_BAD_FILE, "meta.csv: column file: no row belongs to an image");
    o.groups = make_text("meta.csv", "file,coat\nb.png,long\nb.png,short\n");
    refuse("folder", "animals", o, STATUS_BAD_FILE, "\"b.png\" stands in lines 2 and 3");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_classes),
        cmocka_unit_test(sizes_and_channels_follow_the_options),
        cmocka_unit_test(a_class_that_a_split_lacks_moves_no_label),
        cmocka_unit_test(bad_folders_are_refused),
        cmocka_unit_test(manifest_gives_rows_groups_and_ids),
        cmocka_unit_test(bad_manifests_are_refused),
        cmocka_unit_test(groups_match_files),
    };
    return cmocka_run_group_tests(tests, make_animals, NULL);
}
