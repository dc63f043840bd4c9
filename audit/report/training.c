/* Training: curves over epochs. */
#include <math.h>

#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/report/training_charts_internal.h"
#include "audit/rows.h"

enum { EPOCHS_MOST = 2000, LINES_MOST = 12 };

static double of_epoch(const json *epochs, int i, const char *key) {
    return json_as_real(json_get(json_at(epochs, (size_t)i), key), NAN);
}

static bool was_validated(const json *epochs, int n) {
    return n > 0 && !isnan(of_epoch(epochs, n - 1, "validation_accuracy"));
}

static void epoch_put(html *h, const json *epochs, int i, bool validated) {
    const interval none = {NAN, NAN};
    html_put(h, "<tr><th scope=\"row\" class=\"n\">%.0f</th><td class=\"n\">%.4f</td><td class=\"n\">%s</td>",
             of_epoch(epochs, i, "epoch"), of_epoch(epochs, i, "loss"),
             figure_percent(of_epoch(epochs, i, "accuracy"), none).text);
    if (validated)
        html_put(h, "<td class=\"n\">%.4f</td><td class=\"n\">%s</td>",
                 of_epoch(epochs, i, "validation_loss"),
                 figure_percent(of_epoch(epochs, i, "validation_accuracy"), none).text);
    html_put(h, "<td class=\"n\">%.3g</td></tr>\n", of_epoch(epochs, i, "rate"));
}

static void epochs_put(html *h, const json *epochs, int n) {
    int every = (n + LINES_MOST - 1) / LINES_MOST;
    bool validated = was_validated(epochs, n);
    html_table_open(
        h,
        every > 1 ? "Epochs (some of them). Accuracy is on training images as they were seen, augmented "
                    "and while the net was changing."
                  : "Epochs. Accuracy is on training images as they were seen, augmented and while the net "
                    "was changing.",
        validated ? ">epoch|>loss|>training accuracy|>validation loss|>validation accuracy|>learning rate"
                  : ">epoch|>loss|>training accuracy|>learning rate");
    for (int i = 0; i < n; i++)
        if (i % every == 0 || i == n - 1) epoch_put(h, epochs, i, validated);
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
    if (n > 1) {
        html_put(h, "<div class=\"pair\">\n");
        training_charts_put(h, body, 410);
        html_put(h, "</div>\n");
    }
    if (n > 0) epochs_put(h, epochs, n);
}
