/* Everything that `audit explain` makes of a net and some images. */
#ifndef AUDIT_EXPLAIN_EXPLANATION_H
#define AUDIT_EXPLAIN_EXPLANATION_H

#include "audit/explain/explain.h"
#include "audit/picture_set.h"

/* What to make: methods of EXPLAIN_LIST, then the pictures without images. */
enum { EXPLAIN_FILTERS = EXPLAIN_METHODS, EXPLAIN_FEATURES, EXPLAIN_VISUALISE, EXPLAIN_ALL };

typedef struct explanation_plan {
    bool wanted[EXPLAIN_ALL];
    int node;     /* whose map is shown and read by Grad-CAM; -1 = chosen */
    int class;    /* that is explained; -1 = the one that the model gives */
    int steps;    /* of visualisation */
    int channels; /* of the node that are visualised */
    explain_options options;
} explanation_plan;

/* Adds pictures to *pictures and rows to x: `rank_correlation_random`, group "method=NAME": mean over images of the rank correlation
 * of each map with the one of the same net with fresh random weights (Adebayo et al. 2018), t interval. Warns where it is large. */
MUST_CHECK status explanation_make(const net *n, const weights *w, const dataset *d,
                                   const explanation_plan *p, const run *r, result *x, picture_set *pictures,
                                   err *e);

#endif
