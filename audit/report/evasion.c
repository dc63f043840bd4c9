/* Accuracy under attack over eps. */
#include <math.h>
#include <string.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"
#include "audit/trust.h"

enum { ATTACKS_MOST = 6, POINTS_MOST = 64, ROWS_MOST = 120 };

/* The attacked rows of a result, and the names of attacks in the order of their first rows. */
typedef struct attacked {
    const json *body, *clean;
    bool targeted;
    const char *metric;
    const char *names[ATTACKS_MOST];
    int n_names;
    double largest;
    const json *any; /* one of the rows */
} attacked;

static bool is_attacked(const json *row) {
    return strcmp(row_text(row, "attack"), "none") != 0 && !isnan(row_eps(row));
}

static void note_name(attacked *a, const char *name) {
    for (int i = 0; i < a->n_names; i++)
        if (strcmp(a->names[i], name) == 0) return;
    if (a->n_names < ATTACKS_MOST) a->names[a->n_names++] = name;
}

static attacked gather(const json *body) {
    row_query q = {.metric = "target_success", .group = "all", .eps = NAN};
    attacked a = {.body = body, .targeted = row_find(body, &q) != NULL, .metric = "accuracy"};
    row_query clean = {.metric = "accuracy", .attack = "none", .group = "all", .eps = NAN};
    if (a.targeted) a.metric = "target_success";
    a.clean = row_find(body, &clean);
    q.metric = a.metric;
    const json *row;
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        if (!is_attacked(row)) continue;
        note_name(&a, row_text(row, "attack"));
        a.any = row;
        if (row_eps(row) > a.largest) a.largest = row_eps(row);
    }
    return a;
}

/* The points of one attack, beginning with what holds without it. */
static chart_series series_of(html *h, const attacked *a, const char *name) {
    chart_series s = {.label = ""};
    chart_point *points = html_array(h, POINTS_MOST + 1, sizeof *points);
    figure *label = html_array(h, 1, sizeof *label);
    if (!points || !label) return s;
    *label = figure_attack(name);
    s.label = label->text;
    s.points = points;
    if (a->targeted)
        points[s.n++] = (chart_point){0, 0, {NAN, NAN}};
    else if (a->clean)
        points[s.n++] = (chart_point){0, row_value(a->clean), row_interval(a->clean)};
    row_query q = {.metric = a->metric, .attack = name, .group = "all", .eps = NAN};
    const json *row;
    for (size_t at = 0; (row = row_next(a->body, &q, &at)) && s.n <= POINTS_MOST;)
        if (is_attacked(row)) points[s.n++] = (chart_point){row_eps(row), row_value(row), row_interval(row)};
    return s;
}

static bool same_points(const chart_series *a, const chart_series *b) {
    for (int i = 0; i < a->n && i < b->n; i++)
        if (a->points[i].x != b->points[i].x || a->points[i].y != b->points[i].y) return false;
    return a->n == b->n;
}

/* The lines to draw. That of all attacks together is left out where one of them alone does as much. */
static int gather_series(html *h, const attacked *a, chart_series out[ATTACKS_MOST]) {
    int n = 0;
    for (int i = 0; i < a->n_names; i++) {
        bool repeats = false;
        out[n] = series_of(h, a, a->names[i]);
        for (int k = 0; k < n && figure_is_all(a->names[i]); k++)
            repeats = repeats || same_points(&out[k], &out[n]);
        if (!repeats) n++;
    }
    return n;
}

