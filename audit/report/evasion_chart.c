/* Accuracy under attack over eps, as lines. */
#include <math.h>
#include <string.h>

#include "audit/report/charts_internal.h"
#include "audit/report/evasion_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/rows.h"

enum { LINES_MOST = 6 }; /* that can be told apart */

/* The points of one attack, beginning with what holds without it. */
static chart_series series_of(html *h, const attacked *a, const attack_rows *of) {
    chart_series s = {.label = ""};
    chart_point *points = html_array(h, EPS_MOST + 1, sizeof *points);
    figure *label = html_array(h, 1, sizeof *label);
    if (!points || !label) return s;
    *label = figure_attack(of->name);
    s.label = label->text;
    s.points = points;
    if (a->targeted)
        points[s.n++] = (chart_point){0, 0, {NAN, NAN}};
    else if (a->clean)
        points[s.n++] = (chart_point){0, row_value(a->clean), row_interval(a->clean)};
    for (int i = 0; i < a->n_eps; i++) {
        const json *row = of->rows[i];
        if (row) points[s.n++] = (chart_point){a->eps[i], row_value(row), row_interval(row)};
    }
    return s;
}

static bool same_points(const chart_series *a, const chart_series *b) {
    for (int i = 0; i < a->n && i < b->n; i++)
        if (a->points[i].x != b->points[i].x || a->points[i].y != b->points[i].y) return false;
    return a->n == b->n;
}

/* The strongest attacks, and all of them together unless one of them alone does as much; *single is how many of one attack there are. */
static int gather_series(html *h, const attacked *a, chart_series out[LINES_MOST], int *single) {
    int n = 0, together = 0;
    for (int i = 0; i < a->n; i++)
        together += figure_is_all(a->list[i].name);
    *single = a->n - together;
    for (int i = 0; i < a->n && n < LINES_MOST; i++) {
        bool all = figure_is_all(a->list[i].name), repeats = false;
        if (!all && n >= LINES_MOST - together) continue;
        out[n] = series_of(h, a, &a->list[i]);
        for (int k = 0; k < n && all; k++)
            repeats = repeats || same_points(&out[k], &out[n]);
        if (!repeats) n++;
    }
    return n;
}

void attacked_chart_put(html *h, const attacked *a) {
    chart_series series[LINES_MOST];
    int single, n = gather_series(h, a, series, &single);
    int classes = (int)json_count(json_get(json_get(a->body, "data"), "classes"));
    char x_label[96], chance[64], caption[240];
    bool each = strcmp(row_text(a->any, "norm"), "linf") == 0;
    snprintf(x_label, sizeof x_label, "\xce\xb5: largest %s (%.20s), pixels from 0 to 1",
             each ? "change of a pixel" : "size of the change", figure_norm(row_text(a->any, "norm")).text);
    snprintf(chance, sizeof chance, "guessing one of %d classes", classes);
    snprintf(
        caption, sizeof caption,
        "%sWhiskers are 95 %% intervals. Lines lie a little beside each other so that whiskers stay visible.",
        single > n ? "The strongest attacks; the table has all of them. " : "");
    line_chart c = {
        .title = a->targeted ? "Success of targeted attacks" : "Accuracy under attack",
        .description =
            "A line per attack over the size of the changes it may make, from none at the left; the table "
            "below has the figures.",
        .caption = caption,
        .x_label = x_label,
        .y_label = a->targeted ? "driven to the attacker's class" : "accuracy",
        .width = PAGE_WIDTH,
        .y_percent = true,
        .y_hi = 1,
        .reference_label = !a->targeted && classes > 1 ? chance : NULL,
        .reference = !a->targeted && classes > 1 ? 1.0 / classes : NAN,
        .series = series,
        .n_series = n};
    line_chart_put(h, &c);
}
