/* audit check: the gate of a CI job */
#include <math.h>

#include "audit/command.h"
#include "audit/gate/verdict.h"
#include "audit/text_table.h"

typedef struct check_settings {
    const char *policy, *junit;
    bool strict;
} check_settings;

static const option check_options[] = {{.name = "policy",
                                        .kind = OPTION_FILE,
                                        .offset = offsetof(check_settings, policy),
                                        .metavar = "FILE",
                                        .fallback = "audit.json",
                                        .what = "the limits that must hold"},
                                       {.name = "junit",
                                        .kind = OPTION_OUTPUT,
                                        .offset = offsetof(check_settings, junit),
                                        .metavar = "FILE",
                                        .what = "also write the verdicts as JUnit XML"},
                                       {.name = "strict",
                                        .kind = OPTION_FLAG,
                                        .offset = offsetof(check_settings, strict),
                                        .what = "exit with 4 when a gate is inconclusive"},
                                       {0}};

static void print_verdicts(const context *c, const verdicts *v) {
    text_table t = text_table_new("verdict|gate|group|>n|>value|>bounds|>limit|why");
    for (int i = 0; i < v->n; i++) {
        const verdict *one = &v->list[i];
        text_table_cell(&t, "%s", outcome_name(one->outcome));
        text_table_cell(&t, "%s", one->gate->name);
        text_table_cell(&t, "%s", one->group);
        text_table_cell(&t, "%lld", (long long)one->n);
        text_table_cell(&t, isnan(one->value) ? "-" : "%.4f", one->value);
        text_table_cell(&t, isnan(one->lo) ? "-" : "%.4f..%.4f", one->lo, one->hi);
        text_table_cell(&t, "%s %g", one->gate->at_least ? ">=" : "<=", one->gate->limit);
        if (one->n_needed)
            text_table_cell(&t, "%s; about n = %lld would decide", one->reason, (long long)one->n_needed);
        else
            text_table_cell(&t, "%s", one->reason);
    }
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}

static json *verdict_json(const verdict *v) {
    json *one = json_new_object();
    json_set_string(one, "gate", v->gate->name);
    json_set_string(one, "metric", v->gate->metric);
    json_set_string(one, "group", v->group);
    json_set_string(one, "verdict", outcome_name(v->outcome));
    json_set_string(one, "bound", v->gate->at_least ? "min" : "max");
    json_set_real(one, "limit", v->gate->limit);
    json_set_int(one, "n", v->n);
    json_set_real(one, "value", v->value);
    json_set_real(one, "lo", v->lo);
    json_set_real(one, "hi", v->hi);
    json_set_int(one, "n_needed", v->n_needed);
    json_set_string(one, "reason", v->reason);
    return one;
}

static void fill_result(result *x, const check_settings *o, const policy *p, const verdicts *v) {
    result_setting_number(x, "alpha", p->alpha);
    result_setting_text(x, "strict", o->strict ? "yes" : "no");
    json *list = json_new_array();
    for (int i = 0; i < v->n; i++)
        json_append(list, verdict_json(&v->list[i]));
    result_extra(x, "verdicts", list);
}

static status finish(context *c, const check_settings *o, const policy *p, const verdicts *v, err *e) {
    print_verdicts(c, v);
    status s = o->junit ? verdicts_write_junit(v, o->junit, e) : STATUS_OK;
    if (s != STATUS_OK) return s;
    result *x = result_new("check", &c->run);
    fill_result(x, o, p, v);
    s = context_finish(c, x, STATUS_OK, e);
    result_free(x);
    c->verdict = verdicts_exit_code(v, o->strict);
    static const char *const sentences[] = {[0] = "no gate failed",
                                            [1] = "at least one gate failed",
                                            [3] = "at least one gate could not be evaluated",
                                            [4] =
                                                "at least one gate is inconclusive, and --strict was given"};
    say(c, "%s: exit %d\n", sentences[c->verdict], c->verdict);
    return s;
}

static status run_check(context *c, const void *settings, err *e) {
    const check_settings *o = settings;
    policy p = {0};
    verdicts v = {0};
    json **results = NULL;
    status s = policy_read(o->policy, &p, e);
    if (s == STATUS_OK) s = results_read(c->arguments, c->n_arguments, &results, e);
    if (s == STATUS_OK) s = verdicts_of(&p, results, c->n_arguments, &v, e);
    if (s == STATUS_OK) s = finish(c, o, &p, &v, e);
    verdicts_free(&v);
    results_free(results, c->n_arguments);
    policy_free(&p);
    return s;
}

const command command_check = {
    .name = "check",
    .arguments = "RESULT.json...",
    .fewest = 1,
    .most = -1,
    .what = "apply the limits of a policy to results: the gate of a CI job",
    .about = "Applies every gate of the policy to the rows of the results. A share passes when its one-sided "
             "Clopper-Pearson bound "
             "holds the limit, fails when the other bound breaks it, and is inconclusive in between; the n "
             "that would decide is named. "
             "Exit: 0 pass, 1 a gate failed, 3 a gate could not be evaluated, 4 inconclusive under --strict.",
    .options = check_options,
    .settings_size = sizeof(check_settings),
    .run = run_check};
