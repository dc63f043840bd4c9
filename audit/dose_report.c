/* Dose-response: statistics over seeds, rows, and the table. */
#include <math.h>
#include <stdio.h>

#include "audit/dose_response.h"
#include "audit/show.h"

static double figure_of(const dose_net *nets, dose_figure f, int i) {
    switch (f) {
    case DOSE_ACCURACY:
        return nets[i].accuracy;
    case DOSE_ACCURACY_CHANGE:
        return nets[i].accuracy - nets[0].accuracy;
    case DOSE_SUCCESS:
        return nets[i].success;
    case DOSE_SUCCESS_CHANGE:
        return nets[i].success - nets[0].success;
    }
    return NAN;
}

double dose_mean(const dose_response *o, dose_figure f, int i, interval *ci) {
    double values[DOSE_SEEDS_MOST];
    for (int seed = 0; seed < o->n_seeds; seed++)
        values[seed] = figure_of(o->nets[seed], f, i);
    *ci = t_interval(values, o->n_seeds, 0.95);
    bool share = f == DOSE_ACCURACY || f == DOSE_SUCCESS; /* whose mean cannot lie outside 0 and 1 */
    if (share && !isnan(ci->lo)) *ci = (interval){fmax(ci->lo, 0), fmin(ci->hi, 1)};
    return mean(values, o->n_seeds);
}

static void record_figure(result *x, const dose_plan *p, const dose_response *o, const char *metric,
                          dose_figure f, int i) {
    char group[40];
    interval ci;
    double value = dose_mean(o, f, i, &ci);
    snprintf(group, sizeof group, "dose=%.10g", p->doses[i]);
    row_key key = {.metric = metric, .attack = poison_name(p->poison.kind), .group = group, .eps = NAN};
    result_value(x, key, o->n_seeds, value, ci, "t", "no test images that count");
}

static json *net_json(const dose_plan *p, const dose_net *made, int seed, int i) {
    json *j = json_new_object();
    bool ok = json_set_int(j, "seed", seed) && json_set_real(j, "dose", p->doses[i]) &&
              json_set_int(j, "poisoned", made->poisoned) &&
              json_set_int(j, "candidates", made->candidates) &&
              json_set_real(j, "accuracy", made->accuracy) && json_set_real(j, "success", made->success) &&
              json_set_int(j, "success_n", made->success_n);
    if (ok) return j;
    json_free(j);
    return NULL;
}

void dose_response_record(result *x, const dose_plan *p, const dose_response *o) {
    const char *success = dose_success_name(&p->poison);
    char change[40];
    snprintf(change, sizeof change, "%s_change", success ? success : "");
    for (int i = 0; i < p->n_doses; i++) {
        record_figure(x, p, o, "accuracy", DOSE_ACCURACY, i);
        record_figure(x, p, o, "accuracy_change", DOSE_ACCURACY_CHANGE, i);
        if (!success) continue;
        record_figure(x, p, o, success, DOSE_SUCCESS, i);
        record_figure(x, p, o, change, DOSE_SUCCESS_CHANGE, i);
    }
    json *nets = json_new_array();
    for (int seed = 0; seed < o->n_seeds; seed++)
        for (int i = 0; i < p->n_doses; i++)
            json_append(nets, net_json(p, &o->nets[seed][i], seed, i));
    result_extra(x, "nets", nets);
}

static void cell_figure(text_table *t, const dose_response *o, dose_figure f, int i) {
    interval ci;
    double value = dose_mean(o, f, i, &ci);
    cell_percent(t, value);
    cell_interval(t, ci);
}

static const char *success_heading(const poison *p) {
    switch (p->kind) {
    case POISON_BADNETS:
        return "trigger works";
    case POISON_PAIRFLIP:
        return "taken for new class";
    default:
        return "error in the subgroup";
    }
}

static const char *success_sentence(const poison *p) {
    switch (p->kind) {
    case POISON_BADNETS:
        return "Trigger works: share of stamped test images, not of the target class, that are taken for it. "
               "At dose 0 it is "
               "what a clean net does.\n";
    case POISON_PAIRFLIP:
        return "Taken for new class: share of test images of the flipped classes that get the label they "
               "were flipped to.\n";
    case POISON_GROUPFLIP:
        return "Error in the subgroup: share of its test images that are wrong.\n";
    case POISON_FLIP:
        break;
    }
    return "";
}

void dose_response_print(const context *c, const dose_plan *p, const dose_response *o) {
    bool success = dose_success_name(&p->poison) != NULL;
    char headings[160];
    snprintf(headings, sizeof headings,
             ">dose|>poisoned|>accuracy|95 %% interval|>change|95 %% interval%s%s%s", success ? "|>" : "",
             success ? success_heading(&p->poison) : "", success ? "|95 % interval" : "");
    text_table t = text_table_new(headings);
    for (int i = 0; i < p->n_doses; i++) {
        const dose_net *made = &o->nets[0][i];
        text_table_cell(&t, "%.4g", p->doses[i]);
        text_table_cell(&t, "%d of %d", made->poisoned, made->candidates);
        cell_figure(&t, o, DOSE_ACCURACY, i);
        if (i > 0) {
            cell_figure(&t, o, DOSE_ACCURACY_CHANGE, i);
        } else { /* the twin itself */
            text_table_cell(&t, "-");
            text_table_cell(&t, "-");
        }
        if (success) cell_figure(&t, o, DOSE_SUCCESS, i);
    }
    text_table_print(&t, context_out(c));
    text_table_free(&t);
    say(c,
        "\n%d net%s per dose; 95 %% t-intervals over seeds. Change: against the clean twin of the same seed, "
        "in points.\n%s",
        o->n_seeds, o->n_seeds == 1 ? "" : "s", success ? success_sentence(&p->poison) : "");
    if (o->n_seeds < 2) say(c, "One seed gives no interval: use --seeds 5 to tell the poison from luck.\n");
}
