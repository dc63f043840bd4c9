/* Errors per group: for each condition and column a dot plot, a table and errors by class. */
#include <math.h>
#include <string.h>

#include "audit/report/charts_internal.h"
#include "audit/report/fairness_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

static void dots_put(html *h, const fairness_group *all, fairness_group *const *groups, int n) {
    dot *dots = html_array(h, (size_t)n, sizeof *dots);
    const json *overall = all ? all->rows[GROUP_ERROR] : NULL;
    if (!dots) return;
    for (int i = 0; i < n; i++) {
        const json *row = fairness_believed(groups[i], GROUP_ERROR),
                   *gap = fairness_believed(groups[i], GROUP_GAP);
        dots[i] = (dot){.label = groups[i]->label,
                        .n = row_n(row),
                        .value = row_value(row),
                        .i = row_interval(row),
                        .open = !gap || !gap_is_clear(gap),
                        .reason = row_text(row, "reason")};
    }
    char title[160];
    snprintf(title, sizeof title, "Error per group of %.90s", groups[0]->column);
    dot_chart c = {
        .title = title,
        .description =
            "A row per group with the share of its images that are classified wrongly, the worst first; "
            "figures stand at the right and in the table below.",
        .group_label = groups[0]->column,
        .x_label = "error: share of images classified wrongly",
        .from_zero = true,
        .dots = dots,
        .n = n,
        .overall_label = overall ? "all" : NULL,
        .overall = row_value(overall),
        .overall_interval = row_interval(overall)};
    dot_chart_put(h, &c);
}

static bool any_has(fairness_group *const *groups, int n, int metric, bool clustered) {
    for (int i = 0; i < n; i++)
        if (clustered ? groups[i]->clustered[metric] : groups[i]->rows[metric]) return true;
    return false;
}

static void group_row_put(html *h, const fairness_group *g, bool success) {
    const json *error = g->rows[GROUP_ERROR];
    html_put(h, "<tr><th scope=\"row\">%.80s</th>", g->label);
    html_n_cell(h, error);
    if (isnan(row_value(error))) {
        html_put(h, "<td class=\"soft\" colspan=\"%d\">not judged: %.120s</td></tr>\n", success ? 7 : 4,
                 row_text(error, "reason"));
        return;
    }
    html_value_cells(h, error, false);
    html_value_cells(h, g->rows[GROUP_GAP], true);
    if (success) {
        html_n_cell(h, g->rows[GROUP_SUCCESS]);
        html_value_cells(h, g->rows[GROUP_SUCCESS], false);
    }
    html_put(h, "</tr>\n");
}

static void groups_table(html *h, const fairness_group *all, fairness_group *const *groups, int n) {
    bool success = any_has(groups, n, GROUP_SUCCESS, false);
    html_table_open(
        h,
        success
            ? "Error of each group, and its gap to all other images (Newcombe). Broken: among images that "
              "were right unchanged"
            : "Error of each group, and its gap to all other images (Newcombe)",
        success
            ? "group|>n|>error|>95 % interval|>gap to others|>95 % interval|>n right|>broken|>95 % interval"
            : "group|>n|>error|>95 % interval|>gap to others|>95 % interval");
    for (int i = 0; i < n; i++)
        group_row_put(h, groups[i], success);
    if (all) group_row_put(h, all, success);
    html_table_close(h);
}

/* A count or factor; a dash where there is none. */
static void plain_cell(html *h, const json *row, int digits) {
    if (isnan(row_value(row)))
        html_put(h, "<td class=\"n\">\xe2\x80\x93</td>");
    else
        html_put(h, digits ? "<td class=\"n\">%.1f</td>" : "<td class=\"n\">%.0f</td>", row_value(row));
}

/* What holds when whole clusters, not single images, are what chance draws. */
static void clusters_table(html *h, fairness_group *const *groups, int n) {
    if (!any_has(groups, n, GROUP_ERROR, true)) return;
    html_table_open(h,
                    "Intervals that resample whole clusters: the ones to believe, and to be seen in the "
                    "chart, since images "
                    "of one cluster are alike. Design effect: by which factor the variance grows",
                    "group|>clusters|>design effect|>error|>95 % interval|>gap to others|>95 % interval");
    for (int i = 0; i < n; i++) {
        const fairness_group *g = groups[i];
        if (!g->clustered[GROUP_ERROR]) continue;
        html_put(h, "<tr><th scope=\"row\">%.80s</th>", g->label);
        plain_cell(h, g->rows[GROUP_CLUSTERS], 0);
        plain_cell(h, g->rows[GROUP_DESIGN], 1);
        html_value_cells(h, g->clustered[GROUP_ERROR], false);
        html_value_cells(h, g->clustered[GROUP_GAP], true);
        html_put(h, "</tr>\n");
    }
    html_table_close(h);
}

