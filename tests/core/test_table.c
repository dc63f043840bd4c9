#include "tests/support/test.h"

#include <math.h>

#include "core/table.h"

static table table_of(int n_rows) {
    return (table){.n_rows = n_rows};
}

static void assert_levels(const column *c, int n, const char *const *levels) {
    assert_int_equal(c->n_levels, n);
    for (int i = 0; i < n; i++)
        assert_string_equal(c->levels[i], levels[i]);
}

static void texts_become_sorted_levels(void **state) {
    (void)state;
    const char *texts[] = {"b", "", "a", NULL, "B", "b"};
    table t = table_of(6);
    err e;
    assert_ok(table_add_texts(&t, "letter", texts, &e), e);
    const column *c = table_find(&t, "letter");
    const char *levels[] = {"B", "a", "b"};
    const int32_t codes[] = {2, CATEGORY_MISSING, 1, CATEGORY_MISSING, 0, 2};
    assert_int_equal(c->kind, COLUMN_CATEGORY);
    assert_levels(c, 3, levels);
    assert_memory_equal(c->codes, codes, sizeof codes);
    assert_null(table_find(&t, "Letter"));
    table_free(&t);
    assert_int_equal(t.n_columns, 0);
    table_free(&t);
}

static void numbers_sort_by_value_before_words(void **state) {
    (void)state;
    const char *texts[] = {"nan", "10", "9", "-1", "1.0", "1", "1e3", "x", "0x5", "inf", "1e999", "e", "-"};
    enum { N = sizeof texts / sizeof *texts };
    table t = table_of(N);
    err e;
    assert_ok(table_add_texts(&t, "mixed", texts, &e), e);
    const char *levels[] = {"-1", "1", "1.0", "9", "10", "1e3", "-", "0x5", "1e999", "e", "inf", "nan", "x"};
    assert_levels(table_find(&t, "mixed"), N, levels);
    table_free(&t);
}

static void codes_do_not_depend_on_row_order(void **state) {
    (void)state;
    const char *texts[] = {"c", "a", "b", "a"}, *reversed[] = {"a", "b", "a", "c"};
    table t = table_of(4);
    err e;
    assert_ok(table_add_texts(&t, "one", texts, &e), e);
    assert_ok(table_add_texts(&t, "two", reversed, &e), e);
    for (int i = 0; i < 4; i++)
        assert_int_equal(t.columns[0].codes[i], t.columns[1].codes[3 - i]);
    table_free(&t);
}

static void a_table_owns_copies(void **state) {
    (void)state;
    char name[] = "name", text[] = "text";
    const char *texts[] = {text};
    double number = 3;
    table t = table_of(1);
    err e;
    assert_ok(table_add_texts(&t, name, texts, &e), e);
    assert_ok(table_add_numbers(&t, "number", &number, &e), e);
    name[0] = text[0] = 'X';
    number = 4;
    assert_string_equal(table_find(&t, "name")->levels[0], "text");
    assert_true(table_find(&t, "number")->numbers[0] == 3);
    table_free(&t);
}

static void a_second_column_of_a_name_is_refused(void **state) {
    (void)state;
    const char *texts[] = {"a"};
    double number = 1;
    table t = table_of(1);
    err e;
    assert_ok(table_add_texts(&t, "g", texts, &e), e);
    assert_int_equal(table_add_numbers(&t, "g", &number, &e), STATUS_BAD_FILE);
    assert_non_null(strstr(e.message, "\"g\""));
    assert_int_equal(table_add_texts(&t, "g", texts, NULL), STATUS_BAD_FILE);
    assert_int_equal(t.n_columns, 1);
    table_free(&t);
}

static void many_columns_fit(void **state) {
    (void)state;
    table t = table_of(2);
    err e;
    char name[16];
    for (int i = 0; i < 100; i++) {
        double numbers[] = {i, -i};
        snprintf(name, sizeof name, "c%d", i);
        assert_ok(table_add_numbers(&t, name, numbers, &e), e);
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "c%d", i);
        assert_true(table_find(&t, name)->numbers[1] == -i);
    }
    table_free(&t);
}

static void an_empty_table_is_a_table(void **state) {
    (void)state;
    table t = table_of(0), none;
    err e;
    assert_ok(table_add_texts(&t, "g", NULL, &e), e);
    assert_ok(table_add_numbers(&t, "x", NULL, &e), e);
    assert_ok(table_categorise(&t, "x", 3, &e), e);
    assert_int_equal(table_find(&t, "x")->n_levels, 0);
    assert_ok(table_select(&t, NULL, 0, &none, &e), e);
    assert_int_equal(none.n_columns, 2);
    table_free(&none);
    table_free(&t);
}

