/* audit attack: which images, what is said of them, examples of 256 levels, the corpus and the clock. */
#include <math.h>

#include "audit/rows.h"
#include "core/npy.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

#define ATTACK "attack model.bin --data synth:shapes "

static int train_once(void **state) {
    (void)state;
    if (!getenv("AUDIT_BINARY") || !*getenv("AUDIT_BINARY")) return 0;
    cli_expect(0, NULL, "train --data synth:shapes -n 600 --arch lenet5 --epochs 3 --batch 32 -o model.bin");
    return 0;
}

static const json *body_of(const json *document) {
    return json_get(document, "body");
}

static double value_of(const json *document, const char *metric, const char *name, double eps) {
    row_query q = {.metric = metric, .attack = name, .group = "all", .eps = eps};
    const json *row = row_find(body_of(document), &q);
    if (!row) fail_msg("no row %s %s %g", metric, name, eps);
    return row_value(row);
}

static int64_t cost_of(const json *document) {
    const json *cost = json_get(body_of(document), "cost");
    return json_as_int(json_get(cost, "forward"), 0) + 2 * json_as_int(json_get(cost, "backward"), 0);
}

static json *result_of(const char *name) {
    return assert_result_file(temporary_path(name));
}

static void first_images_in_their_order(void **state) {
    (void)state;
    npz z;
    err e;
    cli_expect(0, NULL, ATTACK "--first 7 --attack fgsm --save first.npz --json first.json");
    assert_ok(npz_read_file(temporary_path("first.npz"), &z, &e), e);
    const npy *ids = npz_find(&z, "ids");
    assert_int_equal(ids->count, 7);
    for (int i = 0; i < 7; i++)
        assert_near(npy_number(ids, i), i, 0);
    npz_free(&z);
    json *j = result_of("first.json");
    assert_int_equal(json_as_int(json_get(json_get(body_of(j), "settings"), "first"), 0), 7);
    json_free(j);
    cli c = cli_run(0, NULL, "eval model.bin --data synth:shapes --first 30");
    assert_non_null(strstr(c.out, "30 images"));
    cli_free(&c);
    c = cli_run(0, NULL, "eval model.bin --data npz:first.npz --first 100");
    assert_non_null(strstr(c.out, "7 images"));
    cli_free(&c);
    cli_expect(2, "--first and --n both choose", ATTACK "--first 7 -n 7");
    cli_expect(2, "--first: 0 is below 1", ATTACK "--first 0");
    cli_expect(2, "--first and --n both choose",
               "poison --data synth:shapes --train-n 50 --first 7 -n 7 --doses 0 --seeds 1");
}

static void details_are_the_same_bits(void **state) {
    (void)state;
    cli c = cli_run(0, NULL,
                    ATTACK
                    "-n 60 --attack fgsm,pgd,deepfool --eps .02,.1 -j 1 --batch 128 --uint8 --save one.npz "
                    "--json one.json");
    assert_non_null(strstr(c.out, "stay broken"));
    assert_non_null(strstr(c.out, "lowest"));
    assert_non_null(strstr(c.out, "most often: "));
    assert_non_null(strstr(c.out, "distance (linf) deepfool: median "));
    assert_non_null(
        strstr(c.out, "distance (linf) all of them, to the resolution of the eps tried: median "));
    cli_free(&c);
    cli_expect(0, NULL,
               ATTACK
               "-n 60 --attack fgsm,pgd,deepfool --eps .02,.1 -j 3 --batch 16 --uint8 --save three.npz "
               "--json three.json");
    assert_same_body("one.json", "three.json");
    assert_same_file("one.npz", "three.npz");
    cli_expect(0, NULL, "report one.json -o one.html");
    char *page = slurp("one.html");
    assert_non_null(strstr(page, "Where images are pushed"));
    assert_non_null(strstr(page, "How far images are from being broken"));
    assert_null(strstr(page, ">nan"));
    free(page);
}

/* What is saved with --uint8 is read as bytes and is as wrong as was said. */
static void saved_bytes_are_what_was_judged(void **state) {
    (void)state;
    npz z;
    err e;
    cli_expect(0, NULL, ATTACK "-n 50 --attack pgd --eps 20/255 --uint8 --save bytes.npz --json bytes.json");
    assert_ok(npz_read_file(temporary_path("bytes.npz"), &z, &e), e);
    const npy *images = npz_find(&z, "images"), *originals = npz_find(&z, "originals");
    assert_int_equal(images->type, NPY_U8);
    for (int64_t i = 0; i < images->count; i++)
        assert_true(fabs(npy_number(images, i) - npy_number(originals, i)) <= 20);
    npz_free(&z);
    cli_expect(0, NULL, "eval model.bin --data npz:bytes.npz --json bytes-eval.json");
    json *a = result_of("bytes.json"), *b = result_of("bytes-eval.json");
    double rounded = value_of(a, "uint8_accuracy", "pgd", 20.0 / 255);
    assert_near(rounded, value_of(b, "accuracy", "none", NAN), 1e-12);
    assert_true(rounded >= value_of(a, "accuracy", "pgd", 20.0 / 255));
    assert_true(rounded < value_of(a, "accuracy", "none", NAN));
    json_free(a);
    json_free(b);
    cli_expect(2, "give --save", ATTACK "--uint8");
    cli_expect(0, NULL, ATTACK "-n 20 --attack pgd --eps .05 --save floats.npz");
    cli_expect(2, "float values", "attack model.bin --data npz:floats.npz --uint8 --save again.npz");
    cli_expect(0, NULL, "attack model.bin --data npz:floats.npz --attack fgsm"); /* without that figure */
}

