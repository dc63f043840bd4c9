/* Weak attacks against many gradient steps, image by image: each alone, at one eps. Where a weak one breaks what the strong one left, or gets clearly
 * nearer to it, the gradients mislead (Athalye et al. 2018, section 3.1). */
#include <math.h>

#include "audit/diagnosis/panel_internal.h"

static const double clearly = 0.1; /* of the clean margin */

/* How much further than `many` a rival took the margin down, as a share of the clean margin. */
static double lead(const panel *p, int i, const walk *rival) {
    return ((double)p->many.best[i] - rival->best[i]) / fabs((double)p->margins[i]);
}

static void judge(const panel *p, suspicion *s, const walk *rival) {
    for (int i = 0; i < p->n; i++) {
        if (p->many.walked[i] && (p->many.broken[i] || rival->walked[i])) s->judged[i] = true;
        if (p->many.broken[i] || !rival->walked[i]) continue;
        double ahead = lead(p, i, rival);
        if (!(s->value[i] >= ahead)) s->value[i] = ahead;
        s->suspect[i] |= rival->broken[i] || ahead > clearly;
    }
}

status check_one_step(panel *p, suspicion *s, err *e) {
    (void)e;
    judge(p, s, &p->one_step);
    return STATUS_OK;
}

status check_blackbox(panel *p, suspicion *s, err *e) {
    (void)e;
    judge(p, s, &p->noise);
    judge(p, s, &p->square);
    return STATUS_OK;
}

/* Of the images that are left: do twice the steps break them, or take the margin down by much more of its way? */
status check_converged(panel *p, suspicion *s, err *e) {
    (void)e;
    static const double much = 0.25; /* of the way that the walk had made */
    for (int i = 0; i < p->n; i++) {
        s->judged[i] = p->many.walked[i] && (p->many.broken[i] || p->twice.walked[i]);
        if (p->many.broken[i] || !p->twice.walked[i]) continue;
        double way = (double)p->margins[i] - p->many.best[i],
               further = (double)p->many.best[i] - p->twice.best[i];
        s->value[i] = further / fmax(way, 1e-12);
        s->suspect[i] = p->twice.broken[i] || s->value[i] > much;
    }
    return STATUS_OK;
}
