/* Group columns: how rows are matched, what becomes a number, and image properties. */
#include "tests/support/test.h"

#include <math.h>

#include "datasets/groups.h"
#include "datasets/open.h"
#include "tests/support/data_files.h"

static void make(int n, dataset *d) {
    err e;
    open_options o = {.n = n};
    assert_ok(dataset_open("synth:shapes", &o, d, &e), e);
}

static const char *level_of(const dataset *d, const char *name, int row) {
    const column *c = table_find(&d->columns, name);
    assert_non_null(c);
    assert_int_equal(c->kind, COLUMN_CATEGORY);
    return c->codes[row] < 0 ? NULL : c->levels[c->codes[row]];
}

static void by_order(void **state) {
    (void)state;
    dataset d;
    err e;
    make(3, &d);
    const char *path = make_text("order.csv", ",sex,age,country\n0,f,20,NA\n1,m,NA,DE\n2,,1e1,FR\n");
    assert_ok(groups_add_csv(&d, path, &e), e);
    assert_string_equal(level_of(&d, "sex", 0), "f");
    assert_null(level_of(&d, "sex", 2));
    const column *age = table_find(&d.columns, "age");
    assert_int_equal(age->kind, COLUMN_NUMBER);
    assert_near(age->numbers[0], 20, 0);
    assert_true(isnan(age->numbers[1]));
    assert_near(age->numbers[2], 10, 0);
    assert_string_equal(level_of(&d, "country", 0), "NA"); /* Namibia, among texts */
    assert_int_equal(d.columns.n_columns, 5);              /* size, background and these three */
    dataset_free(&d);
}

static void by_row(void **state) {
    (void)state;
    dataset d;
    err e;
    make(4, &d);
    assert_ok(groups_add_csv(&d, make_text("row.tsv", "sex\trow\nm\t2\nf\t0\nm\t3\n"), &e), e);
    assert_string_equal(level_of(&d, "sex", 0), "f");
    assert_null(level_of(&d, "sex", 1));
    assert_string_equal(level_of(&d, "sex", 2), "m");
    assert_null(table_find(&d.columns, "row"));
    dataset_free(&d);
}

static void by_id_in_a_subset(void **state) {
    (void)state;
    dataset d, part;
    err e;
    make(10, &d);
    const int32_t rows[] = {7, 2};
    assert_ok(dataset_select(&d, rows, 2, &part, &e), e);
    assert_ok(groups_add_csv(&part, make_text("id.csv", "id,g\n2,two\n7,seven\n9,nine\n"), &e), e);
    assert_string_equal(level_of(&part, "g", 0), "seven");
    assert_string_equal(level_of(&part, "g", 1), "two");
    dataset_free(&part);
    dataset_free(&d);
}

/* Groups are matched before rows are chosen, so that a CSV of all rows goes with any --n. */
static void groups_go_before_the_choice(void **state) {
    (void)state;
    uint8_t pixels[20] = {0}, labels[20] = {0};
    const uint32_t dims[] = {20, 1, 1};
    char text[400] = "number\n", specification[512];
    for (int i = 0; i < 20; i++)
        snprintf(text + strlen(text), 8, "%d\n", i * i);
    make_folder("twenty");
    make_idx("twenty/images-idx3-ubyte", 3, dims, pixels, 20);
    make_idx_labels("twenty/labels-idx1-ubyte", labels, 20);
    snprintf(specification, sizeof specification, "idx:%s", temporary_path("twenty"));
    open_options o = {.n = 5, .groups = make_text("all.csv", text)};
    dataset d;
    err e;
    assert_ok(dataset_open(specification, &o, &d, &e), e);
    assert_int_equal(d.n, 5);
    for (int i = 0; i < 5; i++)
        assert_near(table_find(&d.columns, "number")->numbers[i], (double)d.ids[i] * d.ids[i], 0);
    dataset_free(&d);
}

