/* Loss landscapes: curves, surfaces, and the path of a training. */
#include <math.h>
#include <string.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/pictures.h"
#include "audit/report/sections_internal.h"
#include "audit/report/svg_file_internal.h"
#include "audit/rows.h"

enum { CURVES_MOST = 12, POINTS_MOST = 1000, SIDE_MOST = 401, SURFACES_MOST = 6, LABEL = 48 };

static double number_at(const json *list, int i) {
    return json_as_real(json_at(list, (size_t)i), NAN);
}

/* A curve of each model and direction; its name is what tells it from the others. */
static int curves_of(html *h, const json *curves, const char *key, chart_series out[CURVES_MOST]) {
    int n = 0, all = (int)json_count(curves);
    bool one_model = true;
    for (int i = 1; i < all; i++)
        one_model &=
            strcmp(row_text(json_at(curves, (size_t)i), "model"), row_text(json_at(curves, 0), "model")) == 0;
    for (int i = 0; i < all && n < CURVES_MOST; i++) {
        const json *one = json_at(curves, (size_t)i), *alpha = json_get(one, "alpha"),
                   *values = json_get(one, key);
        int points = (int)json_count(alpha) < POINTS_MOST ? (int)json_count(alpha) : POINTS_MOST;
        char *label = html_array(h, LABEL, 1);
        chart_point *list = html_array(h, (size_t)points, sizeof *list);
        if (!label || !list) return n;
        int direction = (int)json_as_int(json_get(one, "direction"), 0);
        if (one_model)
            snprintf(label, LABEL, "direction %d", direction);
        else
            snprintf(label, LABEL, "%.18s %d", row_text(one, "model"), direction);
        for (int p = 0; p < points; p++)
            list[p] = (chart_point){number_at(alpha, p), number_at(values, p), {NAN, NAN}};
        out[n++] = (chart_series){.label = label, .n = points, .points = list};
    }
    return n;
}

static bool wide_range(const chart_series *series, int n) {
    double lo = INFINITY, hi = 0;
    for (int s = 0; s < n; s++)
        for (int i = 0; i < series[s].n; i++)
            if (series[s].points[i].y > 0) {
                lo = fmin(lo, series[s].points[i].y);
                hi = fmax(hi, series[s].points[i].y);
            }
    return hi > 20 * lo;
}

static void curves_put(html *h, const json *curves) {
    chart_series series[CURVES_MOST];
    line_chart c = {
        .title = "Loss along random directions",
        .description = "Mean cross entropy when the weights are moved along filter-normalised random "
                       "directions; at 0 is the model itself.",
        .caption = "Every filter is moved by noise of its own length times the distance. A wide, flat "
                   "valley forgives changes of the weights; the same noise is used for nets of one "
                   "architecture.",
        .x_label = "distance along the direction (1: as long as the weights)",
        .y_label = "mean cross entropy (nats)",
        .width = PAGE_WIDTH,
        .y_lo = NAN,
        .y_hi = NAN,
        .reference = NAN,
        .dense = true,
        .series = series};
    c.n_series = curves_of(h, curves, "loss", series);
    if (c.n_series == 0) return;
    c.y_log = wide_range(series, c.n_series);
    line_chart_put(h, &c);
    c.title = "Accuracy along random directions";
    c.description =
        "Share of images classified correctly when the weights are moved; at 0 is the model itself.";
    c.caption = NULL;
    c.y_label = "accuracy";
    c.y_log = false;
    c.y_percent = true;
    c.y_lo = 0;
    c.y_hi = 1;
    c.n_series = curves_of(h, curves, "accuracy", series);
    line_chart_put(h, &c);
}

static double *numbers_of(html *h, const json *list, int most, int *n) {
    *n = (int)json_count(list) < most ? (int)json_count(list) : most;
    double *out = html_array(h, (size_t)*n, sizeof *out);
    for (int i = 0; out && i < *n; i++)
        out[i] = number_at(list, i);
    return out;
}

