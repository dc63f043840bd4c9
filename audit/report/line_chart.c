#include <math.h>

#include "audit/report/charts_internal.h"
#include "audit/report/svg_internal.h"
#include "audit/text_table.h"

enum {
    HEIGHT = 300,
    LABEL_MOST = 22,
    LEFT = 52,
    TOP = 34,
    BOTTOM = 44,
    LABEL_GAP = 17,
    DODGE = 6,
    DENSE = 40
};

typedef struct plot {
    const line_chart *c;
    axis x, y;
} plot;

static bool is_drawn(const line_chart *c, const chart_point *q) {
    return isfinite(q->x) && isfinite(q->y) && (!c->x_log || q->x > 0) && (!c->y_log || q->y > 0);
}

/* The data, then a little room; NAN ends of what is wanted are taken from them. */
static void fit(const line_chart *c, double *x_lo, double *x_hi, double *y_lo, double *y_hi) {
    for (int s = 0; s < c->n_series; s++)
        for (int i = 0; i < c->series[s].n; i++) {
            if (!is_drawn(c, &c->series[s].points[i])) continue;
            range_include(x_lo, x_hi, c->series[s].points[i].x);
            range_include(y_lo, y_hi, c->series[s].points[i].y);
        }
    if (c->y_log) {
        *y_lo *= .8;
        *y_hi *= 1.25;
        return;
    }
    range_include(y_lo, y_hi, c->reference);
    double room = 0.08 * (*y_hi - *y_lo);
    *y_lo = isnan(c->y_lo) ? *y_lo - room : c->y_lo;
    *y_hi = isnan(c->y_hi) ? *y_hi + room : c->y_hi;
}

static int longest_label(const line_chart *c) {
    int longest = 0;
    for (int s = 0; s < c->n_series; s++) {
        int length = text_width(c->series[s].label);
        if (length > longest) longest = length;
    }
    return longest < LABEL_MOST ? longest : LABEL_MOST;
}

static plot plot_of(const line_chart *c) {
    double x_lo = INFINITY, x_hi = -INFINITY, y_lo = INFINITY, y_hi = -INFINITY;
    fit(c, &x_lo, &x_hi, &y_lo, &y_hi);
    int right = c->n_series > 1 ? 50 + 7 * longest_label(c) : 16;
    return (plot){.c = c,
                  .x = {.label = c->x_label,
                        .lo = x_lo,
                        .hi = x_hi,
                        .from = LEFT + 12,
                        .to = c->width - right,
                        .percent = c->x_percent,
                        .log = c->x_log,
                        .whole = c->x_whole},
                  .y = {.label = c->y_label,
                        .lo = y_lo,
                        .hi = y_hi,
                        .from = HEIGHT - BOTTOM,
                        .to = TOP,
                        .percent = c->y_percent,
                        .log = c->y_log}};
}

static void put_axes(html *h, const plot *p) {
    double ticks[AXIS_TICKS], left = LEFT, right = p->x.to + 12, foot = p->y.from;
    int n = axis_ticks(&p->y, 5, ticks);
    html_put(h, "<text class=\"soft\" x=\"2\" y=\"14\">%s</text>\n", p->y.label);
    for (int i = 0; i < n; i++) {
        double y = axis_place(&p->y, ticks[i]);
        html_put(h,
                 "<path class=\"grid\" d=\"M%.0f,%.1fH%.1f\"/><text class=\"soft end\" x=\"%.0f\" "
                 "y=\"%.1f\">%s</text>\n",
                 left, y, right, left - 7, y + 4, axis_text(&p->y, ticks[i]).text);
    }
    n = axis_ticks(&p->x, p->c->width > 500 ? 8 : 5, ticks);
    html_put(h, "<path class=\"axis\" d=\"M%.0f,%.1fH%.1f\"/>\n", left, foot, right);
    for (int i = 0; i < n; i++) {
        double x = axis_place(&p->x, ticks[i]);
        html_put(h,
                 "<path class=\"axis\" d=\"M%.1f,%.1fv5\"/><text class=\"soft mid\" x=\"%.1f\" "
                 "y=\"%.1f\">%s</text>\n",
                 x, foot, x, foot + 19, axis_text(&p->x, ticks[i]).text);
    }
    html_put(h, "<text class=\"soft mid\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", (left + right) / 2, foot + 38,
             p->x.label);
}

