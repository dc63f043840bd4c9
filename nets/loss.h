/* Losses of logits. All are per sample; nothing is averaged over a batch, so that a sample's gradient never depends on its batch. */
#ifndef NETS_LOSS_H
#define NETS_LOSS_H

#include <stdbool.h>
#include <stdint.h>

/* The class whose logit is strictly above every other; -1 when the largest is tied or any logit is not finite. */
int logits_class(const float *z, int classes);

/* Correct: all logits finite and z_y above every other. */
bool logits_correct(const float *z, int classes, int y);

/* z_y - max_{i != y} z_i; NAN when a logit is not finite. */
float logits_margin(const float *z, int classes, int y);

void softmax(const float *z, int classes, float *p); /* stable */

/* Cross entropy -log softmax(z)_y in a stable form; dz (may be NULL) is its gradient, with the y component computed as -sum_{j != y} p_j
 * and not as p_y - 1, which is exactly 0 in float32 beyond a margin near 17. */
float cross_entropy(const float *z, int classes, int y, float *dz);

/* Cross entropy with soft targets t (sum 1): -sum t_k log p_k; dz = p - t, stable at each target as above. */
float cross_entropy_soft(const float *z, int classes, const float *t, float *dz);

/* Focal loss (Lin et al. 2017) with soft targets t (sum 1): -sum t_k (1 - p_k)^gamma log p_k, gamma >= 0; 0 is cross_entropy_soft. dz (may
 * be NULL) is its gradient. Stable where p_k is near 1. */
float focal_loss_soft(const float *z, int classes, const float *t, double gamma, float *dz);

#endif
