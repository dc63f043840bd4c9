/* How far images are from being broken. */
#include <math.h>

#include "audit/report/charts_internal.h"
#include "audit/report/evasion_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/rows.h"

enum { SERIES_MOST = 6, CURVE_MOST = 512 };

static void add_point(chart_series *s, chart_point *points, double x, double y) {
    points[s->n++] = (chart_point){x, y, {NAN, NAN}};
}

/* Each share holds up to the next distance: two points a step. */
static chart_series curve_of(html *h, const json *one) {
    const json *curve = json_get(one, "curve");
    size_t room = json_count(curve) < CURVE_MOST ? json_count(curve) : CURVE_MOST;
    chart_point *points = html_array(h, 2 * room + 2, sizeof *points);
    figure *label = html_array(h, 1, sizeof *label);
    chart_series s = {.label = "", .points = points};
    if (!points || !label) return s;
    *label = figure_attack(row_text(one, "attack"));
    s.label = label->text;
    for (size_t k = 0; k < room; k++) {
        double x = json_as_real(json_at(json_at(curve, k), 0), NAN),
               y = json_as_real(json_at(json_at(curve, k), 1), NAN);
        if (s.n > 0) add_point(&s, points, x, points[s.n - 1].y);
        add_point(&s, points, x, y);
    }
    double largest = json_as_real(json_get(one, "largest_eps"), NAN);
    if (!json_as_bool(json_get(one, "walk"), false) && s.n > 0 && largest > points[s.n - 1].x)
        add_point(&s, points, largest, points[s.n - 1].y);
    return s;
}

static void curves_put(html *h, const json *list, const char *norm) {
    chart_series series[SERIES_MOST];
    int n = 0;
    char x_label[80];
    bool walks = false, balls = false;
    for (size_t k = 0; k < json_count(list) && n < SERIES_MOST; k++) {
        bool walk = json_as_bool(json_get(json_at(list, k), "walk"), false);
        walks |= walk;
        balls |= !walk;
        series[n++] = curve_of(h, json_at(list, k));
    }
    snprintf(x_label, sizeof x_label, "size of the change that breaks an image (%.20s)",
             figure_norm(norm).text);
    line_chart c = {
        .title = "How far images are from being broken",
        .description =
            "A curve per attack over the size of a change: the share of the images that were right "
            "unchanged and that no change up to this size broke.",
        .caption = !balls  ? "Upper bounds of the distances: a better attack may find nearer examples."
                   : walks ? "Upper bounds of the distances. Attacks that search in balls place "
                             "their examples near the eps that were tried, so their curve has steps there."
                           : "These attacks search in balls and place their examples near the eps that "
                             "were tried: the steps are those of the eps, not of the images. "
                             "Attacks such as fmn or fab find distances.",
        .x_label = x_label,
        .y_label = "not broken",
        .width = PAGE_WIDTH,
        .y_percent = true,
        .dense = true,
        .y_lo = 0,
        .y_hi = 1,
        .reference = NAN,
        .series = series,
        .n_series = n};
    line_chart_put(h, &c);
}

static void value_cell(html *h, const json *row, double largest) {
    if (!row)
        html_put(h, "<td></td>");
    else if (!isnan(row_value(row)))
        html_put(h, "<td class=\"n\">%.4g</td>", row_value(row));
    else if (isfinite(largest))
        html_put(h, "<td class=\"n\">&gt; %.4g</td>", largest);
    else
        html_put(h, "<td class=\"n\">none</td>");
}

/* An end that is open lies behind the largest eps, or behind all that was found. */
static void interval_cell(html *h, const json *row) {
    interval i = row_interval(row);
    if (isnan(i.lo))
        html_put(h, "<td></td>");
    else if (isnan(i.hi))
        html_put(h, "<td class=\"n\">[%.4g, open]</td>", i.lo);
    else
        html_put(h, "<td class=\"n\">[%.4g, %.4g]</td>", i.lo, i.hi);
}

static void quantiles_put(html *h, const json *body, const json *list) {
    static const char *const metrics[] = {"distance_q10", "distance_median", "distance_q90"};
    html_table_open(
        h,
        "Distances of the images that were right unchanged: a tenth, half and nine tenths of them are broken "
        "at this size or below; the 95 % interval of the median is that of order statistics",
        "attack|>n|>10 %|>median|>95 % interval|>90 %|>not broken");
    for (size_t k = 0; k < json_count(list); k++) {
        const json *one = json_at(list, k);
        double largest = json_as_real(json_get(one, "largest_eps"), NAN);
        html_put(h, "<tr><th scope=\"row\">%s</th><td class=\"n\">%s</td>",
                 figure_attack(row_text(one, "attack")).text,
                 figure_count(json_as_int(json_get(one, "n"), 0)).text);
        for (int m = 0; m < 3; m++) {
            row_query q = {.metric = metrics[m], .attack = row_text(one, "attack"), .eps = NAN};
            const json *row = row_find(body, &q);
            value_cell(h, row, json_as_bool(json_get(one, "walk"), false) ? NAN : largest);
            if (m == 1) interval_cell(h, row);
        }
        html_put(h, "<td class=\"n\">%s</td></tr>\n",
                 figure_count(json_as_int(json_get(one, "beyond"), 0)).text);
    }
    html_table_close(h);
}

void evasion_distances_put(html *h, const json *body) {
    const json *list = json_get(json_get(body, "extra"), "distances");
    if (json_count(list) == 0) return;
    html_put(h, "<h3>Distances</h3>\n");
    curves_put(h, list, row_text(json_get(body, "settings"), "norm"));
    quantiles_put(h, body, list);
}
