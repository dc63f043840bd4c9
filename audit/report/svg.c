#include "audit/report/svg_internal.h"

#include <math.h>
#include <string.h>

static double share_of(const axis *a, double value) {
    if (a->log) return a->hi > a->lo ? log(value / a->lo) / log(a->hi / a->lo) : 0;
    return a->hi > a->lo ? (value - a->lo) / (a->hi - a->lo) : 0;
}

double axis_place(const axis *a, double value) {
    double share = share_of(a, value);
    if (!(share > 0)) share = 0;
    if (share > 1) share = 1;
    return a->from + share * (a->to - a->from);
}

/* The round step (1, 2 or 5 times a power of ten) that cuts the axis into about so many parts. */
static double round_step(const axis *a, int about) {
    double raw = (a->hi - a->lo) / about, power = pow(10, floor(log10(raw)));
    double step = raw > 5 * power   ? 10 * power
                  : raw > 2 * power ? 5 * power
                  : raw > power     ? 2 * power
                                    : power;
    return a->whole && step < 1 ? 1 : step;
}

/* Powers of ten; where there are few, their doubles and fives too. */
static int log_ticks(const axis *a, int about, double ticks[AXIS_TICKS]) {
    static const double between[] = {1, 2, 5};
    double decades = log10(a->hi / a->lo), every = fmax(1, ceil(decades / about));
    int n = 0, parts = decades < 2.5 ? 3 : 1;
    for (double power = floor(log10(a->lo)); power <= log10(a->hi); power += every)
        for (int i = 0; i < parts && n < AXIS_TICKS; i++) {
            double tick = between[i] * pow(10, power);
            if (tick >= a->lo * (1 - 1e-9) && tick <= a->hi * (1 + 1e-9)) ticks[n++] = tick;
        }
    return n;
}

int axis_ticks(const axis *a, int about, double ticks[AXIS_TICKS]) {
    if (!(a->hi > a->lo)) {
        ticks[0] = a->lo;
        return 1;
    }
    if (a->log) return log_ticks(a, about, ticks);
    double step = round_step(a, about);
    int n = 0;
    for (double i = ceil(a->lo / step - 1e-9); n < AXIS_TICKS && i * step <= a->hi + 1e-9 * step; i++)
        ticks[n++] = i * step;
    return n;
}

tick_text axis_text(const axis *a, double tick) {
    tick_text t;
    double shown = a->percent || a->points ? 100 * tick : tick;
    if (fabs(shown) < 1e-12 && !a->log) shown = 0;
    snprintf(t.text, sizeof t.text, "%.6g%s", shown, a->percent ? "\xe2\x80\xaf%" : "");
    return t;
}

void range_include(double *lo, double *hi, double value) {
    const double most = 1e9; /* a chart of anything larger shows nothing */
    if (!isfinite(value) || fabs(value) > most) return;
    if (value < *lo) *lo = value;
    if (value > *hi) *hi = value;
}

enum { HEADING = 40, CAPTION = 118, CAPTION_LINE = 18 };

/* Below the charts that are there, with the title as a heading. */
static void open_in_picture(html *h, int width, int height, const char *title, const char *description) {
    html_put(h,
             "<text class=\"head\" x=\"2\" y=\"%d\">%s</text>\n<svg y=\"%d\" width=\"%d\" height=\"%d\">\n"
             "<desc>%s</desc>\n",
             h->height + 24, title, h->height + HEADING, width, height, description);
    h->height += HEADING + height;
}

void svg_open(html *h, int width, int height, const char *title, const char *description) {
    if (h->picture) {
        open_in_picture(h, width, height, title, description);
        return;
    }
    int id = ++h->last_id;
    html_put(
        h,
        "<figure style=\"max-width:%dpx\"><svg style=\"min-width:%dpx\" viewBox=\"0 0 %d %d\" role=\"img\" "
        "aria-labelledby=\"t%d d%d\">\n<title id=\"t%d\">%s</title><desc id=\"d%d\">%s</desc>\n",
        width, width * 7 / 10, width, height, id, id, id, title, id, description);
}

/* In lines of up to CAPTION letters; SVG itself breaks none. */
static void caption_in_picture(html *h, const char *caption) {
    while (*caption) {
        char line[CAPTION + 1];
        size_t length = strlen(caption);
        if (length > CAPTION) { /* up to the last blank that fits, or in the middle of a word */
            length = CAPTION;
            while (length > 0 && caption[length] != ' ')
                length--;
            if (length == 0) length = CAPTION;
        }
        snprintf(line, sizeof line, "%.*s", (int)length, caption);
        html_put(h, "<text class=\"soft\" x=\"2\" y=\"%d\">%s</text>\n", h->height + CAPTION_LINE, line);
        h->height += CAPTION_LINE;
        caption += length;
        while (*caption == ' ')
            caption++;
    }
    h->height += CAPTION_LINE / 2;
}

void svg_close(html *h, const char *caption) {
    html_put(h, "</svg>\n");
    if (h->picture && caption) caption_in_picture(h, caption);
    if (h->picture) return;
    if (caption) html_put(h, "<figcaption>%s</figcaption>\n", caption);
    html_put(h, "</figure>\n");
}

void svg_mark(html *h, int series, double x, double y, double radius, bool open) {
    /* of radius 1, and with about equal areas */
    static const char *const shapes[SERIES_STYLES] = {"M-1,0a1,1 0 1,0 2,0a1,1 0 1,0 -2,0z",
                                                      "M-.9,-.9h1.8v1.8h-1.8z",
                                                      "M0,-1.25L1.25,0L0,1.25L-1.25,0z",
                                                      "M0,-1.2L1.15,.9H-1.15z",
                                                      "M0,1.2L1.15,-.9H-1.15z",
                                                      "M-.4,-1.1h.8v.7h.7v.8h-.7v.7h-.8v-.7h-.7v-.8h.7z"};
    int style = series % SERIES_STYLES;
    html_put(h, "<path class=\"s%d %s\" transform=\"translate(%.1f %.1f) scale(%.2f)\" d=\"%s\"/>\n", style,
             open ? "open" : "mark", x, y, radius, shapes[style]);
}
