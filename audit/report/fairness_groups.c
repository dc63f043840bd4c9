/* Finding the rows of each group in a result of fairness, in one pass. */
#include "audit/report/fairness_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/rows.h"

static bool same_condition(const json *a, const json *b) {
    double x = row_eps(a), y = row_eps(b);
    return strcmp(row_text(a, "attack"), row_text(b, "attack")) == 0 &&
           strcmp(row_text(a, "norm"), row_text(b, "norm")) == 0 &&
           ((isnan(x) && isnan(y)) || fabs(x - y) <= 1e-9);
}

int fairness_conditions(const json *body, const json *out[CONDITIONS_MOST]) {
    row_query q = {.metric = "error", .group = "all", .eps = NAN};
    const json *row;
    int n = 0;
    for (size_t at = 0; n < CONDITIONS_MOST && (row = row_next(body, &q, &at));)
        if (n == 0 || !same_condition(out[n - 1], row)) out[n++] = row;
    return n;
}

/* One "column=value" in the name of a group. */
typedef struct name_part {
    const char *column, *value;
    int column_length, value_length;
} name_part;

static name_part part_of(const char *from, const char *end) {
    enum { MOST = 40 };
    const char *equals = memchr(from, '=', (size_t)(end - from)), *value = equals ? equals + 1 : from;
    int before = equals ? (int)(equals - from < MOST ? equals - from : MOST) : 0;
    return (name_part){from, value, before, (int)(end - value < MOST ? end - value : MOST)};
}

/* Cuts "sex=f&age=old" into "sex x age" and "f, old". Where a value holds a '&' too the words are less neat, no more. */
static void cut_name(fairness_group *g) {
    const char *and = strchr(g->name, '&'), *end = g->name + strlen(g->name);
    g->pair = and&&strchr(and, '=');
    name_part first = part_of(g->name, g->pair ? and : end);
    snprintf(g->column, COLUMN_LENGTH, "%.*s", first.column_length, first.column);
    snprintf(g->label, COLUMN_LENGTH, "%.*s", first.value_length, first.value);
    if (!g->pair) return;
    name_part second = part_of(and+1, end);
    snprintf(g->column, COLUMN_LENGTH, "%.*s \xc3\x97 %.*s", first.column_length, first.column,
             second.column_length, second.column);
    snprintf(g->label, COLUMN_LENGTH, "%.*s, %.*s", first.value_length, first.value, second.value_length,
             second.value);
}

/* The entry of a group; rows of one group stand together, so the last one is tried first. */
static fairness_group *entry_of(fairness_groups *g, const char *name) {
    for (int i = g->n - 1; i >= 0; i--)
        if (strcmp(g->list[i].name, name) == 0) return &g->list[i];
    if (g->n == GROUPS_MOST) {
        g->left_out = true;
        return NULL;
    }
    fairness_group *new = &g->list[g->n++];
    new->name = name;
    cut_name(new);
    return new;
}

static int class_of(fairness_groups *g, const char *name) {
    for (int k = 0; k < g->n_classes; k++)
        if (strcmp(g->classes[k], name) == 0) return k;
    if (g->n_classes == CLASSES_MOST) {
        g->classes_left_out = true;
        return -1;
    }
    g->classes[g->n_classes] = name;
    return g->n_classes++;
}

static void keep_class_row(fairness_groups *g, fairness_group *group, const json *row, const char *metric) {
    static const char *const prefixes[CLASS_METRICS] = {"recall:", "precision:", "false_positive_rate:"};
    for (int m = 0; m < CLASS_METRICS; m++) {
        size_t length = strlen(prefixes[m]);
        if (strncmp(metric, prefixes[m], length) != 0) continue;
        int k = class_of(g, metric + length);
        if (k >= 0) group->per_class[m][k] = row;
    }
}

static void keep_row(fairness_groups *g, const json *row) {
    static const char *const metrics[GROUP_METRICS] = {"error",    "error_gap",      "attack_success",
                                                       "clusters", "kish_mean_size", "design_effect"};
    const char *metric = row_text(row, "metric");
    fairness_group *group = entry_of(g, row_text(row, "group"));
    if (!group) return;
    bool clustered = strcmp(row_text(row, "method"), "cluster-bootstrap") == 0;
    for (int m = 0; m < GROUP_METRICS; m++)
        if (strcmp(metric, metrics[m]) == 0) {
            if (clustered)
                group->clustered[m] = row;
            else
                group->rows[m] = row;
        }
    keep_class_row(g, group, row, metric);
}

fairness_groups *fairness_groups_of(html *h, const json *body, const json *condition) {
    fairness_groups *g = html_array(h, 1, sizeof *g);
    const row_query any = {.eps = NAN};
    const json *row;
    for (size_t at = 0; g && (row = row_next(body, &any, &at));)
        if (same_condition(row, condition)) keep_row(g, row);
    return g;
}

const json *fairness_believed(const fairness_group *g, int metric) {
    const json *clustered = g->clustered[metric];
    return clustered && !isnan(row_value(clustered)) ? clustered : g->rows[metric];
}

static int worst_first(const void *a, const void *b) {
    const fairness_group *left = *(fairness_group *const *)a, *right = *(fairness_group *const *)b;
    double x = row_value(left->rows[GROUP_ERROR]), y = row_value(right->rows[GROUP_ERROR]);
    if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
    return (x < y) - (x > y);
}

int fairness_of_column(fairness_groups *g, const char *column, fairness_group *out[GROUPS_MOST]) {
    int n = 0;
    for (int i = 0; i < g->n; i++)
        if (g->list[i].rows[GROUP_ERROR] && strcmp(g->list[i].column, column) == 0) out[n++] = &g->list[i];
    qsort(out, (size_t)n, sizeof *out, worst_first);
    return n;
}
