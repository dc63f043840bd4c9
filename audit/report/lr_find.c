/* The loss over a growing learning rate. */
#include <math.h>

#include "audit/report/charts_internal.h"
#include "audit/report/pictures.h"
#include "audit/report/sections_internal.h"
#include "audit/report/svg_file_internal.h"
#include "audit/rows.h"

enum { POINTS_MOST = 2000 };

/* Losses above `most`, where it diverges, would press the rest together: they are drawn at the upper edge. */
static chart_series curve(html *h, const char *label, const json *points, const char *key, double most) {
    chart_series s = {.label = label};
    size_t n = json_count(points) < POINTS_MOST ? json_count(points) : POINTS_MOST;
    chart_point *drawn = html_array(h, n ? n : 1, sizeof *drawn);
    for (size_t i = 0; drawn && i < n; i++) {
        const json *p = json_at(points, i);
        double rate = json_as_real(json_get(p, "rate"), NAN), y = json_as_real(json_get(p, key), NAN);
        if (rate > 0 && !isnan(y)) drawn[s.n++] = (chart_point){rate, fmin(y, most), {NAN, NAN}};
    }
    s.points = drawn;
    return s;
}

static double rate_of(const json *body, const char *metric) {
    row_query q = {.metric = metric, .eps = NAN};
    return row_value(row_find(body, &q));
}

static void chart_put(html *h, const json *body) {
    double steepest = rate_of(body, "learning_rate"), diverging = rate_of(body, "diverging_rate");
    char labels[2][48];
    snprintf(labels[0], sizeof labels[0], "falls most steeply: %.2g", steepest);
    snprintf(labels[1], sizeof labels[1], "diverges: %.2g", diverging);
    const chart_mark marks[] = {{steepest, labels[0]}, {diverging, labels[1]}};
    const json *points = json_get(json_get(body, "extra"), "points");
    double most = 1.5 * json_as_real(json_get(json_at(points, 0), "smoothed"), NAN);
    chart_series series[] = {curve(h, "smoothed", points, "smoothed", most),
                             curve(h, "each batch", points, "loss", most)};
    line_chart_put(
        h, &(line_chart){.title = "Loss over the learning rate",
                         .description = "Loss of each batch while the learning rate grows, and its "
                                        "mean over neighbouring steps.",
                         .caption = "Losses above one and a half times the first are drawn at the "
                                    "upper edge. The smoothed curve is a mean over neighbouring steps.",
                         .x_label = "learning rate",
                         .y_label = "loss (nats)",
                         .width = PAGE_WIDTH,
                         .x_log = true,
                         .dense = true,
                         .y_lo = NAN,
                         .y_hi = NAN,
                         .reference = NAN,
                         .series = series,
                         .n_series = 2,
                         .marks = marks,
                         .n_marks = 2});
}

status lr_find_picture_write(const char *path, const json *body, err *e) {
    return svg_file_write(path, chart_put, body, e);
}

void lr_find_put(html *h, const json *document) {
    const json *body = json_get(document, "body");
    double rate = rate_of(body, "learning_rate");
    if (isfinite(rate))
        html_put(
            h,
            "<p>The loss falls most steeply at a learning rate of %.2g: one to begin with where the "
            "schedule keeps it; one that falls, such as one-cycle, bears one closer to where the loss rises "
            "again. It is one training from one seed, and no promise for long ones.</p>\n",
            rate);
    chart_put(h, body);
}
