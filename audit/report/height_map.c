/* Heights over a plane: bands of colour as an embedded picture, contours and everything else as lines. */
#include <math.h>
#include <stdlib.h>

#include "audit/contact_sheet.h"
#include "audit/report/charts_internal.h"
#include "audit/report/svg_internal.h"
#include "audit/tint.h"

enum {
    SIDE = 400,
    LEFT = 56,
    TOP = 30,
    BOTTOM = 46,
    BAR = 18,
    BAR_GAP = 26,
    RIGHT = 70,
    BANDS = 14,
    FINE = 240
};

typedef struct plot {
    const height_map *m;
    axis x, y;
    double lo, hi; /* of the heights */
    bool log;
} plot;

static plot plot_of(const height_map *m) {
    double lo = INFINITY, hi = -INFINITY;
    for (int i = 0; i < m->nx * m->ny; i++)
        range_include(&lo, &hi, m->heights[i]);
    if (!(hi > lo)) hi = lo + 1;
    return (plot){.m = m,
                  .x = {.label = m->x_label, .lo = m->x_lo, .hi = m->x_hi, .from = LEFT, .to = LEFT + SIDE},
                  .y = {.label = m->y_label, .lo = m->y_lo, .hi = m->y_hi, .from = TOP + SIDE, .to = TOP},
                  .lo = lo,
                  .hi = hi,
                  .log = lo > 0 && hi > 20 * lo};
}

/* Where a height lies between the lowest and the highest, and back. What is not finite is as high as can be. */
static double share_of(const plot *p, double height) {
    if (!isfinite(height)) return 1;
    return p->log ? log(height / p->lo) / log(p->hi / p->lo) : (height - p->lo) / (p->hi - p->lo);
}

static double height_of(const plot *p, double share) {
    return p->log ? p->lo * pow(p->hi / p->lo, share) : p->lo + share * (p->hi - p->lo);
}

static double at(const plot *p, int row, int col) {
    return share_of(p, p->m->heights[row * p->m->nx + col]);
}

/* Between the points of the grid, (0, 0) being its first. */
static double between(const plot *p, double row, double col) {
    int r = row >= p->m->ny - 1 ? p->m->ny - 2 : (int)row, c = col >= p->m->nx - 1 ? p->m->nx - 2 : (int)col;
    double v = row - r, u = col - c;
    return (1 - v) * ((1 - u) * at(p, r, c) + u * at(p, r, c + 1)) +
           v * ((1 - u) * at(p, r + 1, c) + u * at(p, r + 1, c + 1));
}

static colour band_tint(double share) {
    return tint_height((fmin(floor(share * BANDS), BANDS - 1) + .5) / BANDS);
}

static void put_bands(html *h, const plot *p) {
    picture fine;
    char *uri = NULL;
    err ignored;
    if (picture_new(FINE, FINE, (colour){0}, &fine, &ignored) != STATUS_OK) {
        h->failed = true;
        return;
    }
    for (int y = 0; y < FINE; y++)
        for (int x = 0; x < FINE; x++) {
            double row = (FINE - 1 - y) * (p->m->ny - 1.0) / (FINE - 1),
                   col = x * (p->m->nx - 1.0) / (FINE - 1);
            picture_fill(&fine, x, y, 1, 1, band_tint(between(p, row, col)));
        }
    h->failed |= picture_data_uri(&fine, &uri, &ignored) != STATUS_OK;
    html_put(h, "<image x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" preserveAspectRatio=\"none\" href=\"",
             LEFT, TOP, SIDE, SIDE);
    if (uri) fputs(uri, h->file);
    html_put(h, "\"/>\n");
    free(uri);
    picture_free(&fine);
}

/* A point of the grid, or between two of them, in the picture. */
static double place_x(const plot *p, double col) {
    return LEFT + SIDE * col / (p->m->nx - 1);
}
static double place_y(const plot *p, double row) {
    return TOP + SIDE - SIDE * row / (p->m->ny - 1);
}

/* The contour through one cell (marching squares): its crossings with the four sides, joined two by two. */
static void put_cell(html *h, const plot *p, int row, int col, double level) {
    static const int corners[5][2] = {{0, 0}, {0, 1}, {1, 1}, {1, 0}, {0, 0}};
    double x[4], y[4];
    int n = 0;
    for (int side = 0; side < 4; side++) {
        const int *from = corners[side], *to = corners[side + 1];
        double a = at(p, row + from[0], col + from[1]) - level, b = at(p, row + to[0], col + to[1]) - level;
        if (!((a < 0) != (b < 0))) continue;
        double share = a / (a - b);
        x[n] = place_x(p, col + from[1] + share * (to[1] - from[1]));
        y[n++] = place_y(p, row + from[0] + share * (to[0] - from[0]));
    }
    for (int i = 0; i + 1 < n; i += 2)
        html_put(h, "M%.1f,%.1fL%.1f,%.1f", x[i], y[i], x[i + 1], y[i + 1]);
}

