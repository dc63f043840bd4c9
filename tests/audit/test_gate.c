/* Verdicts against published and hand-computed bounds, ambiguity, trust, Holm, exit codes, hostile policies. */
#include "tests/support/test.h"

#include <math.h>

#include "audit/gate/verdict.h"
#include "core/outfile.h"

static const char *write_text(const char *name, const char *text) {
    const char *path = temporary_path(name);
    err e;
    assert_ok(outfile_write(path, text, strlen(text), &e), e);
    return path;
}

static policy policy_of(const char *gates) {
    char text[4096];
    snprintf(text, sizeof text, "{\"schema\": \"audit-policy/1\", \"gates\": [%s]}", gates);
    policy p;
    err e;
    assert_ok(policy_read(write_text("policy.json", text), &p, &e), e);
    return p;
}

static json *result_of(const char *rows, const char *warnings) {
    char text[8192];
    int n =
        snprintf(text, sizeof text,
                 "{\"body\": {\"command\": \"attack\", \"rows\": [%s], \"warnings\": [%s]}}", rows, warnings);
    json *out;
    err e;
    assert_ok(json_parse(text, (size_t)n, &out, &e), e);
    return out;
}

#define ROW(metric, attack, group, n, value)                                                                 \
    "{\"metric\": \"" metric "\", \"attack\": \"" attack "\", \"group\": \"" group                           \
    "\", \"eps\": 0.1, \"n\": " #n ", \"value\": " #value ", \"method\": \"wilson\"}"

static verdicts judge(const char *gates, const char *rows, const char *warnings, policy *p) {
    *p = policy_of(gates);
    json *r = result_of(rows, warnings);
    verdicts v;
    err e;
    assert_ok(verdicts_of(p, &r, 1, &v, &e), e);
    json_free(r);
    return v;
}

static void expect(const char *gates, const char *rows, const char *warnings, outcome wanted, int code) {
    policy p;
    verdicts v = judge(gates, rows, warnings, &p);
    assert_int_equal(v.n, 1);
    if (v.list[0].outcome != wanted)
        fail_msg("%s on %s: %s (%s), expected %s", gates, rows, outcome_name(v.list[0].outcome),
                 v.list[0].reason, outcome_name(wanted));
    assert_int_equal(verdicts_exit_code(&v, true), code);
    verdicts_free(&v);
    policy_free(&p);
}

static void three_outcomes(void **state) {
    (void)state;
    /* 950 of 1000: one-sided Clopper-Pearson 95 % bounds .9371 and .9609. */
    const char *row = ROW("accuracy", "none", "all", 1000, 0.95);
    expect("{\"metric\": \"accuracy\", \"min\": 0.937}", row, "", GATE_PASS, 0);
    expect("{\"metric\": \"accuracy\", \"min\": 0.938}", row, "", GATE_INCONCLUSIVE, 4);
    expect("{\"metric\": \"accuracy\", \"min\": 0.960}", row, "", GATE_INCONCLUSIVE, 4);
    expect("{\"metric\": \"accuracy\", \"min\": 0.962}", row, "", GATE_FAIL, 1);
    expect("{\"metric\": \"accuracy\", \"max\": 0.962}", row, "", GATE_PASS, 0);
    expect("{\"metric\": \"accuracy\", \"max\": 0.937}", row, "", GATE_FAIL, 1);
    expect("{\"metric\": \"accuracy\", \"min\": 1}", ROW("accuracy", "none", "all", 50, 1), "",
           GATE_INCONCLUSIVE, 4);
    expect("{\"metric\": \"accuracy\", \"min\": 0}", row, "", GATE_PASS, 0);
}

static void not_evaluable(void **state) {
    (void)state;
    const char *robust = ROW("accuracy", "pgd", "all", 1000, 0.95);
    const char *robust_gate = "{\"metric\": \"accuracy\", \"attack\": \"pgd\", \"min\": 0.5}";
    expect(robust_gate, robust, "", GATE_PASS, 0);
    static const char *const codes[] = {"ZERO_GRAD", "BLACKBOX_STRONGER", "ONE_STEP_STRONGER", "TIME_LIMIT",
                                        "INTERRUPTED"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char warning[64];
        snprintf(warning, sizeof warning, "{\"code\": \"%s\"}", codes[i]);
        expect(robust_gate, robust, warning, GATE_NOT_EVALUABLE, 3);
    }
    expect(robust_gate, ROW("accuracy", "none", "all", 1000, 0.95), "", GATE_NOT_EVALUABLE, 3);
    expect(robust_gate, ROW("accuracy", "pgd", "all", 0, null), "", GATE_NOT_EVALUABLE, 3);
    expect(robust_gate,
           ROW("accuracy", "pgd", "all", 1000, 0.95) "," ROW("accuracy", "pgd", "all", 1000, 0.96), "",
           GATE_NOT_EVALUABLE, 3);
    expect("{\"metric\": \"accuracy\", \"attack\": \"pgd\", \"eps\": 0.2, \"min\": 0.5}", robust, "",
           GATE_NOT_EVALUABLE, 3);
    expect("{\"metric\": \"accuracy\", \"attack\": \"pgd\", \"eps\": \"1/10\", \"min\": 0.5}", robust, "",
           GATE_PASS, 0);
}

