/* The charts of a page: lines over something, dots for groups, and maps of heights with contours. */
#ifndef AUDIT_REPORT_CHARTS_INTERNAL_H
#define AUDIT_REPORT_CHARTS_INTERNAL_H

#include <stdint.h>

#include "audit/report/html_internal.h"
#include "core/stats.h"

enum { PAGE_WIDTH = 860 };

typedef struct chart_point {
    double x, y;
    interval i; /* {NAN, NAN} = none */
} chart_point;

typedef struct chart_series {
    const char *label;
    int n;
    const chart_point *points; /* x ascending; points with a y of NAN are left out */
    bool scattered;            /* marks without a line through them, in any order */
} chart_series;

/* A dotted vertical line with a word, such as where something happens. */
typedef struct chart_mark {
    double x; /* NAN = none */
    const char *label;
} chart_mark;

typedef struct line_chart {
    const char *title, *description, *caption; /* caption may be NULL */
    const char *x_label, *y_label;
    int width;                          /* PAGE_WIDTH fills the page */
    bool x_percent, x_whole, y_percent; /* how ticks are written */
    bool dense;                         /* curves: points lie where they are, and long series have no marks */
    bool x_log, y_log;                  /* axes of powers of ten: points of 0 and below are left out */
    double y_lo, y_hi;                  /* ends of the axis; NAN = fit the data */
    const char *reference_label;        /* what the dotted horizontal line is, or NULL: it is not named */
    double reference;                   /* its height, NAN = none */
    const chart_series *series;
    int n_series;
    const chart_mark *marks;
    int n_marks;
} line_chart;

/* Lines with marks and error bars, named at their right ends. */
void line_chart_put(html *h, const line_chart *c);

typedef struct dot {
    const char *label;
    int64_t n;
    double value; /* NAN: the reason is written in its place */
    interval i;
    bool open; /* drawn hollow */
    const char *reason;
} dot;

typedef struct dot_chart {
    const char *title, *description, *caption;
    const char *group_label, *x_label; /* what the rows and the values are */
    bool from_zero;                    /* the axis begins at 0; else where the data do */
    bool differences;                  /* values are differences of shares, in points; a line marks 0 */
    const dot *dots;
    int n;
    const char *overall_label; /* a line with its interval as a band across all rows, or NULL */
    double overall;
    interval overall_interval;
} dot_chart;

/* A row per group: dot (its area grows with n), interval, figures. In the order given. */
void dot_chart_put(html *h, const dot_chart *c);

/* Heights over a plane, as coloured bands with contours between them. */
typedef struct height_map {
    const char *title, *description, *caption;
    const char *x_label, *y_label, *value_label;
    int nx, ny;            /* points of the grid, at least 2 each */
    const double *heights; /* ny x nx, the row of y_lo first; what is not finite is shown as the highest */
    double x_lo, x_hi, y_lo, y_hi;
    int n_stops; /* of a way over the plane, or 0 */
    const double *stops_x, *stops_y;
} height_map;

/* Bands are equally wide in the logarithm of the height where heights are positive and span more than a factor of 20. */
void height_map_put(html *h, const height_map *m);

#endif
