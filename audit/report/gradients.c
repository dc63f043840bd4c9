/* Norms of gradients over depth and through training. */
#include <math.h>
#include <string.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/pictures.h"
#include "audit/report/sections_internal.h"
#include "audit/report/svg_file_internal.h"
#include "audit/rows.h"

enum { NETS_MOST = 6, POINTS_MOST = 600 };

/* A line for each net: values over `places`, or over 1, 2, ... when that is NULL. */
static int series_of(html *h, const json *nets, const char *places, const char *values,
                     chart_series out[NETS_MOST]) {
    int n = 0;
    for (size_t i = 0; i < json_count(nets) && n < NETS_MOST; i++) {
        const json *one = json_at(nets, i), *y = json_get(one, values),
                   *x = places ? json_get(one, places) : NULL;
        int count = (int)json_count(y) < POINTS_MOST ? (int)json_count(y) : POINTS_MOST;
        chart_point *points = html_array(h, (size_t)count, sizeof *points);
        if (!points) return n;
        for (int p = 0; p < count; p++)
            points[p] = (chart_point){x ? json_as_real(json_at(x, (size_t)p), NAN) : p + 1,
                                      json_as_real(json_at(y, (size_t)p), NAN),
                                      {NAN, NAN}};
        out[n++] = (chart_series){.label = row_text(one, "arch"), .n = count, .points = points};
    }
    return n;
}

static void charts_put(html *h, const json *body) {
    static const struct {
        const char *title, *places, *values, *x_label, *y_label;
        bool log;
    } charts[] = {{"Gradient at each layer, first tenth of training", NULL, "start",
                   "layer with weights, from the input", "L2 norm of the gradient", true},
                  {"Gradient at each layer, last tenth of training", NULL, "end",
                   "layer with weights, from the input", "L2 norm of the gradient", true},
                  {"Gradient of the first layer through training", "steps", "first", "step",
                   "L2 norm of the gradient", true},
                  {"Training loss", "steps", "loss", "step", "loss (nats)", false}};
    const json *nets = json_get(json_get(body, "extra"), "nets");
    chart_series series[NETS_MOST];
    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
        line_chart c = {
            .title = charts[i].title,
            .caption = h->picture ? NULL : charts[i].title, /* on a page titles are for who cannot see */
            .description = "A line for each net; the table below has the figures of the first and last "
                           "layers.",
            .x_label = charts[i].x_label,
            .y_label = charts[i].y_label,
            .width = PAGE_WIDTH,
            .x_whole = true,
            .y_log = charts[i].log,
            .dense = true,
            .y_lo = NAN,
            .y_hi = NAN,
            .reference = NAN,
            .series = series};
        c.n_series = series_of(h, nets, charts[i].places, charts[i].values, series);
        if (c.n_series > 0) line_chart_put(h, &c);
    }
}

status gradients_picture_write(const char *path, const json *body, err *e) {
    return svg_file_write(path, charts_put, body, e);
}

static void ratio_cells(html *h, const json *row) {
    interval i = row_interval(row);
    if (isnan(row_value(row)))
        html_put(h, "<td class=\"n\" colspan=\"2\">%.80s</td>", row_text(row, "reason"));
    else
        html_put(h, "<td class=\"n\">%.3g</td><td class=\"n\">[%.3g, %.3g]</td>", row_value(row), i.lo, i.hi);
}

void gradients_put(html *h, const json *document) {
    const json *body = json_get(document, "body"), *row;
    row_query q = {.metric = "gradient_ratio", .eps = NAN};
    html_put(
        h,
        "<p>Where a line falls towards the input, the first layers hear less and less of what the loss wants "
        "of them. Norms are geometric means over steps.</p>\n");
    charts_put(h, body);
    html_table_open(
        h,
        "Norm of the first layer's gradient over that of the last layer's: geometric means over steps, "
        "with 95 % t intervals over them; a small ratio is a gradient that vanishes",
        "net|>ratio at the start|>95 % interval|>at the end|>95 % interval|>training accuracy");
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        row_query other = {.metric = "gradient_ratio_start", .group = row_text(row, "group"), .eps = NAN};
        const json *start = row_find(body, &other), *accuracy;
        other.metric = "training_accuracy";
        accuracy = row_find(body, &other);
        const char *name = strchr(row_text(row, "group"), '=');
        html_put(h, "<tr><th scope=\"row\">%.60s</th>", name ? name + 1 : "");
        ratio_cells(h, start);
        ratio_cells(h, row);
        html_put(h, "<td class=\"n\">%s</td></tr>\n",
                 figure_percent(row_value(accuracy), row_interval(accuracy)).text);
    }
    html_table_close(h);
}
