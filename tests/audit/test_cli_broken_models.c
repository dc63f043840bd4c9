/* Models whose logits are tied, the same for every image, or not finite: never right, warned about, and no gate on their
 * accuracy under attack passes: the attack was blind, or nothing is right. */
#include "core/json.h"
#include "core/outfile.h"
#include "nets/model_file.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

/* Writes `name`: the trained model with every weight of its last layer set to `weight` and bias i to i * `slope`. */
static void spoil(const char *name, float weight, float slope) {
    err e;
    model_file m;
    assert_ok(model_file_read(temporary_path("model.bin"), &m, &e), e);
    const net_param *w = &m.net->params[m.net->n_params - 2], *b = w + 1;
    for (size_t i = 0; i < w->size; i++)
        m.weights.data[w->offset + i] = i % 2 ? weight : -weight;
    for (size_t i = 0; i < b->size; i++)
        m.weights.data[b->offset + i] = (float)i * slope;
    assert_ok(model_file_write(temporary_path(name), m.net, &m.weights, (const char *const *)m.class_names,
                               m.recipe, &e),
              e);
    model_file_free(&m);
}

static int make_models(void **state) {
    (void)state;
    if (!getenv("AUDIT_BINARY") || !*getenv("AUDIT_BINARY")) return 0;
    cli_expect(0, NULL, "train --data synth:shapes -n 200 --arch linear --epochs 1 -o model.bin");
    spoil("tied.bin", 0, 0);
    spoil("constant.bin", 0, 1);
    spoil("infinite.bin", 3e38F, 0);
    static const char policy[] = "{\"schema\": \"audit-policy/1\", \"gates\": [{\"metric\": \"accuracy\", "
                                 "\"attack\": \"pgd\", \"min\": 0.05}]}";
    err e;
    assert_ok(outfile_write(temporary_path("policy.json"), policy, sizeof policy - 1, &e), e);
    return 0;
}

static bool warns(const char *file, const char *code) {
    json *result = assert_result_file(temporary_path(file));
    const json *list = json_get(json_get(result, "body"), "warnings");
    bool found = false;
    for (size_t i = 0; i < json_count(list); i++)
        found = found || strcmp(json_as_string(json_get(json_at(list, i), "code")), code) == 0;
    json_free(result);
    return found;
}

/* The first row: clean accuracy of all images. */
static double accuracy(const char *file) {
    json *result = assert_result_file(temporary_path(file));
    double value =
        json_as_real(json_get(json_at(json_get(json_get(result, "body"), "rows"), 0), "value"), -1);
    json_free(result);
    return value;
}

static void judge(const char *model, const char *clean_code, const char *attacked_code, double most) {
    cli_expect(0, clean_code, "eval %s --data synth:shapes -n 100 --json clean.json", model);
    cli_expect(0, attacked_code,
               "attack %s --data synth:shapes -n 100 --attack pgd --eps .1 --steps 3 --json hit.json", model);
    if (!warns("clean.json", clean_code)) fail_msg("%s: eval did not raise %s", model, clean_code);
    if (!warns("hit.json", attacked_code)) fail_msg("%s: attack did not raise %s", model, attacked_code);
    if (accuracy("clean.json") > most || accuracy("hit.json") > most)
        fail_msg("%s: accuracy above %g", model, most);
}

/* The gate on the figures of the last judge(). */
static void gate(int code, const char *what, const char *why) {
    cli c = cli_run(code, NULL, "check --policy policy.json hit.json");
    if (!strstr(c.out, what) || !strstr(c.out, why)) fail_msg("expected %s, %s: %s", what, why, c.out);
    cli_free(&c);
}

static void tied(void **state) {
    (void)state;
    judge("tied.bin", "TIED", "TIED", 0);
    gate(1, "fail", "breaks the limit");
}

static void sheet_of_nothing(void **state) {
    (void)state;
    cli_expect(0, "NO_SHEET",
               "attack tied.bin --data synth:shapes -n 20 --attack fgsm --eps .1 --sheet none.png");
    assert_no_file_like("none.png");
}

static void not_finite(void **state) {
    (void)state;
    judge("infinite.bin", "NOT_FINITE", "NOT_FINITE", 0);
    gate(3, "not evaluable", "NOT_FINITE");
}

/* One class always wins: right for that class, by its definition, and blind. */
static void constant(void **state) {
    (void)state;
    judge("constant.bin", "CONSTANT", "ZERO_GRAD", 0.3);
    gate(3, "not evaluable", "ZERO_GRAD");
}

static void healthy_model_is_judged(void **state) {
    (void)state;
    cli_expect(
        0, NULL,
        "attack model.bin --data synth:shapes -n 100 --attack pgd --eps .001 --steps 3 --json hit.json");
    gate(0, "pass", "holds the limit");
}

/* The panel stands in the result, is paid for, and can be left out. */
static void panel(void **state) {
    (void)state;
    static const char command[] =
        "attack model.bin --data synth:shapes -n 30 --attack pgd --eps .02 --steps 5";
    int64_t forwards[2];
    for (int without = 0; without < 2; without++) {
        cli_expect(0, NULL, "%s%s --json panel.json", command, without ? " --no-panel" : "");
        json *result = assert_result_file(temporary_path("panel.json"));
        const json *body = json_get(result, "body"), *looked = json_get(json_get(body, "extra"), "panel");
        forwards[without] = json_as_int(json_get(json_get(body, "cost"), "forward"), 0);
        assert_int_equal(looked == NULL, without);
        assert_int_equal(json_as_bool(json_get(json_get(body, "settings"), "panel"), false), !without);
        assert_string_equal(json_as_string(json_get(json_at(json_get(body, "rows"), 1), "trust")), "limited");
        if (!without) assert_true(json_as_int(json_get(looked, "forward"), 0) < forwards[0]);
        json_free(result);
    }
    assert_true(forwards[0] > forwards[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tied),     cmocka_unit_test(sheet_of_nothing),        cmocka_unit_test(not_finite),
        cmocka_unit_test(constant), cmocka_unit_test(healthy_model_is_judged), cmocka_unit_test(panel)};
    return cmocka_run_group_tests(tests, make_models, NULL);
}
