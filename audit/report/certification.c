/* Certified accuracy beside accuracy under attack: between them lies the truth. */
#include <math.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

enum { EPS_MOST = 64 };

/* Right without any change: the smoothed classifier is another one than the model. */
static const json *unchanged_of(const json *body) {
    bool smoothed = certified_smoothed(body);
    row_query q = {.metric = smoothed ? "smoothed_accuracy" : "accuracy", .group = "all", .eps = NAN};
    if (!smoothed) q.attack = "none";
    return row_find(body, &q);
}

/* The next row of a metric with an eps. */
static const json *next_row(const json *body, const char *metric, size_t *at) {
    row_query q = {.metric = metric, .group = "all", .eps = NAN};
    const json *row;
    while ((row = row_next(body, &q, at)) && isnan(row_eps(row)))
        continue;
    return row;
}

static chart_series series_of(html *h, const json *body, const char *metric, const char *label) {
    chart_series s = {.label = label};
    chart_point *points = html_array(h, EPS_MOST + 1, sizeof *points);
    const json *unchanged = unchanged_of(body), *row;
    if (!points) return s;
    s.points = points;
    if (unchanged) points[s.n++] = (chart_point){0, row_value(unchanged), row_interval(unchanged)};
    for (size_t at = 0; s.n <= EPS_MOST && (row = next_row(body, metric, &at));)
        points[s.n++] = (chart_point){row_eps(row), row_value(row), row_interval(row)};
    return s;
}

static void chart_put(html *h, const json *body, const json *certified) {
    figure attack = figure_attack(row_text(certified_attacked(body, certified), "attack"));
    chart_series series[2];
    char label[64], x_label[96];
    int n = 0;
    if (*attack.text) {
        snprintf(label, sizeof label, "right under %.20s", attack.text);
        series[n++] = series_of(h, body, "accuracy", label);
    }
    series[n++] = series_of(h, body, "certified_accuracy", "certified");
    snprintf(x_label, sizeof x_label, "\xce\xb5: size of the change (%.20s), pixels from 0 to 1",
             figure_norm(row_text(certified, "norm")).text);
    line_chart c = {
        .title = "Certified accuracy",
        .description = "Accuracy under attack and certified accuracy over the size of the change, from none "
                       "at the left; the table below has the figures.",
        .caption = n > 1 ? "The robust accuracy lies between the lines. Whiskers are 95 % intervals."
                         : "Whiskers are 95 % intervals.",
        .x_label = x_label,
        .y_label = "share of images",
        .width = PAGE_WIDTH,
        .y_percent = true,
        .y_lo = 0,
        .y_hi = 1,
        .reference = NAN,
        .series = series,
        .n_series = n};
    line_chart_put(h, &c);
}

static void table_put(html *h, const json *body, const json *first) {
    const json *unchanged = unchanged_of(body), *row;
    bool attacked = certified_attacked(body, first) != NULL;
    int n = 0;
    char caption[120];
    snprintf(caption, sizeof caption, "Right%s and certified by %.20s, by \xce\xb5 (norm %.20s)",
             attacked ? " under attack" : " unchanged", row_text(first, "attack"),
             figure_norm(row_text(first, "norm")).text);
    html_table_open(h, caption,
                    attacked ? ">\xce\xb5|>n|>under attack|>95 % interval|>certified|>95 % interval"
                             : ">\xce\xb5|>n|>right|>95 % interval|>certified|>95 % interval");
    if (unchanged) {
        html_put(h, "<tr><th scope=\"row\" class=\"n\">0</th>");
        html_n_cell(h, unchanged);
        html_value_cells(h, unchanged, false);
        html_put(h, "<td></td><td></td></tr>\n");
    }
    for (size_t at = 0; n < EPS_MOST && (row = next_row(body, "certified_accuracy", &at)); n++) {
        html_put(h, "<tr><th scope=\"row\" class=\"n\">%s</th>", figure_eps(row_eps(row)).text);
        html_n_cell(h, row);
        html_value_cells(h, certified_attacked(body, row), false);
        html_value_cells(h, row, false);
        html_put(h, "</tr>\n");
    }
    html_table_close(h);
}

static void smoothed_note(html *h, const json *body) {
    const json *settings = json_get(body, "settings");
    row_query q = {.metric = "abstained", .group = "all", .eps = NAN};
    html_put(
        h,
        "<p class=\"note\">Certificates are of the smoothed classifier, not of the model: the class that it "
        "gives most often under noise of deviation %.4g, from %s copies of an image; each is wrong with a "
        "chance of at most %.3g. It gives no answer on %s of the images.</p>\n",
        json_as_real(json_get(settings, "sigma"), NAN),
        figure_count(json_as_int(json_get(settings, "samples"), 0)).text,
        json_as_real(json_get(settings, "alpha"), NAN), figure_share(row_find(body, &q)).text);
}

void certification_put(html *h, const json *document) {
    const json *body = json_get(document, "body");
    size_t at = 0;
    const json *first = next_row(body, "certified_accuracy", &at);
    if (!first) {
        html_put(h, "<p>The result has no certified figures.</p>\n");
        return;
    }
    html_put(h,
             "<p>For how many images it is proven that no change of at most \xce\xb5 makes the %s wrong: a "
             "<b>lower</b> bound of robust accuracy%s.</p>\n",
             certified_smoothed(body) ? "smoothed classifier" : "model",
             certified_attacked(body, first) ? ", where accuracy under attack is an upper one" : "");
    chart_put(h, body, first);
    table_put(h, body, first);
    if (certified_smoothed(body)) smoothed_note(h, body);
    if (json_as_bool(json_get(json_get(body, "settings"), "real"), false))
        html_put(h, "<p class=\"note\">Of the net in real arithmetic: roundings in float32 are not allowed "
                    "for.</p>\n");
}