static void put_contours(html *h, const plot *p) {
    html_put(h, "<path class=\"contour\" d=\"");
    for (int band = 1; band < BANDS; band++)
        for (int row = 0; row + 1 < p->m->ny; row++)
            for (int col = 0; col + 1 < p->m->nx; col++)
                put_cell(h, p, row, col, (double)band / BANDS);
    html_put(h, "\"/>\n");
}

static void put_axes(html *h, const plot *p) {
    double ticks[AXIS_TICKS];
    int n = axis_ticks(&p->x, 6, ticks);
    for (int i = 0; i < n; i++)
        html_put(h, "<text class=\"soft mid\" x=\"%.1f\" y=\"%d\">%s</text>\n", axis_place(&p->x, ticks[i]),
                 TOP + SIDE + 18, axis_text(&p->x, ticks[i]).text);
    n = axis_ticks(&p->y, 6, ticks);
    for (int i = 0; i < n; i++)
        html_put(h, "<text class=\"soft end\" x=\"%d\" y=\"%.1f\">%s</text>\n", LEFT - 7,
                 axis_place(&p->y, ticks[i]) + 4, axis_text(&p->y, ticks[i]).text);
    html_put(h, "<text class=\"soft mid\" x=\"%d\" y=\"%d\">%s</text>\n", LEFT + SIDE / 2, TOP + SIDE + 38,
             p->x.label);
    html_put(h, "<text class=\"soft\" x=\"2\" y=\"14\">%s</text>\n", p->y.label);
}

/* The colours and what they stand for. */
static void put_legend(html *h, const plot *p) {
    int x = LEFT + SIDE + BAR_GAP;
    html_put(h, "<text class=\"soft\" x=\"%d\" y=\"14\">%s</text>\n", x, p->m->value_label);
    for (int band = 0; band < BANDS; band++) {
        colour tint = band_tint((band + .5) / BANDS);
        double foot = TOP + SIDE - (double)SIDE * band / BANDS;
        html_put(h, "<rect x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\" fill=\"rgb(%d,%d,%d)\"/>", x,
                 foot - (double)SIDE / BANDS, BAR, (double)SIDE / BANDS + .3, tint.red, tint.green,
                 tint.blue);
    }
    for (int band = 0; band <= BANDS; band += 2)
        html_put(h, "<text class=\"soft\" x=\"%d\" y=\"%.1f\">%.3g</text>\n", x + BAR + 6,
                 TOP + SIDE - (double)SIDE * band / BANDS + 4, height_of(p, (double)band / BANDS));
}

static void put_stop_name(html *h, const plot *p, int stop, const char *name) {
    double x = axis_place(&p->x, p->m->stops_x[stop]), y = axis_place(&p->y, p->m->stops_y[stop]);
    html_put(h, "<text class=\"halo mid\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", x, y - 10, name);
}

static void put_way(html *h, const plot *p) {
    const height_map *m = p->m;
    if (!m->n_stops) return;
    html_put(h, "<path class=\"way\" d=\"");
    for (int i = 0; i < m->n_stops; i++)
        html_put(h, "%s%.1f,%.1f", i ? "L" : "M", axis_place(&p->x, m->stops_x[i]),
                 axis_place(&p->y, m->stops_y[i]));
    html_put(h, "\"/>\n");
    for (int i = 0; i < m->n_stops; i++)
        html_put(h, "<circle class=\"stop\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"/>\n",
                 axis_place(&p->x, m->stops_x[i]), axis_place(&p->y, m->stops_y[i]),
                 i == m->n_stops - 1 ? 6 : 4);
    if (m->n_stops < 2) return;
    put_stop_name(h, p, 0, "first");
    put_stop_name(h, p, m->n_stops - 1, "end");
}

void height_map_put(html *h, const height_map *m) {
    plot p = plot_of(m);
    if (!isfinite(p.lo)) return; /* no height at all */
    svg_open(h, LEFT + SIDE + BAR_GAP + BAR + RIGHT, TOP + SIDE + BOTTOM, m->title, m->description);
    put_bands(h, &p);
    put_contours(h, &p);
    put_axes(h, &p);
    put_legend(h, &p);
    put_way(h, &p);
    svg_close(h, m->caption);
}