static void chart_of(html *h, const attacked *a) {
    chart_series series[ATTACKS_MOST];
    int n = gather_series(h, a, series);
    int classes = (int)json_count(json_get(json_get(a->body, "data"), "classes"));
    char x_label[96], chance[64];
    bool each = strcmp(row_text(a->any, "norm"), "linf") == 0;
    snprintf(x_label, sizeof x_label, "\xce\xb5: largest %s (%.20s), pixels from 0 to 1",
             each ? "change of a pixel" : "size of the change", figure_norm(row_text(a->any, "norm")).text);
    snprintf(chance, sizeof chance, "guessing one of %d classes", classes);
    line_chart c = {
        .title = a->targeted ? "Success of targeted attacks" : "Accuracy under attack",
        .description =
            "A line per attack over the size of the changes it may make, from none at the left; the table "
            "below has the figures.",
        .caption = "Whiskers are 95 % intervals. Lines lie a little beside each other so that whiskers "
                   "stay visible.",
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

static void row_put(html *h, const attacked *a, const json *row) {
    html_put(h, "<tr><th scope=\"row\">%s</th><td class=\"n\">%s</td>",
             figure_attack(row_text(row, "attack")).text,
             isnan(row_eps(row)) ? "0" : figure_eps(row_eps(row)).text);
    html_n_cell(h, row);
    html_value_cells(h, row, false);
    if (!a->targeted && a->clean && row != a->clean)
        html_put(h, "<td class=\"n\">%s</td>",
                 figure_points(row_value(row) - row_value(a->clean), row_interval(row)).text);
    else
        html_put(h, "<td></td>");
    html_put(h, "</tr>\n");
}

static void table_of(html *h, const attacked *a) {
    char caption[120];
    int n = 0;
    snprintf(caption, sizeof caption, "%s by attack and \xce\xb5, norm %.20s",
             a->targeted ? "Success of targeted attacks" : "Accuracy",
             figure_norm(row_text(a->any, "norm")).text);
    html_table_open(h, caption,
                    a->targeted ? "attack|>\xce\xb5|>n|>to target|>95 % interval|"
                                : "attack|>\xce\xb5|>n|>accuracy|>95 % interval|>against clean");
    if (a->clean && !a->targeted) row_put(h, a, a->clean);
    row_query q = {.metric = a->metric, .group = "all", .eps = NAN};
    const json *row;
    for (size_t at = 0; (row = row_next(a->body, &q, &at)) && n < ROWS_MOST;)
        if (is_attacked(row)) {
            row_put(h, a, row);
            n++;
        }
    html_table_close(h);
}

/* Steps, step size and starts of one attack, from the settings under its name. */
static void option_put(html *h, const char *name, const json *o) {
    long long steps = json_as_int(json_get(o, "steps"), 0), starts = json_as_int(json_get(o, "restarts"), 1);
    html_put(h, "%s: %lld step%s of %.3g \xce\xb5%s, %lld start%s%s", figure_attack(name).text, steps,
             steps == 1 ? "" : "s", json_as_real(json_get(o, "step_size"), NAN),
             json_as_bool(json_get(o, "falling"), false) ? " on average, falling to 0" : "", starts,
             starts == 1 ? "" : "s", json_as_bool(json_get(o, "random_start"), false) ? " at random" : "");
}

static void options_put(html *h, const attacked *a) {
    const json *settings = json_get(a->body, "settings");
    html_put(h, "<p class=\"note\">");
    for (int i = 0; i < a->n_names; i++) {
        const json *o = json_get(settings, a->names[i]);
        if (!json_is_object(o)) continue;
        option_put(h, a->names[i], o);
        html_put(h, ". ");
    }
    html_put(h, "The attacker knows the model (white box).</p>\n");
}

void evasion_put(html *h, const json *document) {
    attacked a = gather(json_get(document, "body"));
    const char *problem = trust_problem(a.body);
    if (!a.any) {
        html_put(h, "<p>The result has no attacked figures.</p>\n");
        return;
    }
    if (a.targeted)
        html_put(h, "<p>Share of the images that were right and that the attack drove to the class it "
                    "wants. A better attack may drive more: success is a <b>lower</b> bound of what is "
                    "possible.</p>\n");
    else
        html_put(h,
                 "<p>How often the model is still right when images are changed a little to mislead it. "
                 "Images that are wrong unchanged count as broken. A better attack may break more: accuracy "
                 "under attack is an <b>upper</b> bound of robust accuracy.</p>\n");
    if (problem)
        html_put(h,
                 "<div class=\"alarm\"><p><b>Not to be trusted.</b> Warning %s says that the attack could "
                 "not do its work.</p></div>\n",
                 problem);
    chart_of(h, &a);
    table_of(h, &a);
    options_put(h, &a);
    contact_sheet_put(h, document);
}
