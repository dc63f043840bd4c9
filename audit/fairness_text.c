#include "audit/fairness_text.h"

#include <math.h>
#include <string.h>

#include "audit/rows.h"
#include "audit/show.h"
#include "audit/text_table.h"

/* A difference of shares in points: "+1.3", "-" for what is not defined. */
static void cell_points(text_table *t, const json *row) {
    double value = row_value(row);
    text_table_cell(t, isnan(value) ? "-" : "%+.1f", 100 * value);
    interval i = row_interval(row);
    text_table_cell(t, isnan(i.lo) ? "-" : "[%+.1f, %+.1f]", 100 * i.lo, 100 * i.hi);
}

static const json *find(const json *body, const char *metric, const json *of, const char *method) {
    row_query q = {.metric = metric,
                   .attack = row_text(of, "attack"),
                   .group = row_text(of, "group"),
                   .method = method,
                   .eps = row_eps(of)};
    return row_find(body, &q);
}

/* The row whose metric begins with "worst_recall:" and belongs to the condition and group of `of`. */
static const json *find_worst(const json *body, const json *of) {
    row_query q = {.attack = row_text(of, "attack"), .group = row_text(of, "group"), .eps = row_eps(of)};
    size_t at = 0;
    for (const json *row; (row = row_next(body, &q, &at));)
        if (strncmp(row_text(row, "metric"), "worst_recall:", 13) == 0) return row;
    return NULL;
}

static void add_group(text_table *t, const json *body, const json *error, bool attacked, bool clustered) {
    bool all = strcmp(row_text(error, "group"), "all") == 0;
    text_table_cell(t, "%s", row_text(error, "group"));
    text_table_cell(t, "%lld", (long long)row_n(error));
    cell_percent(t, row_value(error));
    cell_interval(t, row_interval(error));
    cell_points(t, all ? NULL : find(body, "error_gap", error, "newcombe"));
    if (clustered) {
        const json *gap = all ? NULL : find(body, "error_gap", error, "cluster-bootstrap");
        interval i = row_interval(gap);
        text_table_cell(t, isnan(i.lo) ? "-" : "[%+.1f, %+.1f]", 100 * i.lo, 100 * i.hi);
        double clusters = row_value(find(body, "clusters", error, NULL));
        text_table_cell(t, isnan(clusters) ? "-" : "%.0f", clusters);
    }
    if (attacked) {
        const json *success = find(body, "attack_success", error, NULL);
        cell_percent(t, row_value(success));
        cell_interval(t, row_interval(success));
    }
    const json *worst = find_worst(body, error);
    if (worst)
        text_table_cell(t, "%s %.1f %%", row_text(worst, "metric") + 13, 100 * row_value(worst));
    else
        text_table_cell(t, "-");
}

/* All groups under the condition of `first`, the row of all images. */
static void print_condition(const context *c, const json *body, const json *first) {
    const char *attack = row_text(first, "attack");
    bool attacked = strcmp(attack, "none") != 0;
    row_query by_cluster = {.metric = "error", .attack = attack, .method = "cluster-bootstrap", .eps = NAN};
    bool clustered = row_find(body, &by_cluster) != NULL;
    char headings[256];
    snprintf(headings, sizeof headings, "group|>n|>error|95 %% interval|>gap|95 %% interval%s%s|worst class",
             clustered ? "|by clusters|>clusters" : "", attacked ? "|>success|95 % interval" : "");
    text_table t = text_table_new(headings);
    row_query q = {.metric = "error", .attack = attack, .method = "wilson", .eps = row_eps(first)};
    size_t at = 0;
    for (const json *row; (row = row_next(body, &q, &at));)
        add_group(&t, body, row, attacked, clustered);
    if (attacked)
        say(c, "\nUnder %s, eps %.4g (%s):\n", attack, row_eps(first), row_text(first, "norm"));
    else
        say(c, "\nClean:\n");
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}

void fairness_print(const context *c, const json *body) {
    row_query all = {.metric = "error", .group = "all", .method = "wilson", .eps = NAN};
    size_t at = 0;
    for (const json *row; (row = row_next(body, &all, &at));)
        print_condition(c, body, row);
    say(c, "\nGap: the group's error minus that of all other images, in points (Newcombe; \"by clusters\" "
           "resamples whole clusters).\n"
           "Worst class: the class with the lowest recall. Intervals are 95 %% and cover sampling only.\n");
}
