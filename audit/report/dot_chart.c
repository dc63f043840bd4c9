#include <math.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/svg_internal.h"
#include "audit/text_table.h"

enum { WIDTH = PAGE_WIDTH, ROW = 26, HEAD = 34, FOOT = 46, FIGURES = 205, POINTS = 28, LABEL_MOST = 30 };

typedef struct plot {
    const dot_chart *c;
    axis x;
    double foot;
    int64_t largest; /* n of the largest group */
} plot;

static plot plot_of(const dot_chart *c) {
    double lo = c->from_zero ? 0 : INFINITY, hi = -INFINITY;
    int64_t largest = 1;
    int longest = text_width(c->group_label);
    for (int i = 0; i < c->n; i++) {
        const dot *d = &c->dots[i];
        int length = text_width(d->label);
        if (length > longest) longest = length;
        if (d->n > largest) largest = d->n;
        range_include(&lo, &hi, d->value);
        range_include(&lo, &hi, d->i.lo);
        range_include(&lo, &hi, d->i.hi);
    }
    if (c->differences) range_include(&lo, &hi, 0);
    if (c->overall_label) range_include(&lo, &hi, c->overall);
    hi += 0.03 * (hi - lo); /* whiskers end inside */
    if (!c->from_zero) lo -= 0.03 * (hi - lo);
    if (!(hi > lo)) { /* nothing to fit */
        lo = 0;
        hi = 1;
    }
    double left = 16 + 7.0 * (longest < LABEL_MOST ? longest : LABEL_MOST);
    plot p = {.c = c,
              .x = {.label = c->x_label,
                    .lo = lo,
                    .hi = hi,
                    .from = left,
                    .to = WIDTH - FIGURES - (c->differences ? POINTS : 0) - 16,
                    .percent = !c->differences,
                    .points = c->differences},
              .foot = HEAD + ROW * c->n,
              .largest = largest};
    return p;
}

static void put_axis(html *h, const plot *p) {
    double ticks[AXIS_TICKS];
    int n = axis_ticks(&p->x, 6, ticks);
    for (int i = 0; i < n; i++) {
        double x = axis_place(&p->x, ticks[i]);
        html_put(h,
                 "<path class=\"grid\" d=\"M%.1f,%dV%.1f\"/><text class=\"soft mid\" x=\"%.1f\" "
                 "y=\"%.1f\">%s</text>\n",
                 x, HEAD, p->foot, x, p->foot + 17, axis_text(&p->x, ticks[i]).text);
    }
    html_put(h, "<path class=\"axis\" d=\"M%.1f,%.1fH%.1f\"/>\n", p->x.from, p->foot, p->x.to);
    html_put(h, "<text class=\"soft mid\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", (p->x.from + p->x.to) / 2,
             p->foot + 37, p->x.label);
    html_put(h, "<text class=\"soft\" x=\"0\" y=\"%d\">%s</text>\n", HEAD - 8, p->c->group_label);
    html_put(
        h,
        "<text class=\"soft end\" x=\"%d\" y=\"%d\">95 %% interval</text><text class=\"soft end\" x=\"%d\" "
        "y=\"%d\">n</text>\n",
        WIDTH - 60, HEAD - 8, WIDTH - 2, HEAD - 8);
}

static void put_overall(html *h, const plot *p) {
    const dot_chart *c = p->c;
    if (!c->overall_label || isnan(c->overall)) return;
    double x = axis_place(&p->x, c->overall);
    if (!isnan(c->overall_interval.lo)) {
        double lo = axis_place(&p->x, c->overall_interval.lo), hi = axis_place(&p->x, c->overall_interval.hi);
        html_put(h, "<path class=\"band\" d=\"M%.1f,%dH%.1fV%.1fH%.1fz\"/>", lo, HEAD, hi, p->foot, lo);
    }
    double middle = (p->x.from + p->x.to) / 2;
    html_put(h,
             "<path class=\"reference\" d=\"M%.1f,%dV%.1f\"/><text class=\"soft %s\" x=\"%.1f\" "
             "y=\"%d\">%s %s</text>\n",
             x, HEAD - 6, p->foot, x < middle ? "" : "end", x < middle ? x - 2 : x + 2, HEAD - 12,
             c->overall_label, figure_percent(c->overall, c->overall_interval).text);
}

static void put_zero(html *h, const plot *p) {
    double x = axis_place(&p->x, 0);
    if (p->c->differences) html_put(h, "<path class=\"reference\" d=\"M%.1f,%dV%.1f\"/>\n", x, HEAD, p->foot);
}

static void put_dot(html *h, const plot *p, const dot *d, double y) {
    html_put(h, "<text x=\"0\" y=\"%.1f\">%.30s<title>%s</title></text>\n", y + 4, d->label, d->label);
    html_put(h, "<text class=\"soft end\" x=\"%d\" y=\"%.1f\">%s</text>\n", WIDTH - 2, y + 4,
             figure_count(d->n).text);
    if (isnan(d->value)) {
        html_put(h, "<text class=\"soft halo\" x=\"%.1f\" y=\"%.1f\">not judged: %.60s</text>\n",
                 p->x.from + 6, y + 4, d->reason);
        return;
    }
    if (!isnan(d->i.lo) && !isnan(d->i.hi))
        html_put(h, "<path class=\"s0 bar\" d=\"M%.1f,%.1fH%.1f\"/>\n", axis_place(&p->x, d->i.lo), y,
                 axis_place(&p->x, d->i.hi));
    double radius = 3 + 4 * sqrt((double)d->n / (double)p->largest);
    svg_mark(h, 0, axis_place(&p->x, d->value), y, radius, d->open);
    html_put(h,
             "<text class=\"end\" x=\"%d\" y=\"%.1f\">%s</text><text class=\"soft end\" x=\"%d\" "
             "y=\"%.1f\">%s</text>\n",
             WIDTH - 150, y + 4,
             p->c->differences ? figure_points(d->value, d->i).text : figure_percent(d->value, d->i).text,
             WIDTH - 60, y + 4, figure_interval(d->i).text);
}

void dot_chart_put(html *h, const dot_chart *c) {
    plot p = plot_of(c);
    svg_open(h, WIDTH, (int)p.foot + FOOT, c->title, c->description);
    put_overall(h, &p);
    put_axis(h, &p);
    put_zero(h, &p);
    for (int i = 0; i < c->n; i++)
        put_dot(h, &p, &c->dots[i], HEAD + ROW * (i + 0.5));
    svg_close(h, c->caption);
}
