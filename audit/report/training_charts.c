#include "audit/report/training_charts_internal.h"

#include <math.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/pictures.h"
#include "audit/report/svg_file_internal.h"
#include "audit/rows.h"

enum { POINTS_MOST = 2000 };

static chart_series curve(html *h, const char *label, const json *points, const char *key) {
    chart_series s = {.label = label};
    size_t n = json_count(points) < POINTS_MOST ? json_count(points) : POINTS_MOST;
    chart_point *drawn = html_array(h, n ? n : 1, sizeof *drawn);
    for (size_t i = 0; drawn && i < n; i++) {
        const json *p = json_at(points, i);
        double y = json_as_real(json_get(p, key), NAN);
        if (!isnan(y)) drawn[s.n++] = (chart_point){json_as_real(json_get(p, "epoch"), NAN), y, {NAN, NAN}};
    }
    s.points = drawn;
    return s;
}

/* Training and, where it was measured, validation. A result of few epochs is drawn by its steps. */
static int both(html *h, const json *extra, const char *key, const char *validation_key,
                chart_series out[2]) {
    const json *epochs = json_get(extra, "epochs"), *steps = json_get(extra, "steps");
    out[0] = curve(h, "training", json_count(steps) > json_count(epochs) ? steps : epochs, key);
    out[1] = curve(h, "validation", epochs, validation_key);
    return out[1].n ? 2 : 1;
}

static void loss_put(html *h, const json *body, int width) {
    chart_series series[2];
    int n = both(h, json_get(body, "extra"), "loss", "validation_loss", series);
    line_chart_put(h,
                   &(line_chart){.title = "Loss over epochs",
                                 .description = "Mean loss on the training images as they were seen, and on "
                                                "validation images where there are any.",
                                 .x_label = "epoch",
                                 .y_label = "loss (nats)",
                                 .width = width,
                                 .dense = true,
                                 .y_lo = NAN,
                                 .y_hi = NAN,
                                 .reference = NAN,
                                 .series = series,
                                 .n_series = n});
}

static void accuracy_put(html *h, const json *body, int width) {
    chart_series series[2];
    int n = both(h, json_get(body, "extra"), "accuracy", "validation_accuracy", series);
    row_query q = {.metric = "accuracy", .attack = "none", .group = "all", .eps = NAN};
    const json *test = row_find(body, &q);
    char caption[80];
    snprintf(caption, sizeof caption, "Dotted: accuracy on test images at the end, %.30s.",
             figure_percent(row_value(test), row_interval(test)).text);
    line_chart_put(h, &(line_chart){.title = "Accuracy over epochs",
                                    .description =
                                        "Share of training images answered correctly as they were seen, of "
                                        "validation images where there are any, and of test images at the "
                                        "end.",
                                    .caption = isnan(row_value(test)) ? NULL : caption,
                                    .x_label = "epoch",
                                    .y_label = "accuracy",
                                    .width = width,
                                    .dense = true,
                                    .y_percent = true,
                                    .y_lo = NAN,
                                    .y_hi = NAN,
                                    .reference_label = h->picture ? "test" : NULL,
                                    .reference = row_value(test),
                                    .series = series,
                                    .n_series = n});
}

static void rate_put(html *h, const json *body, int width) {
    const json *extra = json_get(body, "extra"), *steps = json_get(extra, "steps");
    chart_series rate = curve(h, "rate", json_count(steps) ? steps : json_get(extra, "epochs"), "rate");
    line_chart_put(h, &(line_chart){.title = "Learning rate over epochs",
                                    .description = "The learning rate that the schedule gave.",
                                    .x_label = "epoch",
                                    .y_label = "learning rate",
                                    .width = width,
                                    .dense = true,
                                    .y_hi = NAN,
                                    .reference = NAN,
                                    .series = &rate,
                                    .n_series = 1});
}

void training_charts_put(html *h, const json *body, int width) {
    loss_put(h, body, width);
    accuracy_put(h, body, width);
    rate_put(h, body, width);
}

static void picture_put(html *h, const json *body) {
    training_charts_put(h, body, PAGE_WIDTH);
}

status training_picture_write(const char *path, const json *body, err *e) {
    return svg_file_write(path, picture_put, body, e);
}
