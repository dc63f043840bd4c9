/* The loss of a whole batch with all that training options say of it: weights of images, focal loss, auxiliary heads, group DRO. Objectives
 * share it. */
#ifndef NETS_LOSS_BATCH_H
#define NETS_LOSS_BATCH_H

#include "nets/train.h"

/* From logits, (1 + n_aux) blocks of n x classes with the main head first, to the gradient of the batch's mean loss in the same layout.
 *
 * The loss of an image is w * (L(main) + aux_weight * sum of L(auxiliary)), w its loss weight, L the focal loss with focal_gamma (0:
 * cross entropy) of its soft target; auxiliary heads as in GoogLeNet (Szegedy et al. 2015). The batch's mean divides by n, not by the sum
 * of weights: so an image's gradient does not depend on its neighbours. Balanced class weights have the mean 1 over the data.
 *
 * With group_dro_rate > 0 (Sagawa et al. 2020, algorithm 1; b->groups needed) it is the sum over groups in the batch of q_g * mean loss of
 * the group, after q_g *= exp(rate * that mean) for these groups and normalisation to sum 1. A group that is not in the batch keeps its
 * q but for the normalisation. `q` has TRAIN_MOST_GROUPS floats; all zeros stand for 1 / n_groups each. No q falls
 * below 1e-12: a product could not come back from zero. Without group DRO, q is not looked at.
 *
 * `losses` gets the weighted loss of each image, result the sum of those (never weighted by q) and how many main logits are correct. */
void batch_loss(const batch *b, int classes, int n_aux, const float *logits, float *q, float *losses, float *dlogits,
                batch_result *result);

#endif
