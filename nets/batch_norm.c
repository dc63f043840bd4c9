#include <math.h>

#include "nets/batch_norm_internal.h"
#include "nets/kernels/pointwise.h"

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

void norm_add_sample(size_t pixels, int channels, const float *x, size_t seen, double *mean, double *squares,
                     void *scratch) {
    size_t n = (size_t)channels;
    double *own_mean = scratch, *own_squares = own_mean + n;
    float *centre = (float *)(own_squares + n);
    pointwise()->sum(pixels, channels, x, NULL, own_mean);
    for (size_t c = 0; c < n; c++) {
        own_mean[c] /= (double)pixels;
        centre[c] = (float)own_mean[c];
    }
    pointwise()->sum(pixels, channels, x, centre, own_squares);
    for (size_t c = 0; c < n; c++) {
        double rounding = own_mean[c] - (double)centre[c];
        own_squares[c] -= rounding * rounding * (double)pixels;
    }
    norm_join(channels, seen, mean, squares, pixels, own_mean, own_squares);
}
