/* Validation after an epoch, and what it decides. */
#include <stdlib.h>
#include <string.h>

#include "nets/loss.h"
#include "nets/predict.h"
#include "nets/train_internal.h"

static void score(const float *logits, const dataset *d, train_epoch *out) {
    double loss = 0;
    for (int i = 0; i < d->n; i++) {
        loss +=
            (double)cross_entropy(logits + (size_t)i * (size_t)d->classes, d->classes, d->labels[i], NULL);
    }
    prediction_counts counts = count_predictions(logits, d->labels, d->n, d->classes);
    out->validated = true;
    out->validation_loss = loss / d->n;
    out->validation_accuracy = (double)counts.correct / d->n;
}

status judge_weights(const trainer *t, const weights *w, train_epoch *out, err *e) {
    const dataset *d = t->options->validation;
    size_t size;
    if (!size_multiply((size_t)d->n, (size_t)d->classes * sizeof(float), &size))
        return err_set(e, STATUS_NO_MEMORY, "no memory for the logits of %s", d->name);
    float *logits = malloc(size);
    if (!logits) return err_set(e, STATUS_NO_MEMORY, "no memory for the logits of %s", d->name);
    model *m = NULL;
    status s = model_of_net(t->net, w, false, t->run, &m, e);
    if (s == STATUS_OK) s = predict_logits(m, d, t->run, "validate", logits, e);
    if (s == STATUS_OK) score(logits, d, out);
    model_free(m);
    free(logits);
    return s;
}

void judge_patience(trainer *t, const weights *w, double accuracy) {
    if (accuracy > t->at.best) {
        t->at.best = accuracy;
        t->at.waited = 0;
        memcpy(t->best.data, w->data, w->n * sizeof *w->data);
    } else {
        t->at.stopped = ++t->at.waited >= t->options->patience;
    }
}
