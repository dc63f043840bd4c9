/* Self-diagnosis of attacks: whether an accuracy under attack can be believed. A panel of a few images of the run is looked at without any
 * of the short cuts that make attacks fast (broken images dropped, larger eps warm started, stages that see what is left), since those hide
 * the signs; the model's answers and gradients are held against each other directly. Every check is a question about one image; where too
 * large a share of the panel answers badly, its warning is raised. Shares, sources and false alarms: docs/diagnosis.md. */
#ifndef AUDIT_DIAGNOSIS_DIAGNOSIS_H
#define AUDIT_DIAGNOSIS_DIAGNOSIS_H

#include "attacks/runner.h"
#include "audit/result.h"

typedef struct diagnosis_plan {
    norm norm;              /* of the attack that is diagnosed; other than Linf and L2: the panel uses Linf at its own eps */
    double eps;             /* where the panel walks: > 0 */
    double smaller;         /* another, 0 < smaller < eps: must not be harder to survive */
    bool stand_in;          /* the gradient is on purpose that of another function (BPDA): it is not held against the answers */
    attack_options options; /* of the many-step attack that is diagnosed; zeros take those of pgd */
} diagnosis_plan;

/* What one check saw. */
typedef struct finding {
    const char *code, *what, *next;
    int judged, suspect; /* images that could be judged, and those of them that look wrong */
    double limit;        /* the largest share of these that is no reason for a warning */
    double median;       /* of what was measured of the judged; NAN where the check is a yes or no */
    bool raised;
    int n;
    int32_t rows[ATTACK_SAMPLES]; /* original ids of the first suspects */
} finding;

enum { DIAGNOSIS_FINDINGS = 24 };

typedef struct diagnosis {
    int images; /* of the panel; 0 = it was not run */
    norm norm;
    double eps;
    int n;
    finding findings[DIAGNOSIS_FINDINGS]; /* one a check, in the order of checks.def */
    uint64_t forwards, backwards;
} diagnosis;

/* Looks at the model with at most 64 of the images, chosen by the seed among those that it gets right; no panel (0 images) where these are none. The
 * same for any number of threads; pays no regard to run.budget. STATUS_USAGE for a model without gradient. */
MUST_CHECK status diagnose(model *m, const dataset *d, const diagnosis_plan *p, const run *r, diagnosis *out, err *e);

/* The warnings that are not in the result yet, body.extra.panel with what every check saw, and the cost, added to that of the result. */
void diagnosis_record(result *x, const diagnosis *g);

#endif
