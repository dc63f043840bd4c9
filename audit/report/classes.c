/* Accuracy on unchanged images, overall and per class. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

enum { CLASSES_MOST = 60 };

static int worst_first(const void *a, const void *b) {
    double x = ((const dot *)a)->value, y = ((const dot *)b)->value;
    if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

static bool is_class_row(const json *row) {
    return strncmp(row_text(row, "group"), "class=", 6) == 0;
}

static int gather(html *h, const json *body, dot **out) {
    row_query q = {.metric = "accuracy", .attack = "none", .eps = NAN};
    const json *row;
    int room = 0, n = 0;
    for (size_t at = 0; (row = row_next(body, &q, &at));)
        room += is_class_row(row);
    *out = html_array(h, (size_t)room, sizeof **out);
    for (size_t at = 0; *out && (row = row_next(body, &q, &at));)
        if (is_class_row(row))
            (*out)[n++] = (dot){.label = row_text(row, "group") + 6,
                                .n = row_n(row),
                                .value = row_value(row),
                                .i = row_interval(row),
                                .reason = row_text(row, "reason")};
    if (n > 0) qsort(*out, (size_t)n, sizeof **out, worst_first);
    return n;
}

void classes_put(html *h, const json *document) {
    const json *body = json_get(document, "body");
    row_query q = {.metric = "accuracy", .attack = "none", .group = "all", .eps = NAN};
    const json *all = row_find(body, &q);
    dot *dots;
    int n = gather(h, body, &dots);
    if (all)
        html_put(h, "<p>Right on %s of %s images.</p>\n", figure_share(all).text,
                 figure_count(row_n(all)).text);
    if (n == 0) return;
    dot_chart c = {
        .title = "Accuracy per class",
        .description =
            "A row per class with the share of its images that are classified correctly, the worst first; "
            "figures stand at the right.",
        .group_label = "class",
        .x_label = "accuracy",
        .caption = n > CLASSES_MOST
                       ? "The worst 60 classes; the others are in the result. The area of a dot grows with n."
                       : "The worst class first. The area of a dot grows with n; whiskers are 95 % "
                         "intervals, the band is that of all images.",
        .dots = dots,
        .n = n < CLASSES_MOST ? n : CLASSES_MOST,
        .overall_label = all ? "all" : NULL,
        .overall = row_value(all),
        .overall_interval = row_interval(all)};
    dot_chart_put(h, &c);
}
