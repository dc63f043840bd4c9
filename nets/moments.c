/* Mean and standard deviation per channel of a data set. */
#include <math.h>

#include "nets/train.h"

/* Values counted, so that bytes give exact sums whatever the number of images. */
static void byte_moments(const dataset *d, int channel, double *mean, double *square) {
    uint64_t count[256] = {0}, sum = 0, squares = 0;
    size_t total = (size_t)d->n * shape_size(d->image), step = (size_t)d->image.c;
    for (size_t i = (size_t)channel; i < total; i += step) {
        count[d->pixels[i]]++;
    }
    for (uint64_t v = 0; v < 256; v++) {
        sum += v * count[v];
        squares += v * v * count[v];
    }
    double values = (double)(total / step);
    *mean = (double)sum / 255 / values;
    *square = (double)squares / (255.0 * 255.0) / values;
}

static void float_moments(const dataset *d, int channel, double *mean, double *square) {
    double sum = 0, squares = 0;
    size_t total = (size_t)d->n * shape_size(d->image), step = (size_t)d->image.c;
    for (size_t i = (size_t)channel; i < total; i += step) {
        double v = (double)d->values[i];
        sum += v;
        squares += v * v;
    }
    double values = (double)(total / step);
    *mean = sum / values;
    *square = squares / values;
}

void dataset_channel_moments(const dataset *d, float mean[4], float std[4]) {
    for (int c = 0; c < 4; c++) {
        mean[c] = 0;
        std[c] = 1;
        if (c >= d->image.c || d->n == 0) continue;
        double first, second;
        (d->pixels ? byte_moments : float_moments)(d, c, &first, &second);
        double deviation = sqrt(fmax(second - first * first, 0));
        mean[c] = (float)first;
        if (deviation > 1e-6) std[c] = (float)deviation; /* a constant channel is only centred */
    }
}