static void heat_cell(html *h, const json *recall) {
    double error = 1 - row_value(recall);
    interval i = row_interval(recall);
    html_heat_open(h, error, (interval){1 - i.hi, 1 - i.lo}, error);
    html_put(h, "<small>%s%s</small></td>", recall ? "n = " : "",
             recall ? figure_count(row_n(recall)).text : "");
}

static void heat_row(html *h, const fairness_groups *g, const fairness_group *group, const char *label) {
    html_put(h, "<tr><th scope=\"row\">%.80s</th>", label);
    for (int k = 0; k < g->n_classes; k++)
        heat_cell(h, group->per_class[CLASS_RECALL][k]);
    html_put(h, "</tr>\n");
}

/* Errors by group and class, the darker the more. */
static void heat_put(html *h, const fairness_groups *g, const fairness_group *all,
                     fairness_group *const *groups, int n) {
    enum { ROWS_MOST = 24 };
    if (g->n_classes < 2) return;
    html_put(h, "<div class=\"wide\"><table class=\"heat\">\n<caption>Error by group and class (1 - "
                "recall), with 95 %% intervals; the darker the cell, the more errors. A dash: too few "
                "images of that class in the group.</caption>\n<thead><tr><th scope=\"col\">group</th>");
    for (int k = 0; k < g->n_classes; k++)
        html_put(h, "<th scope=\"col\">%.20s</th>", g->classes[k]);
    html_put(h, "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < n && i < ROWS_MOST; i++)
        heat_row(h, g, groups[i], groups[i]->label);
    if (all) heat_row(h, g, all, "all");
    html_table_close(h);
    if (n > ROWS_MOST)
        html_put(h, "<p class=\"note\">The %d worst groups; the others are in the result.</p>\n", ROWS_MOST);
}

static void class_rates(html *h, const fairness_groups *g, const fairness_group *all) {
    if (g->n_classes == 0) return;
    html_table_open(
        h,
        "All groups together, per class: found (recall), right when named (precision), wrongly named "
        "(false positive rate)",
        "class|>n|>recall|>95 % interval|>precision|>95 % interval|>false positives|>95 % interval");
    for (int k = 0; k < g->n_classes; k++) {
        html_put(h, "<tr><th scope=\"row\">%.40s</th>", g->classes[k]);
        html_n_cell(h, all->per_class[CLASS_RECALL][k]);
        for (int m = 0; m < CLASS_METRICS; m++)
            html_value_cells(h, all->per_class[m][k], false);
        html_put(h, "</tr>\n");
    }
    html_table_close(h);
    if (g->classes_left_out)
        html_put(h, "<p class=\"note\">The first %d classes; the others are in the result.</p>\n",
                 CLASSES_MOST);
}

static bool is_first_of_column(const fairness_groups *g, int i) {
    for (int k = 0; k < i; k++)
        if (strcmp(g->list[k].column, g->list[i].column) == 0) return false;
    return strcmp(g->list[i].name, "all") != 0;
}

static void condition_put(html *h, const json *body, const json *condition) {
    fairness_groups *g = fairness_groups_of(h, body, condition);
    fairness_group **of_column = html_array(h, GROUPS_MOST, sizeof *of_column), *all = NULL;
    if (!g || !of_column) return;
    for (int i = 0; i < g->n; i++)
        if (strcmp(g->list[i].name, "all") == 0) all = &g->list[i];
    for (int i = 0; i < g->n; i++) {
        if (!is_first_of_column(g, i)) continue;
        int n = fairness_of_column(g, g->list[i].column, of_column);
        if (n == 0) continue;
        html_put(h, "<h3>%s: %s</h3>\n", figure_condition(condition).text, g->list[i].column);
        dots_put(h, all, of_column, n);
        groups_table(h, all, of_column, n);
        clusters_table(h, of_column, n);
        if (!of_column[0]->pair) heat_put(h, g, all, of_column, n);
    }
    if (all) {
        html_put(h, "<h3>%s: classes</h3>\n", figure_condition(condition).text);
        class_rates(h, g, all);
    }
    if (g->left_out)
        html_put(h,
                 "<p class=\"note\">Only the first %d groups are shown; the others are in the result.</p>\n",
                 GROUPS_MOST);
}

void fairness_put(html *h, const json *document) {
    const json *body = json_get(document, "body"), *conditions[CONDITIONS_MOST];
    int n = fairness_conditions(body, conditions);
    html_put(h, "<p>How errors are spread over groups. Each group is compared with all images that are not "
                "in it. Groups with too few images are named but not judged.</p>\n");
    html_put(h, "<p class=\"note\">In the charts the worst group comes first. The area of a dot grows with "
                "n, whiskers are 95 %% intervals, the band is the interval of all images. Filled: the "
                "interval of the gap to all other images excludes 0; hollow: it does not.</p>\n");
    for (int i = 0; i < n; i++)
        condition_put(h, body, conditions[i]);
}