static void put_reference(html *h, const plot *p) {
    const line_chart *c = p->c;
    if (!isfinite(c->reference)) return;
    double y = axis_place(&p->y, c->reference);
    html_put(h, "<path class=\"reference\" d=\"M%d,%.1fH%.1f\"/>", LEFT, y, p->x.to + 12);
    if (c->reference_label)
        html_put(h, "<text class=\"soft halo\" x=\"%d\" y=\"%.1f\">%.40s</text>\n", LEFT + 4, y - 6,
                 c->reference_label);
}

/* The word stands at the foot, where curves that fall and rise again seldom are, on the side with more room. */
static void put_marks(html *h, const plot *p) {
    for (int i = 0; i < p->c->n_marks; i++) {
        const chart_mark *m = &p->c->marks[i];
        if (!isfinite(m->x)) continue;
        double x = axis_place(&p->x, m->x);
        bool left = x > (p->x.from + p->x.to) / 2;
        html_put(h, "<path class=\"reference\" d=\"M%.1f,%dV%.1f\"/>", x, TOP, p->y.from);
        html_put(h, "<text class=\"soft halo%s\" x=\"%.1f\" y=\"%.1f\">%.40s</text>\n", left ? " end" : "",
                 left ? x - 6 : x + 6, p->y.from - 8, m->label);
    }
}

/* Where a point of a series is drawn: beside those of the others, so that intervals do not hide each other; but
 * at the left end, where series begin at a point they share, nothing is moved. */
static double point_x(const plot *p, int series, double x) {
    double place = axis_place(&p->x, x);
    if (x <= p->x.lo || p->c->n_series < 2 || p->c->dense) return place;
    return place + DODGE * (series - (p->c->n_series - 1) / 2.0);
}

static void put_series(html *h, const plot *p, int series) {
    const chart_series *s = &p->c->series[series];
    int style = series % SERIES_STYLES;
    if (!s->scattered) html_put(h, "<path class=\"s%d line\" d=\"", style);
    for (int i = 0, drawn = 0; i < s->n && !s->scattered; i++)
        if (is_drawn(p->c, &s->points[i]))
            html_put(h, "%s%.1f,%.1f", drawn++ ? "L" : "M", point_x(p, series, s->points[i].x),
                     axis_place(&p->y, s->points[i].y));
    if (!s->scattered) html_put(h, "\"/>\n");
    if (p->c->dense && s->n > DENSE && !s->scattered) return;
    for (int i = 0; i < s->n; i++) {
        const chart_point *q = &s->points[i];
        if (!is_drawn(p->c, q)) continue;
        double x = point_x(p, series, q->x);
        if (!isnan(q->i.lo) && !isnan(q->i.hi))
            html_put(h, "<path class=\"s%d bar\" d=\"M%.1f,%.1fV%.1f\"/>", style, x,
                     axis_place(&p->y, q->i.lo), axis_place(&p->y, q->i.hi));
        svg_mark(h, series, x, axis_place(&p->y, q->y), 4.5, false);
    }
}

/* Names at the heights of the last points, from the top down, pushed apart where they would touch. */
static void put_names(html *h, const plot *p) {
    enum { MOST = 16 };
    double heights[MOST], next = TOP;
    bool named[MOST] = {false};
    int n = p->c->n_series < MOST ? p->c->n_series : MOST;
    for (int s = 0; s < n; s++) {
        heights[s] = p->y.from;
        for (int i = 0; i < p->c->series[s].n; i++)
            if (is_drawn(p->c, &p->c->series[s].points[i]))
                heights[s] = axis_place(&p->y, p->c->series[s].points[i].y);
    }
    double lowest = p->y.from + 4 - LABEL_GAP * (n - 1);
    for (int k = 0; k < n; k++) {
        int top = -1;
        for (int s = 0; s < n; s++)
            if (!named[s] && (top < 0 || heights[s] < heights[top])) top = s;
        named[top] = true;
        double y = fmin(fmax(heights[top], next), lowest + LABEL_GAP * k);
        svg_mark(h, top, p->x.to + 28, y, 4.5, false);
        html_put(h, "<text x=\"%.1f\" y=\"%.1f\">%.22s</text>\n", p->x.to + 38, y + 4,
                 p->c->series[top].label);
        next = y + LABEL_GAP;
    }
}

void line_chart_put(html *h, const line_chart *c) {
    plot p = plot_of(c);
    if (!(p.x.hi >= p.x.lo)) return; /* no point at all */
    svg_open(h, c->width, HEIGHT, c->title, c->description);
    put_axes(h, &p);
    put_reference(h, &p);
    put_marks(h, &p);
    for (int s = 0; s < c->n_series; s++)
        put_series(h, &p, s);
    if (c->n_series > 1) put_names(h, &p);
    svg_close(h, c->caption);
}
