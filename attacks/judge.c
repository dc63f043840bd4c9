/* Verdicts on logits, and the attacker's loss. */
#include <math.h>

#include "attacks/runner_internal.h"
#include "core/floats.h"
#include "nets/loss.h"

bool attack_succeeds(const attack_sample *s, const float *logits) {
    if (s->target >= 0) return logits_class(logits, s->classes) == s->target;
    return !logits_correct(logits, s->classes, s->label);
}

double attack_margin(const attack_sample *s, const float *logits) {
    bool targeted = s->target >= 0;
    double margin = logits_margin(logits, s->classes, targeted ? s->target : s->label);
    if (isnan(margin)) return targeted ? INFINITY : -INFINITY;
    return targeted ? -margin : margin;
}

bool judge_tied(const float *logits, int classes) {
    return floats_finite(logits, (size_t)classes) && logits_class(logits, classes) < 0;
}

/* The softmax over the classes other than `but`; p[but] = 0. */
static void softmax_others(const float *z, int classes, int but, float *p) {
    float most = -INFINITY, sum = 0;
    for (int i = 0; i < classes; i++)
        if (i != but && !(z[i] <= most)) most = z[i];
    for (int i = 0; i < classes; i++) {
        p[i] = i == but ? 0 : expf(z[i] - most);
        sum += p[i];
    }
    for (int i = 0; i < classes; i++)
        p[i] /= sum;
}

/* The gradient of -log p_y is p - onehot(y) = (1 - p_y) (softmax over the others - onehot(y)). Attacks use its direction
 * alone, so the positive factor, which underflows where the model is very sure, is left out. */
float judge_loss(const attack_sample *s, const float *logits, float *dz) {
    bool targeted = s->target >= 0;
    int aim = targeted ? s->target : s->label;
    float sign = targeted ? -1 : 1;
    softmax_others(logits, s->classes, aim, dz);
    dz[aim] = -1;
    for (int i = 0; i < s->classes; i++)
        dz[i] *= sign;
    return sign * cross_entropy(logits, s->classes, aim, NULL);
}
