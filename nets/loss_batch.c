#include "nets/loss_batch.h"

#include <math.h>
#include <string.h>

#include "nets/loss.h"

/* The loss of image i, before its weight; writes the gradient of every head. */
static double image_loss(const batch *b, int i, int classes, int n_aux, const float *logits, float *dlogits) {
    double gamma = b->options ? b->options->focal_gamma : 0, sum = 0;
    const float *target = b->targets + (size_t)i * (size_t)classes;
    for (int head = 0; head <= n_aux; head++) {
        size_t at = ((size_t)head * (size_t)b->n + (size_t)i) * (size_t)classes;
        float share = head && b->options ? (float)b->options->aux_weight : 1;
        float *dz = dlogits + at;
        float loss = gamma > 0 ? focal_loss_soft(logits + at, classes, target, gamma, dz)
                               : cross_entropy_soft(logits + at, classes, target, dz);
        sum += (double)share * (double)loss;
        for (int k = 0; head && k < classes; k++)
            dz[k] *= share;
    }
    return sum;
}

/* Moves q and returns, in `share`, the factor of every image of a group. */
static void weigh_groups(const batch *b, const float *losses, float *q, float share[TRAIN_MOST_GROUPS]) {
    const double least = 1e-12;
    double sums[TRAIN_MOST_GROUPS] = {0}, logs[TRAIN_MOST_GROUPS], top = -INFINITY, total = 0;
    int counts[TRAIN_MOST_GROUPS] = {0};
    bool begun = false;
    for (int i = 0; i < b->n; i++) {
        sums[b->groups[i]] += (double)losses[i];
        counts[b->groups[i]]++;
    }
    for (int g = 0; g < b->n_groups; g++)
        begun = begun || q[g] > 0;
    for (int g = 0; g < b->n_groups; g++) {
        double mean = counts[g] ? sums[g] / counts[g] : 0, before = begun ? fmax((double)q[g], least) : 1;
        logs[g] = log(before) + b->options->group_dro_rate * mean;
        top = fmax(top, logs[g]);
    }
    for (int g = 0; g < b->n_groups; g++)
        total += exp(logs[g] - top);
    for (int g = 0; g < b->n_groups; g++) {
        q[g] = (float)fmax(exp(logs[g] - top) / total, least);
        share[g] = counts[g] ? q[g] / (float)counts[g] : 0;
    }
}

static void scale_gradient(const batch *b, int i, int classes, int n_aux, float factor, float *dlogits) {
    for (int head = 0; head <= n_aux; head++) {
        float *dz = dlogits + ((size_t)head * (size_t)b->n + (size_t)i) * (size_t)classes;
        for (int k = 0; k < classes; k++)
            dz[k] *= factor;
    }
}

/* In row order, so that sums do not depend on threads; some exponentials a row are nothing beside the net. */
void batch_loss(const batch *b, int classes, int n_aux, const float *logits, float *q, float *losses,
                float *dlogits, batch_result *result) {
    float share[TRAIN_MOST_GROUPS];
    bool groups = b->options && b->options->group_dro_rate > 0;
    *result = (batch_result){0};
    for (int i = 0; i < b->n; i++) {
        double loss = (double)b->loss_weights[i] * image_loss(b, i, classes, n_aux, logits, dlogits);
        losses[i] = (float)loss;
        result->loss += loss;
        result->correct += logits_correct(logits + (size_t)i * (size_t)classes, classes, b->labels[i]);
    }
    if (groups) weigh_groups(b, losses, q, share);
    for (int i = 0; i < b->n; i++) {
        float factor = groups ? share[b->groups[i]] : 1 / (float)b->n;
        scale_gradient(b, i, classes, n_aux, b->loss_weights[i] * factor, dlogits);
    }
}
