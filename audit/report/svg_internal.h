/* Inline SVG: the parts that charts share. Colours are classes of the style sheet (s0..s5), so that dark mode and
 * print can change them; what a colour says, a shape or a word says too. Lengths are user units: a page shows
 * about one pixel for each. */
#ifndef AUDIT_REPORT_SVG_INTERNAL_H
#define AUDIT_REPORT_SVG_INTERNAL_H

#include "audit/report/html_internal.h"

enum { AXIS_TICKS = 12, SERIES_STYLES = 6 };

typedef struct axis {
    const char *label;
    double lo, hi;   /* values at its ends */
    double from, to; /* where these are in the picture */
    bool percent;    /* values are shares, written in percent */
    bool points;     /* differences of shares, written in points */
    bool whole;      /* only whole numbers get ticks */
    bool log;        /* of powers of ten; lo and hi are positive */
} axis;

/* Where a value is; those outside the axis are put on its ends. */
double axis_place(const axis *a, double value);

/* Round values to write at an axis, at most AXIS_TICKS, about `about` of them; returns their number. */
int axis_ticks(const axis *a, int about, double ticks[AXIS_TICKS]);

/* The text of a tick. */
typedef struct tick_text {
    char text[32];
} tick_text;
tick_text axis_text(const axis *a, double tick);

/* Widens *lo and *hi so that finite values of an interval and a point lie between them. */
void range_include(double *lo, double *hi, double value);

/* <figure><svg> with title and description for who cannot see it, and its end; `caption` may be NULL. */
void svg_open(html *h, int width, int height, const char *title, const char *description);
void svg_close(html *h, const char *caption);

/* The marks of series 0..5: circle, square, diamond, triangle up and down, cross. `open` leaves it empty. */
void svg_mark(html *h, int series, double x, double y, double radius, bool open);

#endif
