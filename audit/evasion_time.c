/* What holds of attacks whose time was over. */
#include <math.h>
#include <stdio.h>

#include "audit/evasion_details.h"
#include "audit/show.h"

/* Whether more time would change nothing at eps index i. */
static bool is_decided(const evasion_plan *p, const evasion *v, int row, int i) {
    return v->best.broken_at[row] <= i || (v->n_done == p->n_methods && v->best.finished[row]);
}

typedef struct finished_count {
    int64_t n, kept; /* with targets, of those that were right: not moved; else right under attack */
} finished_count;

static finished_count count(const dataset *d, const evasion_plan *p, const evasion *v, int i) {
    finished_count c = {0};
    for (int row = 0; row < d->n; row++) {
        bool counts = is_decided(p, v, row, i) && (!p->targets || v->best.clean_correct[row]);
        c.n += counts;
        c.kept += counts && v->best.broken_at[row] > i;
    }
    return c;
}

void evasion_record_time(result *x, const dataset *d, const evasion_plan *p, const evasion *v) {
    char text[200], name[EVASION_NAME];
    if (p->seconds <= 0) return;
    result_setting_number(x, "time_budget", p->seconds);
    if (!v->out_of_time) return;
    snprintf(
        text, sizeof text,
        "stopped after %g s, in or before %s: images that were not finished count as right, and how many "
        "those are depends on the machine",
        p->seconds, p->methods[v->cut_short ? v->n_done - 1 : v->n_done]->name);
    result_warning(x, "TIME_BUDGET", text, NULL, 0, "audit attack with a larger --time-budget");
    for (int i = 0; i < p->n_eps; i++) {
        finished_count c = count(d, p, v, i);
        row_key key = {.metric = p->targets ? "finished_target_success" : "finished_accuracy",
                       .attack = evasion_name(p, evasion_overall(v), name),
                       .norm = norm_name(p->norm),
                       .eps = p->eps[i]};
        result_share(x, key, p->targets ? c.n - c.kept : c.kept, c.n);
    }
}

void evasion_print_time(const context *c, const dataset *d, const evasion_plan *p, const evasion *v) {
    if (!v->out_of_time) return;
    text_table t = text_table_new(p->targets ? "time was over|>eps|>finished|>to target|95 % interval"
                                             : "time was over|>eps|>finished|>accuracy|95 % interval");
    for (int i = 0; i < p->n_eps; i++) {
        finished_count f = count(d, p, v, i);
        text_table_cell(&t, "%lld of %d methods begun", (long long)v->n_done, p->n_methods);
        text_table_cell(&t, "%.4g", p->eps[i]);
        cell_share(&t, p->targets ? f.n - f.kept : f.kept, f.n);
    }
    say(c, "\n");
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}
