#include "audit/text_table.h"

#include "audit/progress.h"
#include "tests/support/test.h"

static void aligned(void **state) {
    (void)state;
    text_table t = text_table_new("attack|>eps|note");
    text_table_cell(&t, "%s", "clean");
    text_table_cell(&t, "%s", "");
    text_table_cell(&t, "%s", "a");
    text_table_cell(&t, "%s", "Müll");
    text_table_cell(&t, "%.2f", 0.05);
    text_table_cell(&t, "%s", "longer");
    text_table_cell(&t, "%s", "x");
    text_table_cell(&t, "%s", "");
    text_table_cell(&t, "%s", "");
    FILE *file = fopen(temporary_path("table.txt"), "w+");
    text_table_print(&t, file);
    text_table_print(&t, NULL);
    rewind(file);
    char text[256] = "";
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = 0;
    fclose(file);
    assert_string_equal(text, "attack   eps  note\n"
                              "clean         a\n"
                              "Müll    0.05  longer\n"
                              "x\n");
    text_table_free(&t);
}

static void many_rows(void **state) {
    (void)state;
    text_table t = text_table_new("a");
    for (int i = 0; i < 1000; i++)
        text_table_cell(&t, "%d", i);
    assert_int_equal(t.n_cells, 1001);
    assert_string_equal(t.cells[1000], "999");
    assert_string_equal(t.cells[1], "0");
    text_table_free(&t);
}

static void progress_line(void **state) {
    (void)state;
    char text[100];
    progress_text(text, sizeof text, "attack pgd", 0, 250, 1000, 10, "acc 41 %");
    assert_string_equal(text, "attack pgd  25 %  25/s  eta 0:30  acc 41 %");
    progress_text(text, sizeof text, "train", 100, 101, 200, 100, NULL);
    assert_string_equal(text, "train  50 %  0.01/s  eta 2:45:00");
    progress_text(text, sizeof text, "train", 0, 0, 0, 0, NULL);
    assert_string_equal(text, "train  0 %");
    progress quiet = progress_new(true);
    assert_false(quiet.on);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(aligned), cmocka_unit_test(many_rows),
                                       cmocka_unit_test(progress_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