static void select_takes_rows_and_keeps_levels(void **state) {
    (void)state;
    const char *texts[] = {"a", "b", NULL, "c"};
    const double numbers[] = {1, 2, 3, NAN};
    table t = table_of(4), s;
    err e;
    assert_ok(table_add_texts(&t, "g", texts, &e), e);
    assert_ok(table_add_numbers(&t, "x", numbers, &e), e);
    const int32_t rows[] = {3, 2, 1, 1};
    assert_ok(table_select(&t, rows, 4, &s, &e), e);
    table_free(&t);
    const char *levels[] = {"a", "b", "c"};
    const int32_t codes[] = {2, CATEGORY_MISSING, 1, 1};
    assert_int_equal(s.n_rows, 4);
    assert_levels(table_find(&s, "g"), 3, levels);
    assert_memory_equal(table_find(&s, "g")->codes, codes, sizeof codes);
    const double *x = table_find(&s, "x")->numbers;
    assert_true(isnan(x[0]) && x[1] == 3 && x[2] == 2 && x[3] == 2);
    table_free(&s);
}

static void select_refuses_rows_outside(void **state) {
    (void)state;
    table t = table_of(3), s;
    err e;
    const int32_t high[] = {0, 3}, low[] = {-1};
    assert_int_equal(table_select(&t, high, 2, &s, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "row 3"));
    assert_int_equal(table_select(&t, low, 1, &s, &e), STATUS_USAGE);
    assert_int_equal(table_select(&t, low, -1, &s, &e), STATUS_USAGE);
    assert_int_equal(s.n_rows, 0);
    table_free(&s);
}

static void few_numbers_become_their_own_levels(void **state) {
    (void)state;
    const double numbers[] = {10, 0.5, NAN, 10, -2};
    table t = table_of(5);
    err e;
    assert_ok(table_add_numbers(&t, "x", numbers, &e), e);
    assert_ok(table_categorise(&t, "x", 3, &e), e);
    const char *levels[] = {"-2", "0.5", "10"};
    const int32_t codes[] = {2, 1, CATEGORY_MISSING, 2, 0};
    const column *c = table_find(&t, "x");
    assert_int_equal(c->kind, COLUMN_CATEGORY);
    assert_levels(c, 3, levels);
    assert_memory_equal(c->codes, codes, sizeof codes);
    assert_ok(table_categorise(&t, "x", 1, &e), e); /* a category stays */
    assert_int_equal(table_find(&t, "x")->n_levels, 3);
    table_free(&t);
}

static void many_numbers_are_cut_at_quantiles(void **state) {
    (void)state;
    enum { N = 1000 };
    double numbers[N];
    for (int i = 0; i < N; i++)
        numbers[i] = i * 7 % N;
    table t = table_of(N);
    err e;
    assert_ok(table_add_numbers(&t, "x", numbers, &e), e);
    assert_ok(table_categorise(&t, "x", 4, &e), e);
    const char *levels[] = {"0..249", "250..499", "500..749", "750..999"};
    assert_levels(table_find(&t, "x"), 4, levels);
    for (int i = 0; i < N; i++)
        assert_int_equal(table_find(&t, "x")->codes[i], (int)numbers[i] / 250);
    table_free(&t);
}

static void equal_numbers_share_a_bin_and_none_is_empty(void **state) {
    (void)state;
    double numbers[20] = {0}; /* 15 zeros, then 1..5 */
    for (int i = 0; i < 5; i++)
        numbers[15 + i] = i + 1;
    table t = table_of(20);
    err e;
    assert_ok(table_add_numbers(&t, "x", numbers, &e), e);
    assert_ok(table_categorise(&t, "x", 4, &e), e);
    const char *levels[] = {"0", "1..5"};
    const column *c = table_find(&t, "x");
    assert_levels(c, 2, levels);
    assert_int_equal(c->codes[0], 0);
    assert_int_equal(c->codes[15], 1);
    table_free(&t);
}

static void close_numbers_get_names_of_their_own(void **state) {
    (void)state;
    const double numbers[] = {1, 1.00000001, 2};
    table t = table_of(3);
    err e;
    assert_ok(table_add_numbers(&t, "x", numbers, &e), e);
    assert_ok(table_categorise(&t, "x", 3, &e), e);
    const char *levels[] = {"1", "1.00000001", "2"};
    assert_levels(table_find(&t, "x"), 3, levels);
    assert_int_equal(table_categorise(&t, "y", 3, &e), STATUS_USAGE);
    assert_int_equal(table_categorise(&t, "x", 0, &e), STATUS_USAGE);
    table_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_sorted_levels),
        cmocka_unit_test(numbers_sort_by_value_before_words),
        cmocka_unit_test(codes_do_not_depend_on_row_order),
        cmocka_unit_test(a_table_owns_copies),
        cmocka_unit_test(a_second_column_of_a_name_is_refused),
        cmocka_unit_test(many_columns_fit),
        cmocka_unit_test(an_empty_table_is_a_table),
        cmocka_unit_test(select_takes_rows_and_keeps_levels),
        cmocka_unit_test(select_refuses_rows_outside),
        cmocka_unit_test(few_numbers_become_their_own_levels),
        cmocka_unit_test(many_numbers_are_cut_at_quantiles),
        cmocka_unit_test(equal_numbers_share_a_bin_and_none_is_empty),
        cmocka_unit_test(close_numbers_get_names_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
