/* What was learned once and fools many images: patches and universal perturbations. */
#include <math.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

enum { EPS_MOST = 32 };

static const json *row_of(const json *body, const char *metric, const char *attack, double eps) {
    row_query q = {.metric = metric, .attack = attack, .group = "all", .eps = eps};
    return row_find(body, &q);
}

/* n, value and interval of a row; empty cells where there is none. */
static void cells_put(html *h, const json *row) {
    html_n_cell(h, row);
    html_value_cells(h, row, false);
}

static void learned_from_put(html *h, const json *settings) {
    html_put(h, "<p class=\"note\">Learned from %s images, %s; measured on others.</p>\n",
             figure_count(json_as_int(json_get(settings, "train_n"), 0)).text,
             json_as_bool(json_get(settings, "halved"), false) ? "one half of the data"
                                                               : "of the training part");
}

static void sheet_put(html *h, const json *body, const char *caption) {
    const char *uri = json_as_string(json_get(json_get(body, "extra"), "sheet"));
    if (uri) png_put(h, uri, caption, caption);
}

void patch_put(html *h, const json *document) {
    static const struct {
        const char *attack, *what;
    } lines[] = {{"none", "nothing (unchanged)"},
                 {"patch", "the learned patch"},
                 {"image-patch", "a small picture of the class"},
                 {"noise-patch", "a patch of noise"}};
    const json *body = json_get(document, "body"), *settings = json_get(body, "settings");
    long long side = json_as_int(json_get(settings, "side"), 0);
    html_put(h,
             "<p>A picture of %lld x %lld pixels, put into images at random places, that is to make "
             "\xe2\x80\x9c%.60s\xe2\x80\x9d "
             "of whatever it is put into%s. It can be printed, and needs no access to the image. A better "
             "patch may do "
             "more.</p>\n",
             side, side, row_text(settings, "target"),
             json_as_bool(json_get(settings, "target_chosen"), false)
                 ? ": the class that short trials on training images reached most"
                 : "");
    html_table_open(
        h,
        "Accuracy on all test images, and how many that were right and of another class get the class of the "
        "patch; a patch hides what is below it, and the controls say what that alone does",
        "put in|>n|>accuracy|>95 % interval|>n|>to the class|>95 % interval");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const json *row = row_of(body, "accuracy", lines[i].attack, NAN);
        if (!row) continue;
        html_put(h, "<tr><th scope=\"row\">%s</th>", lines[i].what);
        cells_put(h, row);
        cells_put(h, row_of(body, "target_success", lines[i].attack, NAN));
        html_put(h, "</tr>\n");
    }
    html_table_close(h);
    learned_from_put(h, settings);
    sheet_put(h, body,
              "The patches, enlarged; below, images without and with the learned one, and what the model "
              "says, in red "
              "where it is wrong.");
}

static void universal_rows(html *h, const json *body, const char *attack, const char *what, bool targeted) {
    row_query q = {.metric = "accuracy", .attack = attack, .group = "all", .eps = NAN};
    const json *row;
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        double eps = row_eps(row);
        html_put(h, "<tr><th scope=\"row\">%s</th><td class=\"n\">%s</td>", what,
                 isnan(eps) ? "0" : figure_eps(eps).text);
        cells_put(h, row);
        html_value_cells(h, isnan(eps) ? NULL : row_of(body, "fooling_rate", attack, eps), false);
        if (targeted)
            html_value_cells(h, isnan(eps) ? NULL : row_of(body, "target_success", attack, eps), false);
        html_put(h, "</tr>\n");
    }
}

/* Accuracy over eps, from what holds unchanged. */
static chart_series series_of(html *h, const json *body, const char *attack, const char *label) {
    chart_point *points = html_array(h, EPS_MOST + 1, sizeof *points);
    chart_series s = {.label = label, .points = points};
    row_query q = {.metric = "accuracy", .attack = attack, .group = "all", .eps = NAN};
    const json *row = row_of(body, "accuracy", "none", NAN);
    if (points && row) points[s.n++] = (chart_point){0, row_value(row), row_interval(row)};
    for (size_t at = 0; points && s.n <= EPS_MOST && (row = row_next(body, &q, &at));)
        points[s.n++] = (chart_point){row_eps(row), row_value(row), row_interval(row)};
    return s;
}

void universal_put(html *h, const json *document) {
    const json *body = json_get(document, "body"), *settings = json_get(body, "settings");
    const char *target = json_as_string(json_get(settings, "target"));
    chart_series series[2] = {series_of(h, body, "universal", "learned"),
                              series_of(h, body, "random", "by chance")};
    html_put(h,
             "<p>One and the same change of pixels, added to every image%s%.60s%s. Whoever has it needs to "
             "compute nothing, "
             "and does not look at the image. A better one may break more: accuracy is an <b>upper</b> "
             "bound.</p>\n",
             target ? " to make \xe2\x80\x9c" : "", target ? target : "", target ? "\xe2\x80\x9d of it" : "");
    line_chart_put(h, &(line_chart){.title = "Accuracy under one perturbation for all images",
                                    .description =
                                        "Accuracy over the size of the perturbation; the table below has the "
                                        "figures.",
                                    .caption = "Whiskers are 95 % intervals.",
                                    .x_label = "\xce\xb5, pixels from 0 to 1",
                                    .y_label = "accuracy",
                                    .width = PAGE_WIDTH,
                                    .y_percent = true,
                                    .y_hi = 1,
                                    .reference = NAN,
                                    .series = series,
                                    .n_series = 2});
    html_table_open(
        h, "Accuracy, and how many answers differ from those to the unchanged images (fooling rate)",
        target ? "perturbation|>\xce\xb5|>n|>accuracy|>95 % interval|>answers changed|>95 % interval|>to the "
                 "class|>95 % interval"
               : "perturbation|>\xce\xb5|>n|>accuracy|>95 % interval|>answers changed|>95 % interval");
    universal_rows(h, body, "none", "none (unchanged)", target != NULL);
    universal_rows(h, body, "random", "by chance", target != NULL);
    universal_rows(h, body, "universal", "learned", target != NULL);
    html_table_close(h);
    html_put(h, "<p class=\"note\">Norm %s.</p>\n", figure_norm(row_text(settings, "norm")).text);
    learned_from_put(h, settings);
    sheet_put(h, body,
              "Perturbations, magnified about grey; below, images without and with the one of the largest "
              "size, which "
              "breaks them.");
}
