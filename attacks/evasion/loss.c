/* Losses on logits other than cross entropy. Each returns what the attacker raises and fills its gradient dz. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"

/* The class of the largest logit other than `but` and `and_but`. */
static int largest_other(const float *z, int classes, int but, int and_but) {
    int best = -1;
    for (int k = 0; k < classes; k++)
        if (k != but && k != and_but && (best < 0 || z[k] > z[best])) best = k;
    return best;
}

float loss_difference(const attack_sample *s, int above, int below, const float *z, float *dz) {
    memset(dz, 0, (size_t)s->classes * sizeof *dz);
    dz[above] = 1;
    dz[below] = -1;
    return z[above] - z[below];
}

float loss_margin(const attack_sample *s, const void *state, const float *z, float *dz) {
    (void)state;
    int own = s->target >= 0 ? s->target : s->label, other = largest_other(z, s->classes, own, own);
    return s->target >= 0 ? loss_difference(s, own, other, z, dz) : loss_difference(s, other, own, z, dz);
}

float loss_hinge(const attack_sample *s, const void *state, const float *z, float *dz) {
    float margin = loss_margin(s, state, z, dz);
    if (margin <= 0) return margin;
    memset(dz, 0, (size_t)s->classes * sizeof *dz);
    return 0;
}

/* d (a / b) for a = z_above - z_below, given db. */
static float ratio(const attack_sample *s, int above, int below, double b, const double *db, const float *z,
                   float *dz) {
    double a = (double)z[above] - z[below];
    for (int k = 0; k < s->classes; k++)
        dz[k] = (float)(((k == above) - (k == below)) / b - a * db[k] / (b * b));
    return (float)(a / b);
}

enum { RATIO_CLASSES = 4096 }; /* of more the margin has to do */
static const double least_spread = 1e-12;

/* Classes in falling order of their logits, the first `count` of them. */
static void ranking(const float *z, int classes, int count, int *order) {
    for (int r = 0; r < count; r++) {
        order[r] = -1;
        for (int k = 0; k < classes; k++) {
            bool taken = false;
            for (int i = 0; i < r; i++)
                taken |= order[i] == k;
            if (!taken && (order[r] < 0 || z[k] > z[order[r]])) order[r] = k;
        }
    }
}

float loss_dlr(const attack_sample *s, const void *state, const float *z, float *dz) {
    if (s->classes < 3 || s->classes > RATIO_CLASSES) return loss_margin(s, state, z, dz);
    if (s->target >= 0) return loss_dlr_towards(s, s->target, z, dz);
    int order[3];
    double db[RATIO_CLASSES] = {0};
    ranking(z, s->classes, 3, order);
    db[order[0]] = 1;
    db[order[2]] = -1;
    return ratio(s, largest_other(z, s->classes, s->label, s->label), s->label,
                 (double)z[order[0]] - z[order[2]] + least_spread, db, z, dz);
}

float loss_dlr_towards(const attack_sample *s, int target, const float *z, float *dz) {
    if (s->classes < 4 || s->classes > RATIO_CLASSES) return loss_difference(s, target, s->label, z, dz);
    int order[4];
    double db[RATIO_CLASSES] = {0};
    ranking(z, s->classes, 4, order);
    db[order[0]] = 1;
    db[order[2]] = db[order[3]] = -0.5;
    return ratio(s, target, s->label, z[order[0]] - ((double)z[order[2]] + z[order[3]]) / 2 + least_spread,
                 db, z, dz);
}
