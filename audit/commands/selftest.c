/* audit selftest */
#include "audit/selftest/selftest.h"
#include "audit/command.h"
#include "audit/text_table.h"

static json *check_json(const selftest_check *k, bool passed, const char *detail) {
    json *j = json_new_object();
    bool ok = json_set_string(j, "name", k->name) && json_set_bool(j, "passed", passed) &&
              json_set_string(j, "detail", detail);
    if (ok) return j;
    json_free(j);
    return NULL;
}

static status run_selftest(context *c, const void *settings, err *e) {
    (void)settings;
    const selftest_check *k;
    json *list = json_new_array();
    text_table t = text_table_new("|check|what was seen");
    int failed = 0, n = 0;
    for (int i = 0; (k = selftest_at(i)) && !run_cancelled(&c->run); i++, n++) {
        char detail[SELFTEST_DETAIL] = "";
        bool passed = k->passes(&c->run, detail);
        failed += !passed;
        text_table_cell(&t, passed ? "pass" : "FAIL");
        text_table_cell(&t, "%s", k->what);
        text_table_cell(&t, "%s", detail);
        json_append(list, check_json(k, passed, detail));
    }
    text_table_print(&t, context_out(c));
    text_table_free(&t);
    if (failed)
        say(c, "\n%d of %d checks failed: do not trust this build on this machine.\n", failed, n);
    else
        say(c, "\nAll %d checks passed.\n", n);
    result *x = result_new("selftest", &c->run);
    result_extra(x, "checks", list);
    status s = run_cancelled(&c->run) ? err_set(e, STATUS_CANCELLED, "interrupted") : STATUS_OK;
    s = context_finish(c, x, s, e);
    result_free(x);
    c->verdict = failed ? 1 : 0;
    return s;
}

const command command_selftest = {
    .name = "selftest",
    .arguments = "",
    .what = "check the tool itself: known answers, exact oracles, and broken models that must be noticed",
    .about = "Checks that this build tells the truth on this machine. Known answers and all kernels are "
             "compared, attacks on a linear model must "
             "find its exact smallest perturbation, and models that are deliberately broken must raise their "
             "warnings. Exits "
             "with 1 when a check fails.",
    .run = run_selftest};
