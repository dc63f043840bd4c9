/* The demo from end to end, on generated images. */
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

static void everything_is_written(void **state) {
    (void)state;
    cli c = cli_run(0, NULL, "demo --data synth:shapes --out . --json demo.json");
    assert_non_null(strstr(c.out, "$ audit train"));
    assert_non_null(strstr(c.out, "Open ./report.html"));
    cli_free(&c);
    static const char *const results[] = {"train.json",    "eval.json",   "attack.json",
                                          "fairness.json", "poison.json", "demo.json"};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        json_free(assert_result_file(temporary_path(results[i])));
    static const char *const parts[] = {"</html>", "pgd", "brightness", "badnets", "data:image/png;base64,"};
    char *page = slurp("report.html");
    assert_non_null(page);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(page, parts[i])) fail_msg("the report has no \"%s\"", parts[i]);
    free(page);
    cli_expect(0, NULL, "inspect model.bin");
    cli_expect(2, "no/such", "demo --out no/such/folder");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_is_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
