/* Averages over training: EMA, step by step, and SWA (Izmailov et al. 2018), epoch by epoch. */
#include <math.h>
#include <string.h>

#include "nets/ranges_internal.h"
#include "nets/train_internal.h"

static void toward(float *average, const float *w, size_t n, float share) {
    for (size_t i = 0; i < n; i++) {
        average[i] += share * (w[i] - average[i]);
    }
}

typedef struct average_job {
    trainer *t;
    float share;
} average_job;

static void average_range(void *context, int chunk, int p, size_t lo, size_t hi) {
    (void)chunk, (void)p;
    const average_job *job = context;
    toward(job->t->average.data + lo, job->t->w->data + lo, hi - lo, job->share);
}

/* Buffers are copied: an average of running averages would only be late. */
static void average_toward(trainer *t, double share) {
    average_job job = {t, (float)share};
    status s = for_moving_ranges(t->net, t->options->rates, t->run, average_range, &job);
    (void)s; /* the body cannot fail */
    size_t first = t->net->n_trainable;
    memcpy(t->average.data + first, t->w->data + first, (t->w->n - first) * sizeof(float));
    t->average.version++;
}

void average_step(trainer *t) {
    double made = (double)trainer_step(t);
    average_toward(t, 1 - fmin(t->options->ema_decay, (1 + made) / (10 + made)));
}

void average_epoch(trainer *t) {
    int first = (int)(t->options->swa_from * t->options->epochs);
    if (t->at.epoch < first || t->at.averaged > t->at.epoch - first) return;
    t->at.averaged++;
    average_toward(t, 1.0 / t->at.averaged);
}

static bool has_statistics(const net *n) {
    for (int p = 0; p < n->n_params; p++) {
        if (n->params[p].info.kind == BUFFER_MEAN) return true;
    }
    return false;
}

/* What batch norm would make of this one batch: from buffers of 0 its update leaves momentum * statistic, which is divided out. */
static status add_statistics(trainer *t, session *s, const batch *b, float *logits, double *sums, err *e) {
    const net *n = t->net;
    size_t first = n->n_trainable;
    train_context c = {.ids = b->ids, .epoch = b->epoch, .step = b->step, .update_statistics = true};
    memset(t->average.data + first, 0, (n->n_floats - first) * sizeof(float));
    status failure = session_train_forward(s, &t->average, b->n, b->x, &c, logits, e);
    if (failure != STATUS_OK) return failure;
    for (int p = 0; p < n->n_params; p++) {
        const net_param *param = &n->params[p];
        if (param->offset < first) continue;
        double momentum = (double)n->nodes[param->node].config.momentum;
        for (size_t i = param->offset; i < param->offset + param->size; i++) {
            sums[i - first] += (double)t->average.data[i] / momentum;
        }
    }
    return STATUS_OK;
}

/* As PyTorch's update_bn: the mean over the batches of one more epoch in training mode, augmented like those before. */
static status measure(trainer *t, session *s, float *logits, double *sums, err *e) {
    int epoch = t->options->epochs;
    batches_shuffle(&t->batches, epoch);
    for (int i = 0; i < t->steps_per_epoch; i++) {
        batch b;
        if (run_cancelled(t->run)) return err_set(e, STATUS_CANCELLED, "training cancelled at its end");
        status failure = batches_fill(&t->batches, i, epoch * t->steps_per_epoch + i, &b, e);
        if (failure == STATUS_OK) failure = add_statistics(t, s, &b, logits, sums, e);
        if (failure != STATUS_OK) return failure;
    }
    for (size_t i = t->net->n_trainable; i < t->net->n_floats; i++) {
        t->average.data[i] = (float)(sums[i - t->net->n_trainable] / t->steps_per_epoch);
    }
    t->average.version++;
    return STATUS_OK;
}

status average_statistics(trainer *t, err *e) {
    if (t->options->frozen_norm || !has_statistics(t->net)) return STATUS_OK;
    arena memory = {0};
    size_t logits_each = (size_t)t->net->classes * (size_t)(1 + t->net->n_aux);
    float *logits = arena_array(&memory, (size_t)t->batches.most, logits_each * sizeof(float));
    double *sums = arena_array(&memory, t->net->n_floats - t->net->n_trainable, sizeof(double));
    session *s = NULL;
    status failure = logits && sums
                         ? session_new(t->net, &t->average, SESSION_TRAIN, t->batches.most, t->run, &s, e)
                         : err_set(e, STATUS_NO_MEMORY, "no memory for batch norm's statistics");
    if (failure == STATUS_OK) failure = measure(t, s, logits, sums, e);
    session_free(s);
    arena_free(&memory);
    return failure;
}
