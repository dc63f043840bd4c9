/* What a model answers on a data set: logits, classes, what is correct, and what looks wrong with the model itself. */
#ifndef AUDIT_PREDICTIONS_H
#define AUDIT_PREDICTIONS_H

#include "audit/result.h"
#include "nets/mc_dropout.h"
#include "nets/predict.h"

typedef struct predictions {
    int n, classes;
    float *logits;    /* n x classes */
    int32_t *answers; /* n: the class, -1 when tied or not finite */
    uint8_t *correct; /* n */
    prediction_counts counts;
    int draws; /* of a random model, behind each answer; else 1 */
    float *entropy, *information; /* n, with dropout at test time (nets/mc_dropout.h); else NULL */
} predictions;

MUST_CHECK status predictions_make(model *m, const dataset *d, const run *r, predictions *out, err *e);

/* With dropout on, `passes` times: nets/mc_dropout.h. */
MUST_CHECK status predictions_make_dropout(const net *n, weights *w, const dataset *d, int passes, const run *r,
                                           predictions *out, err *e);
void predictions_free(predictions *p);

/* Rows `accuracy` for all images and for every class (group "class=NAME"), outcomes, cost, and the warnings NOT_FINITE, TIED and
 * CONSTANT. */
void predictions_record(result *x, const dataset *d, const predictions *p);

/* How far the passes agree: rows `entropy` and `information`, the means over all images, those that are right and those
 * that are wrong (groups "answer=right", "answer=wrong") with t intervals. Nothing without dropout at test time. */
void predictions_record_spread(result *x, const predictions *p);

/* The same warnings alone. */
void predictions_warn(result *x, const dataset *d, const predictions *p);

#endif
