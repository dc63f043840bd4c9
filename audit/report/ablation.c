/* What each trick of training is worth. */
#include <math.h>
#include <string.h>

#include "audit/ablation.h"
#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/pictures.h"
#include "audit/report/sections_internal.h"
#include "audit/report/svg_file_internal.h"
#include "audit/rows.h"

enum { TRICKS_MOST = 64 };

static const char *trick_of(const json *row) {
    static const char prefix[] = "trick=";
    const char *group = row_text(row, "group");
    return strncmp(group, prefix, sizeof prefix - 1) == 0 ? group + sizeof prefix - 1 : group;
}

/* The interval that covers seeds and test images is drawn: the honest one. */
static void chart_put(html *h, const json *body) {
    row_query q = {.metric = "trick_effect", .method = "paired-t-images", .eps = NAN};
    const json *row;
    int n = 0;
    dot *dots = html_array(h, TRICKS_MOST, sizeof *dots);
    for (size_t at = 0; dots && n < TRICKS_MOST && (row = row_next(body, &q, &at));)
        dots[n++] = (dot){.label = trick_of(row),
                          .n = row_n(row),
                          .value = row_value(row),
                          .i = row_interval(row),
                          .open = row_interval(row).lo <= 0 && row_interval(row).hi >= 0,
                          .reason = row_text(row, "reason")};
    if (n == 0) return;
    dot_chart_put(
        h, &(dot_chart){
               .title = "What each trick is worth",
               .description = "Test accuracy with the trick minus without it, with 95 % intervals; the "
                              "table below has the figures.",
               .caption = "Mean differences over pairs of nets of the same seed (n), in points. Whiskers: 95 "
                          "% intervals over seeds and test images. Hollow: not told apart from 0.",
               .group_label = "trick",
               .x_label = "test accuracy with the trick minus without it, points",
               .differences = true,
               .dots = dots,
               .n = n});
}

static interval interval_by(const json *body, const json *row, const char *method) {
    row_query q = {.metric = "trick_effect", .group = row_text(row, "group"), .method = method, .eps = NAN};
    return row_interval(row_find(body, &q));
}

static void table_put(html *h, const json *body) {
    row_query q = {.metric = "trick_effect", .method = "paired-t", .eps = NAN};
    const json *row;
    int n = 0;
    html_table_open(h, "Effects in points of test accuracy",
                    "trick|>nets|>effect|>95 % over seeds|>and over images|");
    for (size_t at = 0; n < TRICKS_MOST && (row = row_next(body, &q, &at)); n++) {
        interval over_images = interval_by(body, row, "paired-t-images");
        interval family = interval_by(body, row, "paired-t-family");
        html_put(h, "<tr><th scope=\"row\">%.60s</th>", trick_of(row));
        html_n_cell(h, row);
        html_value_cells(h, row, true);
        html_put(h, "<td class=\"n\">%s</td><td class=\"verdict-word\">%s</td></tr>\n",
                 figure_interval(over_images).text, ablation_verdict(over_images, family));
    }
    html_table_close(h);
}

void ablation_put(html *h, const json *document) {
    const json *body = json_get(document, "body"), *settings = json_get(body, "settings");
    row_query q = {.metric = "accuracy", .group = "variant=base", .eps = NAN};
    const json *base = row_find(body, &q);
    bool add = strcmp(row_text(settings, "mode"), "add") == 0;
    html_put(h,
             "<p>Nets (%.40s) trained by one recipe and %s each trick, with the same data order for each of "
             "%s seeds. By "
             "the recipe itself they are right %s of the time on %s test images.</p>\n",
             row_text(json_get(settings, "recipe"), "arch"),
             add ? "by the recipe with" : "by the recipe without", figure_count(row_n(base)).text,
             figure_share(base).text, figure_count(json_as_int(json_get(settings, "test_n"), 0)).text);
    chart_put(h, body);
    table_put(h, body);
    html_put(h,
             "<p class=\"note\">An effect is that of one trick in this recipe, on this many images and "
             "epochs: tricks that "
             "do the same hide each other, and longer training changes what helps. &ldquo;Helps&rdquo; and "
             "&ldquo;harms&rdquo; hold for all tricks of the table together (Bonferroni); of twenty tricks "
             "without any effect one "
             "is expected to look as if it &ldquo;may&rdquo; have one.</p>\n");
}

status ablation_picture_write(const char *path, const json *body, err *e) {
    return svg_file_write(path, chart_put, body, e);
}
