/* Training: curves over epochs. */
#include <math.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

enum { EPOCHS_MOST = 2000, LINES_MOST = 12 };

static double of_epoch(const json *epochs, int i, const char *key) {
    return json_as_real(json_get(json_at(epochs, (size_t)i), key), NAN);
}

static const chart_point *curve(html *h, const json *epochs, int n, const char *key) {
    chart_point *points = html_array(h, (size_t)n, sizeof *points);
    for (int i = 0; points && i < n; i++)
        points[i] = (chart_point){of_epoch(epochs, i, "epoch"), of_epoch(epochs, i, key), {NAN, NAN}};
    return points;
}

static void curves_put(html *h, const json *epochs, int n, const json *test) {
    chart_series loss = {"loss", n, curve(h, epochs, n, "loss")};
    chart_series accuracy = {"accuracy", n, curve(h, epochs, n, "accuracy")};
    if (!loss.points || !accuracy.points) return;
    line_chart c = {.title = "Training loss over epochs",
                    .description =
                        "Mean loss on the training images in each epoch; the table below has the figures.",
                    .x_label = "epoch",
                    .y_label = "training loss (nats)",
                    .width = 410,
                    .x_whole = true,
                    .y_hi = NAN,
                    .reference = NAN,
                    .series = &loss,
                    .n_series = 1};
    html_put(h, "<div class=\"pair\">\n");
    line_chart_put(h, &c);
    c.title = "Training accuracy over epochs";
    c.description =
        "Share of training images classified correctly in each epoch, and the accuracy on test images at "
        "the end; the table below has the figures.";
    c.y_label = "training accuracy";
    c.y_percent = true;
    c.y_lo = NAN;
    c.series = &accuracy;
    char caption[80];
    snprintf(caption, sizeof caption, "Dotted: accuracy on test images at the end, %.30s.",
             figure_percent(row_value(test), row_interval(test)).text);
    c.caption = isnan(row_value(test)) ? NULL : caption;
    c.reference = row_value(test);
    line_chart_put(h, &c);
    html_put(h, "</div>\n");
}

static void epochs_put(html *h, const json *epochs, int n) {
    int every = (n + LINES_MOST - 1) / LINES_MOST;
    const interval none = {NAN, NAN};
    html_table_open(
        h,
        every > 1 ? "Epochs (some of them). Accuracy is on training images as they were seen, augmented "
                    "and while the net was changing."
                  : "Epochs. Accuracy is on training images as they were seen, augmented and while the net "
                    "was changing.",
        ">epoch|>loss|>training accuracy|>learning rate");
    for (int i = 0; i < n; i++)
        if (i % every == 0 || i == n - 1)
            html_put(h,
                     "<tr><th scope=\"row\" class=\"n\">%.0f</th><td class=\"n\">%.4f</td><td "
                     "class=\"n\">%s</td><td class=\"n\">%.3g</td></tr>\n",
                     of_epoch(epochs, i, "epoch"), of_epoch(epochs, i, "loss"),
                     figure_percent(of_epoch(epochs, i, "accuracy"), none).text, of_epoch(epochs, i, "rate"));
    html_table_close(h);
}

void training_put(html *h, const json *document) {
    const json *body = json_get(document, "body"), *epochs = json_get(json_get(body, "extra"), "epochs");
    row_query q = {.metric = "accuracy", .attack = "none", .group = "all", .eps = NAN};
    const json *test = row_find(body, &q), *data = json_get(body, "data");
    int n = json_count(epochs) < EPOCHS_MOST ? (int)json_count(epochs) : EPOCHS_MOST;
    html_put(h, "<p>Trained on %s images of %.80s", figure_count(json_as_int(json_get(data, "n"), 0)).text,
             row_text(data, "name"));
    if (n > 0)
        html_put(h, " for %d epoch%s, to a loss of %.3f and %s on the training images", n, n == 1 ? "" : "s",
                 of_epoch(epochs, n - 1, "loss"),
                 figure_percent(of_epoch(epochs, n - 1, "accuracy"), (interval){NAN, NAN}).text);
    html_put(h, ".");
    if (test)
        html_put(h, " On %s test images it is right %s of the time.", figure_count(row_n(test)).text,
                 figure_share(test).text);
    html_put(h, "</p>\n");
    if (n > 1) curves_put(h, epochs, n, test);
    if (n > 0) epochs_put(h, epochs, n);
}
