/* Accuracy under corruptions on the terminal, from the body of the result. */
#include <math.h>

#include "audit/corruption.h"
#include "audit/rows.h"
#include "audit/show.h"

static void cell_whole(text_table *t, const json *row) {
    interval i = row_interval(row);
    if (isnan(row_value(row)))
        text_table_cell(t, "-");
    else
        text_table_cell(t, "%.0f [%.0f, %.0f]", 100 * row_value(row), 100 * i.lo, 100 * i.hi);
}

static void cell_mean(text_table *t, const json *row) {
    cell_percent(t, row_value(row));
    cell_interval(t, row_interval(row));
}

static const json *find(const json *body, const char *metric, const char *attack, double severity) {
    row_query q = {.metric = metric, .attack = attack, .group = "all", .eps = severity};
    return row_find(body, &q);
}

/* A corruption error, in percent of the baseline's. */
static void cell_ratio(text_table *t, const json *row) {
    interval i = row_interval(row);
    if (isnan(row_value(row)))
        text_table_cell(t, "-");
    else
        text_table_cell(t, "%.1f", row_value(row));
    if (isnan(i.lo))
        text_table_cell(t, "-");
    else
        text_table_cell(t, "[%.1f, %.1f]", i.lo, i.hi);
}

static void print_conditions(const context *c, const corruption_plan *p, const json *body) {
    char headings[200];
    int used = snprintf(headings, sizeof headings, "accuracy, %%, by severity");
    bool ratio = find(body, "mce", NULL, NAN) != NULL;
    for (int s = 0; s < p->n_severities; s++)
        used += snprintf(headings + used, sizeof headings - (size_t)used, "|>%d", p->severities[s]);
    snprintf(headings + used, sizeof headings - (size_t)used, "|>mean|95 %% interval%s",
             ratio ? "|>CE|95 % interval" : "");
    text_table t = text_table_new(headings);
    for (int k = 0; k < p->n; k++) {
        const char *name = p->list[k]->name;
        text_table_cell(&t, "%s%s", name, p->list[k]->not_comparable && !p->arrays ? " *" : "");
        for (int s = 0; s < p->n_severities; s++)
            cell_whole(&t, find(body, "accuracy", name, p->severities[s]));
        cell_mean(&t, find(body, "corruption_accuracy", name, NAN));
        if (ratio) cell_ratio(&t, find(body, "corruption_error", name, NAN));
    }
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}

static void print_groups(const context *c, const json *body) {
    row_query q = {.metric = "corruption_accuracy", .attack = "corruptions", .eps = NAN};
    bool ratio = find(body, "mce", NULL, NAN) != NULL;
    text_table t = text_table_new(
        ratio ? "group|>n|>unchanged|95 % interval|>corrupted|95 % interval|>points|>mCE|95 % interval"
              : "group|>n|>unchanged|95 % interval|>corrupted|95 % interval|>points");
    const json *row;
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        const char *group = row_text(row, "group");
        row_query clean = {.metric = "accuracy", .attack = "none", .group = group, .eps = NAN};
        const json *before = row_find(body, &clean);
        text_table_cell(&t, "%s", group);
        text_table_cell(&t, "%lld", (long long)row_n(row));
        cell_mean(&t, before);
        cell_mean(&t, row);
        double change = row_value(row) - row_value(before);
        if (isnan(change))
            text_table_cell(&t, "-");
        else
            text_table_cell(&t, "%+.1f", 100 * change);
        row_query mce = {.metric = "mce", .group = group, .eps = NAN};
        if (ratio) cell_ratio(&t, row_find(body, &mce));
    }
    if (row_find(body, &q)) {
        say(c, "\n");
        text_table_print(&t, context_out(c));
    }
    text_table_free(&t);
}

static void print_summary(const context *c, const json *body) {
    const json *clean = find(body, "accuracy", "none", NAN),
               *all = find(body, "corruption_accuracy", "corruptions", NAN);
    const json *error = find(body, "mean_corruption_error", NULL, NAN), *mce = find(body, "mce", NULL, NAN);
    if (!all) return;
    say(c, "\nunchanged %.1f %%, under corruption %.1f %% [%.1f, %.1f]; mean corruption error %.1f %%",
        100 * row_value(clean), 100 * row_value(all), 100 * row_interval(all).lo, 100 * row_interval(all).hi,
        100 * row_value(error));
    if (mce && !isnan(row_value(mce)))
        say(c, "; mCE %.1f [%.1f, %.1f] (baseline 100)", row_value(mce), row_interval(mce).lo,
            row_interval(mce).hi);
    if (mce && isnan(row_value(mce))) say(c, "; no mCE: %s", row_text(mce, "reason"));
    say(c, "\n");
}

void corruption_print(const context *c, const corruption_plan *p, const json *body) {
    bool drawn = false;
    for (int k = 0; k < p->n; k++)
        drawn = drawn || (p->list[k]->not_comparable && !p->arrays);
    print_conditions(c, p, body);
    print_summary(c, body);
    print_groups(c, body);
    if (drawn) say(c, "\n* drawn, where the published corruption lays photographs over: not comparable.\n");
    say(c, "%sIntervals: 95 %%; Wilson, of means t with the image as the unit%s. They cover sampling only.\n",
        drawn ? "" : "\n", find(body, "mce", NULL, NAN) ? ", of CE and mCE bootstrap over images" : "");
}
