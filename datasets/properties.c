#include <math.h>
#include <stdlib.h>

#include "core/stats.h"
#include "datasets/groups.h"

typedef struct properties {
    double brightness, coverage, contrast;
} properties;

static double pixel_mean(const float *pixel, int channels) {
    double sum = 0;
    for (int c = 0; c < channels; c++)
        sum += (double)pixel[c];
    return sum / channels;
}

/* The share of pixels (means of their channels) above the middle between the image's darkest and lightest. */
static double coverage_of(const float *x, shape s) {
    int pixels = s.h * s.w, above = 0;
    double lo = INFINITY, hi = -INFINITY;
    for (int i = 0; i < pixels; i++) {
        double value = pixel_mean(x + (size_t)i * (size_t)s.c, s.c);
        lo = fmin(lo, value);
        hi = fmax(hi, value);
    }
    for (int i = 0; i < pixels; i++)
        above += pixel_mean(x + (size_t)i * (size_t)s.c, s.c) > (lo + hi) / 2;
    return (double)above / pixels;
}

static properties properties_of(const float *x, shape s) {
    size_t n = shape_size(s);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    double average = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += ((double)x[i] - average) * ((double)x[i] - average);
    return (properties){
        .brightness = average, .coverage = coverage_of(x, s), .contrast = sqrt(squares / (double)n)};
}

/* Cuts `values` at their thirds. `texts` and `sorted` are scratch of d->n. */
static status add_thirds(dataset *d, const char *name, const double *values, const char **texts,
                         double *sorted, err *e) {
    for (int i = 0; i < d->n; i++)
        sorted[i] = values[i];
    sort_doubles(sorted, d->n);
    double lower = sorted_quantile(sorted, d->n, 1.0 / 3), upper = sorted_quantile(sorted, d->n, 2.0 / 3);
    for (int i = 0; i < d->n; i++)
        texts[i] = values[i] <= lower ? "low" : values[i] <= upper ? "middle" : "high";
    return table_add_texts(&d->columns, name, texts, e);
}

static status add_all(dataset *d, float *image, double *values, const char **texts, err *e) {
    size_t n = (size_t)d->n;
    double *brightness = values, *coverage = values + n, *contrast = values + 2 * n, *sorted = values + 3 * n;
    for (int i = 0; i < d->n; i++) {
        dataset_image(d, i, image);
        properties p = properties_of(image, d->image);
        brightness[i] = p.brightness;
        coverage[i] = p.coverage;
        contrast[i] = p.contrast;
    }
    status s = add_thirds(d, "brightness", brightness, texts, sorted, e);
    if (s == STATUS_OK) s = add_thirds(d, "coverage", coverage, texts, sorted, e);
    if (s == STATUS_OK) s = add_thirds(d, "contrast", contrast, texts, sorted, e);
    return s;
}

status groups_add_properties(dataset *d, err *e) {
    float *image = calloc(shape_size(d->image), sizeof *image);
    double *values = calloc((size_t)d->n, 4 * sizeof *values);
    const char **texts = calloc((size_t)d->n, sizeof *texts);
    status s = image && values && texts ? add_all(d, image, values, texts, e)
                                        : err_set(e, STATUS_NO_MEMORY, "out of memory");
    free(image);
    free(values);
    free(texts);
    return s;
}
