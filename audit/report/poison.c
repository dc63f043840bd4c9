/* Poisoned training data: dose-response. */
#include <math.h>
#include <string.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

enum { DOSES_MOST = 64 };

/* X: metric, name in the chart, what it is */
static const struct {
    const char *metric, *name, *what;
} successes[] = {
    {"attack_success", "trigger works",
     "Trigger works: share of stamped test images, not of the target class, that are taken for it. At dose "
     "0 it is what a clean net does."},
    {"flip_success", "flipped label given",
     "Flipped label given: share of test images of the flipped classes that get the label they were "
     "flipped to."},
    {"group_error", "error in subgroup", "Error in subgroup: share of its test images that are wrong."}};

enum { SUCCESSES = sizeof successes / sizeof *successes };

static int success_of(const json *body) {
    for (int i = 0; i < SUCCESSES; i++) {
        row_query q = {.metric = successes[i].metric, .eps = NAN};
        if (row_find(body, &q)) return i;
    }
    return SUCCESSES;
}

static chart_series series_of(html *h, const json *body, const char *metric, const char *name) {
    chart_series s = {.label = name};
    chart_point *points = html_array(h, DOSES_MOST, sizeof *points);
    row_query q = {.metric = metric, .eps = NAN};
    const json *row;
    for (size_t at = 0; points && s.n < DOSES_MOST && (row = row_next(body, &q, &at));)
        if (!isnan(row_dose(row)))
            points[s.n++] = (chart_point){row_dose(row), row_value(row), row_interval(row)};
    s.points = points;
    return s;
}

static const char *dose_label(const json *body) {
    const char *method = row_text(json_get(body, "settings"), "poison");
    bool part = strcmp(method, "pairflip") == 0 || strcmp(method, "groupflip") == 0;
    return part ? "dose: poisoned share of the training images within reach"
                : "dose: poisoned share of the training images";
}

static void table_of(html *h, const json *body, int success) {
    row_query q = {.metric = "accuracy", .eps = NAN};
    const json *row;
    int n = 0;
    char headings[160];
    snprintf(headings, sizeof headings,
             ">dose|>nets|>clean accuracy|>95 %% interval|>change|>95 %% interval%s%s%s",
             success < SUCCESSES ? "|>" : "", success < SUCCESSES ? successes[success].name : "",
             success < SUCCESSES ? "|>95 % interval" : "");
    html_table_open(
        h, "Means over nets. Change: against the net of the same seed that was trained on clean data",
        headings);
    for (size_t at = 0; n < DOSES_MOST && (row = row_next(body, &q, &at));) {
        if (isnan(row_dose(row))) continue;
        n++;
        html_put(h, "<tr><th scope=\"row\" class=\"n\">%s</th>", figure_dose(row_dose(row)).text);
        html_n_cell(h, row);
        html_value_cells(h, row, false);
        html_value_cells(h, row_dose(row) > 0 ? fact_row(body, "accuracy_change", row) : NULL, true);
        if (success < SUCCESSES) html_value_cells(h, fact_row(body, successes[success].metric, row), false);
        html_put(h, "</tr>\n");
    }
    html_table_close(h);
}

static void about_put(html *h, const json *body) {
    const json *settings = json_get(body, "settings"), *data = json_get(body, "data");
    html_put(h,
             "<p>What it takes to spoil the training data: nets (%.40s) trained on %s images of %.80s, clean "
             "and poisoned by <b>%.40s</b>, and tested on %s clean images.</p>\n",
             row_text(settings, "arch"), figure_count(json_as_int(json_get(data, "n"), 0)).text,
             row_text(data, "name"), row_text(settings, "poison"),
             figure_count(json_as_int(json_get(settings, "test_n"), 0)).text);
}

void poison_put(html *h, const json *document) {
    const json *body = json_get(document, "body");
    int success = success_of(body);
    chart_series series[2] = {series_of(h, body, "accuracy", "clean accuracy")};
    if (success < SUCCESSES)
        series[1] = series_of(h, body, successes[success].metric, successes[success].name);
    about_put(h, body);
    line_chart c = {
        .title = "Dose-response of poisoned training data",
        .description =
            "Accuracy on clean images and the success of the poison over the poisoned share of the "
            "training data; the table below has the figures.",
        .caption =
            "Points are means over nets, whiskers 95 % t-intervals with the net as the unit: they cover "
            "the luck of training, not the sampling of test images.",
        .x_label = dose_label(body),
        .y_label = "share of test images",
        .width = PAGE_WIDTH,
        .x_percent = true,
        .y_percent = true,
        .y_hi = 1,
        .reference = NAN,
        .series = series,
        .n_series = success < SUCCESSES ? 2 : 1};
    line_chart_put(h, &c);
    table_of(h, body, success);
    if (success < SUCCESSES) html_put(h, "<p class=\"note\">%s</p>\n", successes[success].what);
}
