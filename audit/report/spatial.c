/* Images that were turned and shifted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

enum { ANGLES_MOST = 1001, CLASSES_MOST = 24 };

static const json *row_of(const json *body, const char *attack, const char *group) {
    row_query q = {.metric = "accuracy", .attack = attack, .group = group, .eps = NAN};
    return row_find(body, &q);
}

static void row_put(html *h, const char *what, const json *row) {
    if (!row) return;
    html_put(h, "<tr><th scope=\"row\">%s</th>", what);
    html_n_cell(h, row);
    html_value_cells(h, row, false);
    html_put(h, "</tr>\n");
}

static void table_put(html *h, const json *body) {
    const json *settings = json_get(body, "settings");
    char worst[64], name[32], grid[64];
    long long angles = json_as_int(json_get(settings, "angles"), 0),
              k = json_as_int(json_get(settings, "random"), 0);
    long long shifts = json_as_int(json_get(settings, "shifts"), 0);
    snprintf(name, sizeof name, "worst-of-%lld", k);
    snprintf(worst, sizeof worst, "the worst of %lld random moves", k);
    snprintf(grid, sizeof grid, "the worst of all moves of the grid");
    html_table_open(h, "Accuracy when images are moved", "moves|>n|>accuracy|>95 % interval");
    row_put(h, "none (unchanged)", row_of(body, "none", "all"));
    row_put(h, "a random one (mean)", row_of(body, "random", "all"));
    row_put(h, worst, row_of(body, name, "all"));
    row_put(h, "the worst angle, not shifted", row_of(body, "rotation", "all"));
    row_put(h, "the worst shift, not turned", row_of(body, "shift", "all"));
    row_put(h, grid, row_of(body, "grid", "all"));
    html_table_close(h);
    html_put(h,
             "<p class=\"note\">The grid has %lld angles and %lld x %lld shifts; what comes in from outside "
             "is %s. ",
             angles, shifts, shifts,
             strcmp(row_text(settings, "padding"), "edge") == 0 ? "the nearest pixel of the border"
                                                                : "black");
    html_put(h, "Images that are wrong unchanged count as broken.</p>\n");
}

static void chart_put(html *h, const json *body) {
    chart_point *points = html_array(h, ANGLES_MOST, sizeof *points);
    row_query q = {.metric = "accuracy", .attack = "rotation", .eps = NAN};
    const json *row;
    int n = 0;
    for (size_t at = 0; points && n < ANGLES_MOST && (row = row_next(body, &q, &at));) {
        const char name[] = "angle=", *group = row_text(row, "group");
        if (strncmp(group, name, strlen(name)) != 0) continue;
        char *end;
        double angle = strtod(group + strlen(name), &end);
        if (*end || !isfinite(angle)) continue;
        points[n++] = (chart_point){angle, row_value(row), row_interval(row)};
    }
    if (n < 2) return;
    chart_series series = {.label = "turned", .n = n, .points = points};
    line_chart_put(
        h, &(line_chart){.title = "Accuracy over the angle",
                         .description = "Accuracy when every image is turned by the same angle.",
                         .caption = "Every image turned by the same angle and not shifted: accuracy on all "
                                    "images, wrong ones included. Whiskers are 95 % intervals.",
                         .x_label = "angle in degrees, clockwise",
                         .y_label = "accuracy",
                         .width = PAGE_WIDTH,
                         .y_percent = true,
                         .y_hi = 1,
                         .reference = NAN,
                         .series = &series,
                         .n_series = 1});
}

static void classes_put_both(html *h, const json *body) {
    const json *classes = json_get(json_get(body, "data"), "classes");
    if (json_count(classes) == 0 || json_count(classes) > CLASSES_MOST) return;
    html_table_open(h, "Accuracy per class, unchanged and under the worst move of the grid",
                    "class|>n|>unchanged|>95 % interval|>worst move|>95 % interval");
    for (size_t i = 0; i < json_count(classes); i++) {
        char group[300];
        const char *name = json_as_string(json_at(classes, i));
        snprintf(group, sizeof group, "class=%.256s", name ? name : "");
        const json *clean = row_of(body, "none", group);
        if (!clean) continue;
        html_put(h, "<tr><th scope=\"row\">%.60s</th>", name);
        html_n_cell(h, clean);
        html_value_cells(h, clean, false);
        html_value_cells(h, row_of(body, "grid", group), false);
        html_put(h, "</tr>\n");
    }
    html_table_close(h);
}

static void least_put(html *h, const json *body) {
    row_query q = {.metric = "least_angle", .eps = NAN};
    const json *angle = row_find(body, &q);
    q.metric = "least_shift";
    const json *shift = row_find(body, &q);
    if (!angle || !shift || isnan(row_value(angle)) || isnan(row_value(shift))) return;
    html_put(h,
             "<p>The smallest move of the grid that breaks an image turns it by %.1f degrees and shifts it "
             "by %.1f pixels "
             "on average (%s images that were right and are broken).</p>\n",
             row_value(angle), row_value(shift), figure_count(row_n(angle)).text);
}

void spatial_put(html *h, const json *document) {
    const json *body = json_get(document, "body"), *settings = json_get(body, "settings");
    const char *uri = json_as_string(json_get(json_get(body, "extra"), "sheet"));
    html_put(
        h,
        "<p>How often the model is right when images are turned by at most %.3g degrees and shifted by at "
        "most %s of "
        "their side. Nobody draws on the image or needs to know the model: a camera held askew does it. "
        "Between the "
        "moves of the grid more may break: accuracy under the worst move is an <b>upper</b> bound.</p>\n",
        json_as_real(json_get(settings, "degrees"), NAN),
        figure_dose(json_as_real(json_get(settings, "shift"), NAN)).text);
    table_put(h, body);
    chart_put(h, body);
    least_put(h, body);
    classes_put_both(h, body);
    if (uri)
        png_put(h, uri, "Images that were right, and the smallest move that breaks each",
                "Images that were right, each beside the smallest move of the grid that breaks it, with what "
                "the model "
                "then says: degrees clockwise; pixels to the right, down.");
}
