#include "audit/result.h"

#include <math.h>

#include "audit/base64.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

static result *sample(void) {
    run r = run_default();
    r.seed = 5;
    result *x = result_new("attack", &r);
    const uint8_t correct[] = {1, 0, 0, 1, 1, 1, 0, 0, 1, 1};
    const int32_t rows[] = {3, 17};
    row_key clean = {.metric = "accuracy", .eps = NAN};
    row_key attacked = {.metric = "accuracy", .attack = "pgd", .norm = "linf", .eps = 8.0 / 255};
    result_setting_number(x, "steps", 40);
    result_setting_number(x, "step-size", 0.1);
    result_setting_text(x, "norm", "linf");
    result_share(x, clean, 6, 10);
    result_share(x, attacked, 0, 0);
    result_value(x, (row_key){.metric = "error_gap", .group = "sex=f", .eps = NAN}, 7, -0.5,
                 (interval){-0.7, -0.2}, "newcombe", NULL);
    result_value(x, (row_key){.metric = "recall", .group = "a=b&c=d", .eps = NAN}, 0, NAN,
                 (interval){NAN, NAN}, NULL, "no images of this class");
    result_outcomes(x, clean, correct, 10);
    result_outcomes(x, attacked, correct, 8);
    result_warning(x, "NOT_FINITE", "2 images gave NaN", rows, 2, "audit inspect model.bin");
    result_cost(x, 1000, 40);
    result_extra(x, "note", json_new_string("any"));
    return x;
}

static const result_run facts = {.argc = 2,
                                 .argv = (char *const[]){(char[]){"audit"}, (char[]){"attack"}},
                                 .threads = 2,
                                 .batch = 128,
                                 .seconds = 1.5,
                                 .reproducible = true};

static void written_and_read(void **state) {
    (void)state;
    err e;
    char path[4096];
    snprintf(path, sizeof path, "%s", temporary_path("result.json"));
    result *x = sample();
    assert_ok(result_write(x, path, &facts, &e), e);
    json *document = assert_result_file(path);
    const json *body = json_get(document, "body");
    assert_string_equal(json_as_string(json_get(json_get(body, "outcomes"), "accuracy")), "OQM=");
    const json *share = json_at(json_get(body, "rows"), 0);
    assert_near(json_as_real(json_get(share, "value"), -1), 0.6, 1e-12);
    assert_near(json_as_real(json_get(share, "lo"), -1), 0.3127, 1e-4); /* Wilson 6/10 */
    assert_near(json_as_real(json_get(share, "hi"), -1), 0.8318, 1e-4);
    assert_string_equal(json_as_string(json_get(json_at(json_get(body, "rows"), 1), "reason")), "no images");

    uint8_t *bits;
    assert_ok(result_read_outcomes(document, "accuracy/pgd/linf/0.03137254902", 8, &bits, &e), e);
    const uint8_t expected[] = {1, 0, 0, 1, 1, 1, 0, 0};
    assert_memory_equal(bits, expected, 8);
    free(bits);
    assert_int_equal(result_read_outcomes(document, "accuracy", 17, &bits, &e), STATUS_BAD_FILE);
    assert_int_equal(result_read_outcomes(document, "absent", 10, &bits, &e), STATUS_BAD_FILE);
    json_free(document);
    result_free(x);
}

static void body_is_the_same_for_the_same_work(void **state) {
    (void)state;
    result *x = sample(), *y = sample();
    char *a = json_text(json_get(result_json(x), "body"), 0),
         *b = json_text(json_get(result_json(y), "body"), 0);
    assert_non_null(a);
    assert_string_equal(a, b);
    free(a);
    free(b);
    result_free(x);
    result_free(y);
}

static void failures_are_kept(void **state) {
    (void)state;
    err e;
    result *x = sample();
    result_setting_text(x, "name", "\xff");
    assert_int_equal(result_write(x, temporary_path("bad.json"), &facts, &e), STATUS_NO_MEMORY);
    result_free(x);
    result_share(NULL, (row_key){.metric = "accuracy"}, 1, 2);
    result_extra(NULL, "key", json_new_int(1));
    assert_int_equal(result_write(NULL, temporary_path("bad.json"), &facts, &e), STATUS_NO_MEMORY);
    FILE *file = fopen(temporary_path("bad.json"), "r");
    assert_null(file);
}

static void assert_refused(const char *text, const char *message) {
    err e;
    json *document;
    assert_ok(json_parse(text, strlen(text), &document, &e), e);
    if (result_check(document, "r.json", &e) != STATUS_BAD_FILE || !strstr(e.message, message))
        fail_msg("%s: \"%s\", expected \"%s\"", text, e.message, message);
    json_free(document);
}

#define BODY(rows, outcomes, warnings)                                                                       \
    "{\"schema\": \"audit-result/1\", \"body\": {\"command\": \"eval\", \"seed\": 0, \"settings\": {}, "     \
    "\"rows\": [" rows "], \"outcomes\": {" outcomes "}, \"warnings\": [" warnings "]}}"
#define ROW(rest) "{\"metric\": \"accuracy\", \"attack\": \"none\", \"group\": \"all\", " rest "}"

static void hostile_documents(void **state) {
    (void)state;
    assert_refused("[]", "expected an object");
    assert_refused("{}", "\"schema\" is missing");
    assert_refused("{\"schema\": \"audit-result/9\"}", "audit-result/9");
    assert_refused("{\"schema\": \"audit-result/1\"}", "body");
    assert_refused(BODY("7", "", ""), "rows[0]: expected an object");
    assert_refused(BODY("{}", "", ""), "metric");
    assert_refused(BODY(ROW("\"n\": -1, \"value\": 1"), "", ""), "n");
    assert_refused(BODY(ROW("\"n\": 1, \"value\": \"x\""), "", ""), "\"value\" is neither");
    assert_refused(BODY(ROW("\"n\": 1, \"value\": null"), "", ""), "reason");
    assert_refused(BODY(ROW("\"n\": 1, \"value\": 2, \"method\": \"wilson\""), "", ""), "share 2");
    assert_refused(BODY(ROW("\"n\": 1, \"value\": 0.5, \"lo\": 0.6, \"hi\": 0.4"), "", ""), "upside down");
    assert_refused(BODY(ROW("\"n\": 1, \"value\": 0.5, \"eps\": -1"), "", ""), "eps");
    assert_refused(BODY("", "\"accuracy\": 3", ""), "outcomes[\"accuracy\"]");
    assert_refused(BODY("", "", "{\"code\": 1}"), "warnings[0]");
}

static void base64_known_answers(void **state) {
    (void)state;
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}}; /* RFC 4648 */
    err e;
    bytes back;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *text = base64_encode("", (const uint8_t *)pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(text, pairs[i][1]);
        free(text);
        assert_ok(base64_decode(pairs[i][1], &back, &e), e);
        assert_int_equal(back.size, strlen(pairs[i][0]));
        assert_memory_equal(back.data, pairs[i][0], back.size);
        bytes_free(&back);
    }
    static const char *const bad[] = {
        "Z", "Zg=", "Zg", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zm9\xc3", "=m8="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (base64_decode(bad[i], &back, &e) != STATUS_BAD_FILE) fail_msg("\"%s\" was taken", bad[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_and_read), cmocka_unit_test(body_is_the_same_for_the_same_work),
        cmocka_unit_test(failures_are_kept), cmocka_unit_test(hostile_documents),
        cmocka_unit_test(base64_known_answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