static void bad_files_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"sex\nf\nm\n", "2 rows, expected 4, one for each image"},
        {"sex\n1\n2\n3\n4\n5\n", "5 rows, expected 4"},
        {"sex\n", "no rows under the header"},
        {"row,sex\n0,f\n0,m\n", "row \"0\" stands in lines 2 and 3"},
        {"row,sex\n4,f\n", "line 2: row 4, expected 0..3"},
        {"row,sex\n-1,f\n", "line 2: row \"-1\", expected the number of a row"},
        {"id,sex\nISIC_1,f\n", "line 2: id \"ISIC_1\""},
        {"row\n1\n", "no column besides"},
        {"size\na\nb\nc\nd\n", "column \"size\" appears twice"},
        {"a,b\n1\n", "bad.csv"},
        {"", "bad.csv"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dataset d;
        err e = {""};
        make(4, &d);
        status s = groups_add_csv(&d, make_text("bad.csv", cases[i].text), &e);
        if (s != STATUS_BAD_FILE || !strstr(e.message, cases[i].part) || !strstr(e.message, "bad.csv: "))
            fail_msg("\"%s\": status %d \"%s\", expected \"%s\"", cases[i].text, (int)s, e.message,
                     cases[i].part);
        dataset_free(&d);
    }
}

static void ham10000_metadata_goes_row_by_row(void **state) {
    (void)state;
    char specification[512];
    dataset d;
    err e;
    need_file(shared_path("data/ham10000"));
    snprintf(specification, sizeof specification, "idx:%s", shared_path("data/ham10000"));
    open_options o = {.groups = shared_path("data/ham10000/ham5984-metadata.csv")};
    assert_ok(dataset_open(specification, &o, &d, &e), e);
    const column *label = table_find(&d.columns, "label"), *age = table_find(&d.columns, "age");
    assert_int_equal(age->kind, COLUMN_NUMBER);
    assert_string_equal(level_of(&d, "sex", 0), "male");
    for (int i = 0; i < d.n; i++)
        assert_int_equal((int)label->numbers[i], d.labels[i]);
    dataset_free(&d);
}

/* Nine 2 x 2 images of known brightness, covered area and contrast. */
static void properties_are_thirds(void **state) {
    (void)state;
    uint8_t pixels[9 * 4], labels[9] = {0};
    const uint32_t dims[] = {9, 2, 2};
    char specification[512];
    for (int i = 0; i < 9; i++)
        for (int k = 0; k < 4; k++)
            pixels[4 * i + k] = (uint8_t)(20 * ((i * 4) % 9) + (k < 1 + i % 3 ? 10 + i : 0));
    make_folder("nine");
    make_idx("nine/images-idx3-ubyte", 3, dims, pixels, sizeof pixels);
    make_idx_labels("nine/labels-idx1-ubyte", labels, 9);
    snprintf(specification, sizeof specification, "idx:%s", temporary_path("nine"));
    dataset d;
    err e;
    assert_ok(dataset_open(specification, NULL, &d, &e), e);
    assert_ok(groups_add_properties(&d, &e), e);
    static const char *const thirds[] = {"low", "middle", "high"};
    for (int i = 0; i < 9; i++) {
        assert_string_equal(level_of(&d, "brightness", i), thirds[(i * 4) % 9 / 3]);
        assert_string_equal(level_of(&d, "coverage", i), thirds[i % 3]);
    }
    /* One or three of four light pixels: sd (10 + i) sqrt(3) / 4; two of four: (10 + i) / 2. */
    const char *const contrast[] = {"low",    "low",    "low",  "middle", "high",
                                    "middle", "middle", "high", "high"};
    for (int i = 0; i < 9; i++)
        if (strcmp(level_of(&d, "contrast", i), contrast[i]) != 0)
            fail_msg("contrast of image %d is %s, expected %s", i, level_of(&d, "contrast", i), contrast[i]);
    assert_int_equal(groups_add_properties(&d, &e), STATUS_BAD_FILE);
    dataset_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_order),
        cmocka_unit_test(by_row),
        cmocka_unit_test(by_id_in_a_subset),
        cmocka_unit_test(groups_go_before_the_choice),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(ham10000_metadata_goes_row_by_row),
        cmocka_unit_test(properties_are_thirds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
