/* Are the outputs logits that losses can work with? Probabilities and logits of a very sure model leave a cross entropy in float32 without a
 * gradient (Carlini and Wagner 2016 on defensive distillation); attacks here use forms that do not vanish, other tools' do. */
#include <math.h>

#include "audit/diagnosis/panel_internal.h"

/* Beyond a margin of 17, 1 - p of the label is 0 in float32; healthy nets trained for long get there, but not to 30 on most images. */
static const double surest = 30;
static const double flattest = 0.001; /* margin */

static bool probabilities(const float *z, int classes) {
    double sum = 0;
    for (int k = 0; k < classes; k++) {
        if (!(z[k] >= -1e-6f)) return false;
        sum += z[k];
    }
    return fabs(sum - 1) < 0.01;
}

status check_saturated(panel *p, suspicion *s, err *e) {
    (void)e;
    for (int i = 0; i < p->n; i++) {
        s->judged[i] = !isnan(p->margins[i]);
        s->value[i] = fabs((double)p->margins[i]);
        s->suspect[i] =
            s->value[i] > surest || probabilities(p->clean + (size_t)i * (size_t)p->classes, p->classes);
    }
    return STATUS_OK;
}

status check_flat(panel *p, suspicion *s, err *e) {
    (void)e;
    for (int i = 0; i < p->n; i++) {
        s->judged[i] = !isnan(p->margins[i]);
        s->value[i] = fabs((double)p->margins[i]);
        s->suspect[i] = s->value[i] < flattest;
    }
    return STATUS_OK;
}