static void intervals_decide_gaps(void **state) {
    (void)state;
#define GAP(lo, hi)                                                                                          \
    "{\"metric\": \"error_gap\", \"attack\": \"none\", \"group\": \"a=x\", \"n\": 100, \"value\": 0.05, "    \
    "\"lo\": " #lo ", \"hi\": " #hi ", \"method\": \"newcombe\"}"
    const char *gap_gate = "{\"metric\": \"error_gap\", \"group\": \"a=*\", \"max\": 0.1}";
    expect(gap_gate, GAP(0.01, 0.09), "", GATE_PASS, 0);
    expect(gap_gate, GAP(0.01, 0.11), "", GATE_INCONCLUSIVE, 4);
    expect(gap_gate, GAP(0.11, 0.2), "", GATE_FAIL, 1);
    expect(gap_gate, GAP(null, null), "", GATE_NOT_EVALUABLE, 3);
}

/* One gate at p = .03 fails alone; among many that hold it does not. */
static void holm_protects_many_gates(void **state) {
    (void)state;
    const char *rows = ROW("error", "none", "g=a", 100, 0.12) "," ROW("error", "none", "g=b", 100, 0.06);
    policy p;
    verdicts v = judge("{\"metric\": \"error\", \"group\": \"g=a\", \"max\": 0.065}", rows, "", &p);
    assert_near(v.list[0].p, .0315, .004);
    assert_int_equal(v.list[0].outcome, GATE_FAIL);
    verdicts_free(&v);
    policy_free(&p);
    v = judge("{\"metric\": \"error\", \"group\": \"g=*\", \"max\": 0.065}", rows, "", &p);
    assert_int_equal(v.n, 2);
    assert_int_equal(v.list[0].outcome, GATE_INCONCLUSIVE);
    assert_non_null(strstr(v.list[0].reason, "Holm"));
    verdicts_free(&v);
    policy_free(&p);
}

/* The n that is named does decide: 97 % at n against a limit of 95 %. */
static void needed_rows_decide(void **state) {
    (void)state;
    policy p;
    verdicts v =
        judge("{\"metric\": \"accuracy\", \"min\": 0.95}", ROW("accuracy", "none", "all", 100, 0.97), "", &p);
    int64_t n = v.list[0].n_needed;
    assert_int_equal(v.list[0].outcome, GATE_INCONCLUSIVE);
    assert_in_range(n, 200, 600);
    verdicts_free(&v);
    policy_free(&p);
    char row[256];
    int64_t k = llround(.97 * (double)n);
    snprintf(row, sizeof row,
             "{\"metric\": \"accuracy\", \"attack\": \"none\", \"group\": \"all\", \"n\": %lld, \"value\": "
             "%.12g, \"method\": "
             "\"wilson\"}",
             (long long)n, (double)k / (double)n);
    expect("{\"metric\": \"accuracy\", \"min\": 0.95}", row, "", GATE_PASS, 0);
}

static void junit_is_escaped(void **state) {
    (void)state;
    policy p;
    verdicts v = judge("{\"name\": \"a<b>&\\\"c\\\"\", \"metric\": \"accuracy\", \"min\": 0.99}",
                       ROW("accuracy", "none", "all", 1000, 0.95), "", &p);
    err e;
    const char *path = temporary_path("junit.xml");
    assert_ok(verdicts_write_junit(&v, path, &e), e);
    FILE *f = fopen(path, "r");
    char text[2048] = {0};
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    assert_non_null(strstr(text, "name=\"a&lt;b&gt;&amp;&quot;c&quot; [all]\"><failure message="));
    assert_non_null(strstr(text, "tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\""));
    verdicts_free(&v);
    policy_free(&p);
}

static void bad_policies_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"[]", "expected an object"},
        {"{\"schema\": \"audit-policy/2\", \"gates\": []}", "audit-policy/1"},
        {"{\"schema\": \"audit-policy/1\", \"gates\": []}", "empty"},
        {"{\"schema\": \"audit-policy/1\", \"gates\": [{\"metric\": \"accuracy\"}]}", "exactly one"},
        {"{\"schema\": \"audit-policy/1\", \"gates\": [{\"metric\": \"accuracy\", \"min\": 1, \"max\": 1}]}",
         "exactly one"},
        {"{\"schema\": \"audit-policy/1\", \"gates\": [{\"metric\": \"accuracy\", \"minimum\": 1}]}",
         "minimum"},
        {"{\"schema\": \"audit-policy/1\", \"gates\": [{\"min\": 1}]}", "metric"},
        {"{\"schema\": \"audit-policy/1\", \"alpha\": 0.7, \"gates\": [{\"metric\": \"a\", \"min\": 1}]}",
         "alpha"},
        {"{\"schema\": \"audit-policy/1\", \"gates\": [{\"metric\": \"a\", \"min\": \"x\"}]}", "min"},
        {"{\"schema\": \"audit-policy/1\", \"gates\": [{\"metric\": 3, \"min\": 1}]}", "metric"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        policy p;
        err e = {""};
        assert_int_equal(policy_read(write_text("bad.json", bad[i].text), &p, &e), STATUS_BAD_FILE);
        if (!strstr(e.message, bad[i].message))
            fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].text, e.message, bad[i].message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_outcomes),           cmocka_unit_test(not_evaluable),
        cmocka_unit_test(intervals_decide_gaps),    cmocka_unit_test(holm_protects_many_gates),
        cmocka_unit_test(needed_rows_decide),       cmocka_unit_test(junit_is_escaped),
        cmocka_unit_test(bad_policies_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