static void corpus_is_tried_first(void **state) {
    (void)state;
    cli_expect(0, NULL, ATTACK "--first 40 --attack pgd --eps .02,.05 --corpus kept.npz --json c1.json");
    cli_expect(0, NULL, ATTACK "--first 40 -j 3 --batch 8 --attack pgd --eps .02,.05 --corpus kept3.npz");
    assert_same_file("kept.npz", "kept3.npz");
    cli c = cli_run(0, NULL, ATTACK "--first 40 --attack pgd --eps .02,.05 --corpus kept.npz --json c2.json");
    assert_non_null(strstr(c.out, "0 new or nearer"));
    cli_free(&c);
    json *a = result_of("c1.json"), *b = result_of("c2.json");
    for (int i = 0; i < 2; i++) {
        double eps = i ? 0.05 : 0.02, found = value_of(a, "accuracy", "corpus+pgd", eps);
        assert_near(value_of(a, "accuracy", "corpus", eps), value_of(a, "accuracy", "none", NAN), 1e-12);
        assert_near(value_of(b, "accuracy", "corpus", eps), found, 1e-12);
        assert_near(value_of(b, "accuracy", "corpus+pgd", eps), found, 1e-12);
        assert_true(found < value_of(a, "accuracy", "none", NAN));
    }
    assert_true(cost_of(b) < cost_of(a));
    json_free(a);
    json_free(b);
    assert_same_file("kept.npz", "kept3.npz");
}

static void corpus_serves_the_cascade_and_other_eps(void **state) {
    (void)state;
    cli_expect(0, NULL, ATTACK "--first 12 --attack pgd --eps .05 --corpus more.npz");
    cli_expect(0, NULL, ATTACK "--first 16 --attack auto --eps .05 --corpus more.npz --json m.json");
    json *a = result_of("m.json");
    assert_true(value_of(a, "accuracy", "auto/apgd-ce", 0.05) <= value_of(a, "accuracy", "corpus", 0.05));
    assert_true(value_of(a, "accuracy", "auto", 0.05) <= value_of(a, "accuracy", "auto/apgd-ce", 0.05));
    const json *settings = json_get(json_get(body_of(a), "settings"), "corpus");
    assert_string_equal(json_as_string(json_get(settings, "name")), "more.npz");
    json_free(a);
}

static void corpus_refusals(void **state) {
    (void)state;
    cli_expect(0, NULL, ATTACK "--first 40 --attack pgd --eps .1 --corpus mine.npz");
    cli_expect(0, NULL, ATTACK "--first 40 --attack pgd --eps .1 --corpus copy.npz");
    cli_expect(2, "norm linf, this run needs l2", ATTACK "--first 40 --norm l2 --corpus mine.npz");
    cli_expect(2, "belongs to other data", ATTACK "--first 40 --seed 9 --corpus mine.npz");
    cli_expect(2, "leave --targeted out", ATTACK "--first 40 --targeted next --corpus mine.npz");
    cli_expect(2, "leave --no-drop out", ATTACK "--first 40 --no-drop --corpus mine.npz");
    cli_expect(2, "expected a file", ATTACK "--first 40 --corpus -");
    cli_expect(0, NULL, ATTACK "--first 10 --attack pgd --eps .1 --save adv.npz");
    cli_expect(2, "\"hashes\" is missing", ATTACK "--first 10 --corpus adv.npz");
    cli_expect(2, "model.bin", ATTACK "--first 10 --corpus model.bin");
    assert_same_file("mine.npz", "copy.npz"); /* none of this wrote to it */
}

static void time_budget_gives_bounds(void **state) {
    (void)state;
    cli c =
        cli_run(0, "TIME_BUDGET",
                ATTACK "-n 500 --attack fgsm,pgd --eps 1e-9 --steps 100000 --time-budget 1 --json late.json");
    assert_non_null(strstr(c.out, "time was over"));
    cli_free(&c);
    json *a = result_of("late.json");
    assert_false(json_as_bool(json_get(json_get(a, "run"), "reproducible"), true));
    double clean = value_of(a, "accuracy", "none", NAN);
    assert_near(value_of(a, "accuracy", "fgsm", 1e-9), clean, 1e-12);
    row_query q = {.metric = "finished_accuracy", .eps = NAN};
    const json *row = row_find(body_of(a), &q);
    assert_non_null(row);
    assert_true(row_n(row) < 500);
    json_free(a);
    FILE *policy = fopen(temporary_path("policy.json"), "w");
    fputs("{\"schema\": \"audit-policy/1\", \"gates\": [{\"metric\": \"accuracy\", \"attack\": \"fgsm\", "
          "\"min\": 0.1}]}",
          policy);
    fclose(policy);
    cli_expect(3, NULL, "check late.json --policy policy.json");
    cli_expect(0, NULL, ATTACK "-n 50 --attack fgsm --time-budget 600 --json early.json");
    a = result_of("early.json");
    assert_true(json_as_bool(json_get(json_get(a, "run"), "reproducible"), false));
    assert_int_equal(json_as_int(json_get(json_get(body_of(a), "settings"), "time_budget"), 0), 600);
    json_free(a);
    cli_expect(2, "leave --no-drop out", ATTACK "-n 50 --time-budget 5 --no-drop");
    cli_expect(2, "--time-budget: 0 is below 1", ATTACK "-n 50 --time-budget 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(first_images_in_their_order),
                                       cmocka_unit_test(details_are_the_same_bits),
                                       cmocka_unit_test(saved_bytes_are_what_was_judged),
                                       cmocka_unit_test(corpus_is_tried_first),
                                       cmocka_unit_test(corpus_serves_the_cascade_and_other_eps),
                                       cmocka_unit_test(corpus_refusals),
                                       cmocka_unit_test(time_budget_gives_bounds)};
    return cmocka_run_group_tests(tests, train_once, NULL);
}