static void surface_put(html *h, const json *surface) {
    const json *rows = json_get(surface, "loss");
    int ny = (int)json_count(rows), nx = (int)json_count(json_at(rows, 0)), n_y;
    bool path = strcmp(row_text(surface, "axes"), "path") == 0;
    if (nx < 2 || ny < 2 || nx > SIDE_MOST || ny > SIDE_MOST) return;
    double *heights = html_array(h, (size_t)nx * (size_t)ny, sizeof *heights);
    if (!heights) return;
    for (int i = 0; i < nx * ny; i++)
        heights[i] = number_at(json_at(rows, (size_t)(i / nx)), i % nx);
    char title[160], x_label[80], y_label[80];
    snprintf(title, sizeof title, path ? "The path of training to %.60s" : "Loss surface of %.60s",
             row_text(surface, "model"));
    const json *share = json_get(surface, "explained");
    snprintf(x_label, sizeof x_label,
             path ? "first principal direction (%.0f %% of the path), L2 distance"
                  : "direction 1 (1: as long as the weights)",
             100 * number_at(share, 0));
    snprintf(y_label, sizeof y_label, path ? "second (%.0f %%), L2 distance" : "direction 2",
             100 * number_at(share, 1));
    height_map m = {
        .title = title,
        .description = "Mean cross entropy over two directions in the space of weights, as bands of colour "
                       "with contours.",
        .caption =
            path ? "White: the path and its stops. Heights are the loss on the plane, "
                   "with the batch norm statistics of the end; earlier weights lie off the plane."
                 : "The circle in the middle is the model itself. Bands of loss are equally wide, or of "
                   "equal ratio where the scale is logarithmic.",
        .x_label = x_label,
        .y_label = y_label,
        .value_label = "loss (nats)",
        .nx = nx,
        .ny = ny,
        .heights = heights,
        .x_lo = number_at(json_get(surface, "x"), 0),
        .x_hi = number_at(json_get(surface, "x"), 1),
        .y_lo = number_at(json_get(surface, "y"), 0),
        .y_hi = number_at(json_get(surface, "y"), 1)};
    m.stops_x = numbers_of(h, json_get(surface, "path_x"), POINTS_MOST, &m.n_stops);
    m.stops_y = numbers_of(h, json_get(surface, "path_y"), POINTS_MOST, &n_y);
    if (n_y != m.n_stops || !m.stops_x || !m.stops_y) m.n_stops = 0;
    if (!path) {
        static const double model = 0;
        m.stops_x = m.stops_y = &model;
        m.n_stops = 1;
    }
    height_map_put(h, &m);
}

static void charts_put(html *h, const json *body) {
    const json *extra = json_get(body, "extra"), *surfaces = json_get(extra, "surfaces");
    curves_put(h, json_get(extra, "curves"));
    for (size_t i = 0; i < json_count(surfaces) && i < SURFACES_MOST; i++)
        surface_put(h, json_at(surfaces, i));
}

status landscape_picture_write(const char *path, const json *body, err *e) {
    return svg_file_write(path, charts_put, body, e);
}

static void table_put(html *h, const json *body) {
    row_query q = {.metric = "loss", .eps = NAN};
    const json *row;
    html_table_open(
        h,
        "Loss and accuracy of the models as they are, and how much the loss rises half-way to the ends "
        "of the curves (mean over directions and both sides, 95 % t interval over them)",
        "model|>n|>loss|>accuracy|>rise|>95 % interval");
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        row_query of_group = {.metric = "accuracy", .group = row_text(row, "group"), .eps = NAN};
        const json *accuracy = row_find(body, &of_group);
        of_group.metric = "loss_rise";
        const json *rise = row_find(body, &of_group);
        const char *name = strchr(row_text(row, "group"), '=');
        html_put(h, "<tr><th scope=\"row\">%.80s</th>", name ? name + 1 : "");
        html_n_cell(h, row);
        html_put(h, "<td class=\"n\">%.3f</td><td class=\"n\">%s</td><td class=\"n\">%.3g</td>",
                 row_value(row), figure_percent(row_value(accuracy), row_interval(accuracy)).text,
                 row_value(rise));
        html_put(h, "<td class=\"n\">[%.3g, %.3g]</td></tr>\n", row_interval(rise).lo, row_interval(rise).hi);
    }
    html_table_close(h);
}

void landscape_put(html *h, const json *document) {
    const json *body = json_get(document, "body");
    charts_put(h, body);
    table_put(h, body);
}
