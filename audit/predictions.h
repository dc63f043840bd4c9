/* What a model answers on a data set: logits, classes, what is correct, and what looks wrong with the model itself. */
#ifndef AUDIT_PREDICTIONS_H
#define AUDIT_PREDICTIONS_H

#include "audit/result.h"
#include "nets/predict.h"

typedef struct predictions {
    int n, classes;
    float *logits;    /* n x classes */
    int32_t *answers; /* n: the class, -1 when tied or not finite */
    uint8_t *correct; /* n */
    prediction_counts counts;
} predictions;

MUST_CHECK status predictions_make(model *m, const dataset *d, const run *r, predictions *out, err *e);
void predictions_free(predictions *p);

/* Rows `accuracy` for all images and for every class (group "class=NAME"), outcomes, cost, and the warnings NOT_FINITE, TIED and
 * CONSTANT. */
void predictions_record(result *x, const dataset *d, const predictions *p);

/* The same warnings alone. */
void predictions_warn(result *x, const dataset *d, const predictions *p);

#endif
