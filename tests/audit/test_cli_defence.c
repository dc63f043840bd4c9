/* Defences on the command line: a zero gradient and what BPDA makes of it, random defences, gates, bad options. */
#include "core/json.h"
#include "core/outfile.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

#define ATTACK "attack model.bin --data synth:shapes -n 40 --attack pgd --eps .05 --steps 6 "

static int train_once(void **state) {
    (void)state;
    if (!getenv("AUDIT_BINARY") || !*getenv("AUDIT_BINARY")) return 0;
    cli_expect(0, NULL, "train --data synth:shapes -n 300 --arch lenet5 --epochs 2 --batch 32 -o model.bin");
    return 0;
}

static json *body_of(const char *file, json **document) {
    *document = assert_result_file(temporary_path(file));
    return json_get(*document, "body");
}

/* Row 0: unchanged images; row 1: attacked. */
static double accuracy(const char *file, size_t row) {
    json *document, *body = body_of(file, &document);
    double value = json_as_real(json_get(json_at(json_get(body, "rows"), row), "value"), -1);
    json_free(document);
    return value;
}

static bool warns(const char *file, const char *code, const char *next) {
    json *document;
    const json *list = json_get(body_of(file, &document), "warnings");
    bool found = false;
    for (size_t i = 0; i < json_count(list); i++)
        found |= strcmp(json_as_string(json_get(json_at(list, i), "code")), code) == 0 &&
                 strstr(json_as_string(json_get(json_at(list, i), "next")), next) != NULL;
    json_free(document);
    return found;
}

static void check(int code, const char *gates, const char *file, const char *what) {
    char text[512];
    int n = snprintf(text, sizeof text, "{\"schema\": \"audit-policy/1\", \"gates\": [%s]}", gates);
    err e;
    assert_ok(outfile_write(temporary_path("policy.json"), text, (size_t)n, &e), e);
    cli c = cli_run(code, NULL, "check --policy policy.json %s", file);
    if (!strstr(c.out, what)) fail_msg("expected \"%s\": %s", what, c.out);
    cli_free(&c);
}

static void bpda_sees_what_a_zero_gradient_hides(void **state) {
    (void)state;
    cli_expect(0, "--bpda", ATTACK "--defence quantize:16 --json blind.json");
    cli c =
        cli_run(0, NULL,
                ATTACK "--no-panel --defence quantize:16 --bpda --json bpda.json --save b.npz --sheet b.png");
    assert_non_null(strstr(c.out, "behind quantize:16"));
    cli_free(&c);
    assert_true(warns("blind.json", "ZERO_GRAD", "--bpda"));
    assert_false(warns("bpda.json", "ZERO_GRAD", ""));
    assert_near(accuracy("blind.json", 0), accuracy("bpda.json", 0), 0);
    assert_true(accuracy("bpda.json", 1) < accuracy("blind.json", 1) - 0.1);
    cli_expect(0, NULL, "eval model.bin --data synth:shapes -n 40 --defence quantize:16 --json eval.json");
    assert_near(accuracy("eval.json", 0), accuracy("bpda.json", 0), 0);
    static const char alone[] = "{\"metric\": \"accuracy\", \"attack\": \"pgd\", \"min\": 0.0}",
                      behind[] = "{\"metric\": \"accuracy\", \"attack\": \"pgd\", \"min\": 0.0, "
                                 "\"defence\": \"quantize:16\"}";
    check(3, alone, "bpda.json", "no row of the results fits");
    check(0, behind, "bpda.json", "pass");
    check(3, behind, "blind.json", "ZERO_GRAD");
    cli_expect(0, NULL, ATTACK "--json plain.json");
    check(3, behind, "plain.json", "no row of the results fits");
    cli_expect(0, NULL, "report bpda.json -o page.html");
    char *page = slurp("page.html");
    assert_non_null(strstr(page, "the model behind quantize:16, with BPDA"));
    free(page);
}

static void random_defences(void **state) {
    (void)state;
    static const char chain[] = "--defence shift:2,noise:.05 --votes 4 --seed 4";
    cli_expect(0, "NO_EOT", ATTACK "%s --json one.json", chain);
    assert_true(warns("one.json", "NO_EOT", "--eot"));
    cli_expect(0, NULL, ATTACK "%s --eot 3 --threads 1 --json eot.json --save 1.npz", chain);
    cli_expect(0, NULL, ATTACK "%s --eot 3 --threads 3 --batch 7 --json again.json --save 2.npz", chain);
    assert_same_body("eot.json", "again.json");
    assert_same_file("1.npz", "2.npz");
    assert_false(warns("eot.json", "NO_EOT", ""));
    cli_expect(0, NULL, "eval model.bin --data synth:shapes -n 40 %s --threads 2 --json eval.json", chain);
    assert_near(accuracy("eval.json", 0), accuracy("eot.json", 0), 0);
    json *document, *body = body_of("eot.json", &document);
    const json *defence = json_get(json_get(body, "settings"), "defence");
    assert_string_equal(json_as_string(json_get(defence, "chain")), "shift:2,noise:0.05");
    assert_int_equal(json_as_int(json_get(defence, "votes"), 0), 4);
    assert_int_equal(json_as_int(json_get(defence, "eot"), 0), 3);
    assert_true(json_is_object(json_get(json_get(json_get(body, "extra"), "verdicts_of_draws"), "pgd")));
    json_free(document);
    body = body_of("eval.json", &document);
    assert_int_equal(json_as_int(json_get(json_get(body, "cost"), "forward"), 0), 40 * 4);
    json_free(document);
    check(3,
          "{\"metric\": \"accuracy\", \"attack\": \"pgd\", \"min\": 0, \"defence\": \"shift:2,noise:0.05\"}",
          "one.json", "NO_EOT");
    cli c = cli_run(0, NULL, "attack model.bin --data synth:shapes -n 10 --attack auto --eps .02 %s --eot 2",
                    chain);
    assert_non_null(strstr(c.out, "apgd-dlr"));
    assert_null(strstr(c.out, "fab"));
    cli_free(&c);
}

static void options_that_have_no_use(void **state) {
    (void)state;
    cli_expect(2, "--defence: unknown defence", ATTACK "--defence quantise:4");
    cli_expect(2, "--defence: quantize, expected quantize:N", ATTACK "--defence quantize");
    cli_expect(2, "--bpda: there is no --defence", ATTACK "--bpda");
    cli_expect(2, "--bpda: every step", ATTACK "--defence blur:1 --bpda");
    cli_expect(2, "--eot: there is no random --defence", ATTACK "--eot 5");
    cli_expect(2, "--eot: there is no random --defence", ATTACK "--defence quantize:4 --eot 5");
    cli_expect(2, "--votes: there is no random --defence", ATTACK "--defence blur:1 --votes 5");
    cli_expect(2, "--eot", ATTACK "--defence noise:.1 --eot 33");
    cli_expect(2, "smallest distance",
               "attack model.bin --data synth:shapes -n 5 --attack fmn --eps .1 --defence noise:.1");
    cli_expect(2, "--eot", "eval model.bin --data synth:shapes --defence noise:.1 --eot 2");
    cli_expect(2, "defence", "fairness model.bin --data synth:shapes --defence noise:.1");
    cli_expect(2, "not together with --defence",
               "eval model.bin --data synth:shapes --defence noise:.1 --mc-dropout 3");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bpda_sees_what_a_zero_gradient_hides),
        cmocka_unit_test(random_defences),
        cmocka_unit_test(options_that_have_no_use),
    };
    return cmocka_run_group_tests(tests, train_once, NULL);
}
