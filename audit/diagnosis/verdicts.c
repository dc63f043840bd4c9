/* What cannot be of an attack that works. */
#include <math.h>

#include "audit/diagnosis/panel_internal.h"

/* Pintor et al. 2022, "Indicators of attack failure": silent success. */
status check_iterates(panel *p, suspicion *s, err *e) {
    (void)e;
    for (int i = 0; i < p->n; i++) {
        s->judged[i] = p->whole.walked[i];
        s->suspect[i] =
            s->judged[i] && p->whole.passed[i] && !(p->whole.last_broken[i] && p->whole.broken[i]);
    }
    return STATUS_OK;
}

/* Carlini et al. 2019, section 5: an attack without bounds must always succeed. At Linf .5 one grey image is within reach of every image, which is right for
 * one class at most; so an attack that works leaves no more than a class has. */
status check_unbounded(panel *p, suspicion *s, err *e) {
    (void)e;
    s->limit = fmax(s->limit, 1.0 / p->classes);
    for (int i = 0; i < p->n; i++) {
        s->judged[i] = p->grey.walked[i];
        s->suspect[i] = s->judged[i] && !p->grey.broken[i];
    }
    return STATUS_OK;
}

/* A ball holds every smaller one about the same image. */
status check_monotone(panel *p, suspicion *s, err *e) {
    (void)e;
    bool grey_is_larger = p->norm == NORM_LINF && p->eps <= 0.5;
    for (int i = 0; i < p->n; i++) {
        s->judged[i] = p->many.walked[i];
        s->suspect[i] = p->small.walked[i] && p->small.broken[i] && !p->many.broken[i];
        if (grey_is_larger && p->grey.walked[i] && p->many.broken[i] && !p->grey.broken[i])
            s->suspect[i] = true;
    }
    return STATUS_OK;
}
