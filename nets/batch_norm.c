#include <math.h>
#include <string.h>

#include "nets/batch_norm_internal.h"

void norm_affine(const float *const params[NORM_PARAMS], float eps, int channels, float *scale,
                 float *shift) {
    for (int c = 0; c < channels; c++) {
        double s = params[NORM_SCALE][c] / sqrt((double)params[NORM_VARIANCE][c] + eps);
        scale[c] = (float)s;
        shift[c] = (float)(params[NORM_SHIFT][c] - params[NORM_MEAN][c] * s);
    }
}

void norm_join(int channels, size_t seen, double *mean, double *squares, size_t more, const double *more_mean,
               const double *more_squares) {
    double all = (double)(seen + more), share = (double)more / all, weight = (double)seen * share;
    for (int c = 0; c < channels; c++) {
        double delta = more_mean[c] - mean[c];
        mean[c] += delta * share;
        squares[c] += more_squares[c] + delta * delta * weight;
    }
}

enum { BLOCK = 32 }; /* pixels summed in float32 before they go into a double */

static size_t block_end(size_t first, size_t pixels) {
    return pixels - first < BLOCK ? pixels : first + BLOCK;
}

/* Sums of x, or of squared distances from `centre` when it is given, over all pixels of one sample. */
static void sum_sample(size_t pixels, size_t channels, const float *x, const float *centre, double *sums,
                       float *block) {
    memset(sums, 0, channels * sizeof *sums);
    for (size_t p = 0; p < pixels; p += BLOCK) {
        memset(block, 0, channels * sizeof *block);
        for (size_t q = p; q < block_end(p, pixels); q++)
            if (centre)
                for (size_t c = 0; c < channels; c++) {
                    float d = x[q * channels + c] - centre[c];
                    block[c] += d * d;
                }
            else
                for (size_t c = 0; c < channels; c++)
                    block[c] += x[q * channels + c];
        for (size_t c = 0; c < channels; c++)
            sums[c] += block[c];
    }
}

void norm_add_sample(size_t pixels, int channels, const float *x, size_t seen, double *mean, double *squares,
                     void *scratch) {
    size_t n = (size_t)channels;
    double *own_mean = scratch, *own_squares = own_mean + n;
    float *centre = (float *)(own_squares + n), *block = centre + n;
    sum_sample(pixels, n, x, NULL, own_mean, block);
    for (size_t c = 0; c < n; c++) {
        own_mean[c] /= (double)pixels;
        centre[c] = (float)own_mean[c];
    }
    sum_sample(pixels, n, x, centre, own_squares, block);
    for (size_t c = 0; c < n; c++) {
        double rounding = own_mean[c] - centre[c];
        own_squares[c] -= rounding * rounding * (double)pixels;
    }
    norm_join(channels, seen, mean, squares, pixels, own_mean, own_squares);
}

void norm_apply(size_t pixels, int channels, const float *x, const float *scale, const float *shift,
                float *y) {
    for (size_t p = 0; p < pixels; p++, x += channels, y += channels)
        for (int c = 0; c < channels; c++)
            y[c] = x[c] * scale[c] + shift[c];
}

void norm_add_gradient(size_t pixels, int channels, const float *dy, const float *x, const float *mean,
                       double *sum, double *product, void *scratch) {
    size_t width = (size_t)channels;
    float *sums = scratch, *products = sums + width;
    for (size_t p = 0; p < pixels; p += BLOCK) {
        memset(sums, 0, 2 * width * sizeof *sums);
        for (size_t q = p; q < block_end(p, pixels); q++)
            for (size_t c = 0; c < width; c++) {
                float g = dy[q * width + c];
                sums[c] += g;
                products[c] += g * (x[q * width + c] - mean[c]);
            }
        for (size_t c = 0; c < width; c++) {
            sum[c] += sums[c];
            product[c] += products[c];
        }
    }
}

void norm_backward(size_t pixels, int channels, const float *dy, const float *x, const float *mean,
                   const float *a, const float *b, const float *k, float *dx) {
    for (size_t p = 0; p < pixels; p++, x += channels, dy += channels, dx += channels)
        for (int c = 0; c < channels; c++)
            dx[c] = a[c] * dy[c] + b[c] * (x[c] - mean[c]) + k[c];
}
