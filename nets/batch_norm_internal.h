/* Batch normalisation (Ioffe & Szegedy 2015) of maps of `pixels` x `channels` values: the pieces that a training step runs per sample
 * between barriers, and what evaluation folds into other layers. */
#ifndef NETS_BATCH_NORM_INTERNAL_H
#define NETS_BATCH_NORM_INTERNAL_H

#include <stdint.h>

#include "nets/layer.h"

/* Order of a batch norm's parameters. */
enum { NORM_SCALE, NORM_SHIFT, NORM_MEAN, NORM_VARIANCE, NORM_PARAMS };

/* Evaluation: y = x * scale + shift from the running statistics. */
void norm_affine(const float *const params[NORM_PARAMS], float eps, int channels, float *scale, float *shift);

static inline size_t norm_scratch_bytes(int channels) {
    return (size_t)channels * (2 * sizeof(double) + sizeof(float));
}

/* Adds one sample to the moments (mean and sum of squared distances from it, per channel) of `seen` values per channel;
 * `scratch` is norm_scratch_bytes. Chan et al. 1979: exact enough whatever the mean is. */
void norm_add_sample(size_t pixels, int channels, const float *x, size_t seen, double *mean, double *squares,
                     void *scratch);

/* Joins the moments of `more` values into those of `seen`. */
void norm_join(int channels, size_t seen, double *mean, double *squares, size_t more, const double *more_mean,
               const double *more_squares);

#endif
