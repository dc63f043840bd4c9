/* Logits of whole data sets. */
#ifndef NETS_PREDICT_H
#define NETS_PREDICT_H

#include "datasets/dataset.h"
#include "nets/model.h"

/* Logits (d->n x classes) of every image, in parallel over tiles, with progress named `stage`. STATUS_USAGE when shapes or classes do not
 * match (the message gives both and says what to do). A random model answers with its votes, in stream 0 of each row. */
MUST_CHECK status predict_logits(model *m, const dataset *d, const run *r, const char *stage, float *logits, err *e);

/* The same for any model that takes images of d's shape, whatever its outputs mean (n x m->classes): features, the classes of another task. */
MUST_CHECK status predict_outputs(model *m, const dataset *d, const run *r, const char *stage, float *outputs, err *e);

/* STATUS_USAGE unless the model takes d's images and has d's number of classes. */
MUST_CHECK status model_accepts(const model *m, const dataset *d, err *e);

/* Counts over logits (n x classes). */
typedef struct prediction_counts {
    int64_t n, correct, tied, not_finite;
    bool constant; /* every sample got the same logits */
} prediction_counts;
prediction_counts count_predictions(const float *logits, const int32_t *labels, int n, int classes);

#endif
