#include "attacks/evasion/blackbox_internal.h"

#include <math.h>

#include "nets/loss.h"

double blackbox_margin(const attack_sample *s, const float *logits) {
    bool targeted = s->target >= 0;
    double margin = logits_margin(logits, s->classes, targeted ? s->target : s->label);
    if (isnan(margin)) return targeted ? INFINITY : -INFINITY;
    return targeted ? -margin : margin;
}
