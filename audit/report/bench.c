/* The roofline (Williams et al. 2009) of a net: how fast each part of it runs, against what processor and memory allow. */
#include <math.h>
#include <string.h>

#include "audit/report/charts_internal.h"
#include "audit/report/pictures.h"
#include "audit/report/sections_internal.h"
#include "audit/report/svg_file_internal.h"
#include "nets/profile.h"

enum { LAYERS_MOST = 2000, ROOF_POINTS = 3 };

static double real_of(const json *object, const char *key) {
    return json_as_real(json_get(object, key), NAN);
}

/* Layers of one work and part, as points over their arithmetic intensity. */
static chart_series layers_of(html *h, const json *layers, const char *label, const char *work,
                              const char *part) {
    chart_series s = {.label = label, .scattered = true};
    size_t n = json_count(layers) < LAYERS_MOST ? json_count(layers) : LAYERS_MOST;
    chart_point *points = html_array(h, n ? n : 1, sizeof *points);
    for (size_t i = 0; points && i < n; i++) {
        const json *l = json_at(layers, i);
        const char *of_work = json_as_string(json_get(l, "work")),
                   *of_part = json_as_string(json_get(l, "part"));
        double x = real_of(l, "intensity"), y = real_of(l, "gflops");
        if (of_work && of_part && strcmp(of_work, work) == 0 && strcmp(of_part, part) == 0 && x > 0 && y > 0)
            points[s.n++] = (chart_point){x, y, {NAN, NAN}};
    }
    s.points = points;
    return s;
}

/* What memory and processor allow at an intensity: a slope, then level. */
static chart_series roof_of(html *h, const json *machine, const chart_series *series, int n) {
    double peak = real_of(machine, "gflops"), bandwidth = real_of(machine, "bandwidth"), lo = INFINITY,
           hi = 0;
    chart_point *points = html_array(h, ROOF_POINTS, sizeof *points);
    chart_series roof = {.label = "limit"};
    for (int k = 0; k < n; k++)
        for (int i = 0; i < series[k].n; i++) {
            lo = fmin(lo, series[k].points[i].x);
            hi = fmax(hi, series[k].points[i].x);
        }
    if (!points || !(peak > 0) || !(bandwidth > 0) || !(hi > 0)) return roof;
    double ridge = peak / bandwidth, stops[ROOF_POINTS] = {lo, ridge, hi};
    for (int i = 0; i < ROOF_POINTS; i++)
        if (i == 0 || stops[i] > stops[i - 1])
            points[roof.n++] = (chart_point){stops[i], fmin(peak, stops[i] * bandwidth), {NAN, NAN}};
    roof.points = points;
    return roof;
}

static void roofline_put(html *h, const json *measured) {
    const json *layers = json_get(measured, "layers"), *machine = json_get(measured, "machine");
    chart_series series[4] = {
        {0},
        layers_of(h, layers, "forward", "attack", profile_part_name(PROFILE_FORWARD)),
        layers_of(h, layers, "input gradient", "attack", profile_part_name(PROFILE_INPUT_GRADIENT)),
        layers_of(h, layers, "weight gradient", "train", profile_part_name(PROFILE_WEIGHT_GRADIENT))};
    series[0] = roof_of(h, machine, series + 1, 3);
    line_chart_put(
        h,
        &(line_chart){
            .title = "Roofline: speed of each layer, one thread",
            .description =
                "Each mark is a layer: GFLOP/s over the operations that it does for each byte that it must "
                "move; the line is what processor and memory allow.",
            .caption = "Operations are counted by the definition of a layer. Winograd needs fewer, so its "
                       "marks may lie above the line; so "
                       "may those of layers whose data stay in the cache.",
            .x_label = "operations per byte",
            .y_label = "GFLOP/s",
            .width = PAGE_WIDTH,
            .x_log = true,
            .y_log = true,
            .dense = true,
            .y_lo = NAN,
            .y_hi = NAN,
            .reference = NAN,
            .series = series,
            .n_series = 4});
}

status bench_picture_write(const char *path, const json *measured, err *e) {
    return svg_file_write(path, roofline_put, measured, e);
}

void bench_put(html *h, const json *document) {
    const json *measured = json_get(json_get(document, "run"), "measured"),
               *rates = json_get(measured, "throughput");
    html_put(h, "<p>Of this machine and this run: other machines give other figures.</p>\n<ul>\n");
    for (size_t i = 0; i < json_count(rates) && i < 16; i++) {
        const json *r = json_at(rates, i);
        const char *work = json_as_string(json_get(r, "work")), *unit = json_as_string(json_get(r, "unit"));
        html_put(h, "<li>%s: %.0f %s</li>\n", work ? work : "", real_of(r, "median"), unit ? unit : "");
    }
    html_put(h, "</ul>\n");
    roofline_put(h, measured);
}
