#include "nets/mc_dropout.h"

#include <math.h>
#include <stdlib.h>

#include "core/arena.h"
#include "nets/layer_internal.h"
#include "nets/session.h"

enum { BATCH = 64 };

static bool drops(const net *n) {
    for (int k = 1; k < n->n_nodes; k++)
        if (n->nodes[k].op->traits & LAYER_TRAINING_ONLY && n->nodes[k].config.rate > 0) return true;
    return false;
}

static status check(const net *n, const dataset *d, int passes, err *e) {
    if (passes < 1 || passes > MC_DROPOUT_MOST_PASSES)
        return err_set(e, STATUS_USAGE, "%d passes with dropout, expected 1..%d", passes,
                       (int)MC_DROPOUT_MOST_PASSES);
    if (!shape_equal(n->input, d->image) || n->classes != d->classes)
        return err_set(e, STATUS_USAGE, "%s has other images or classes than the net %s", d->name, n->arch);
    if (drops(n)) return STATUS_OK;
    return err_set(e, STATUS_USAGE,
                   "the net %s has no dropout: all passes would be alike; use one that was trained with it",
                   n->arch);
}

typedef struct passes {
    const net *net;
    weights *w;
    const dataset *data;
    session *session;
    int count;
    float *x, *logits;         /* of a batch; logits (1 + n_aux) x n x classes */
    double *means, *entropies; /* of a batch: sums of probabilities, of entropies */
} passes;

static double entropy_of(double p) {
    return p == 0 ? 0 : -p * log(p);
}

static void add_answer(passes *p, int i) {
    int classes = p->net->classes;
    const float *z = p->logits + (size_t)i * (size_t)classes;
    double top = (double)z[0], sum = 0;
    for (int k = 1; k < classes; k++)
        top = fmax(top, (double)z[k]);
    for (int k = 0; k < classes; k++)
        sum += exp((double)z[k] - top);
    for (int k = 0; k < classes; k++) {
        double share = exp((double)z[k] - top) / sum;
        p->means[i * classes + k] += share / p->count;
        p->entropies[i] += entropy_of(share) / p->count;
    }
}

static void conclude(const passes *p, int i, int row, const mc_answers *out) {
    const double least = 1e-300; /* a logarithm of 0 would not be a finite logit */
    int classes = p->net->classes;
    double entropy = 0;
    for (int k = 0; k < classes; k++) {
        double mean = p->means[i * classes + k];
        out->logits[(size_t)row * (size_t)classes + (size_t)k] = (float)log(mean < least ? least : mean);
        entropy += entropy_of(mean);
    }
    double information = entropy - p->entropies[i];
    out->entropy[row] = (float)entropy;
    out->information[row] = (float)(information < 0 ? 0 : information); /* below 0 by rounding only */
}

static status answer_batch(passes *p, int first, int n, const mc_answers *out, err *e) {
    const dataset *d = p->data;
    for (int i = 0; i < n; i++)
        dataset_image(d, first + i, p->x + (size_t)i * shape_size(d->image));
    for (int i = 0; i < n * d->classes; i++)
        p->means[i] = 0;
    for (int i = 0; i < n; i++)
        p->entropies[i] = 0;
    for (int pass = 0; pass < p->count; pass++) {
        train_context c = {.ids = d->ids + first, .epoch = pass, .frozen_norm = true};
        status s = session_train_forward(p->session, p->w, n, p->x, &c, p->logits, e);
        if (s != STATUS_OK) return s;
        for (int i = 0; i < n; i++)
            add_answer(p, i);
    }
    for (int i = 0; i < n; i++)
        conclude(p, i, first + i, out);
    return STATUS_OK;
}

static status answer_all(passes *p, const run *r, const char *stage, const mc_answers *out, err *e) {
    for (int first = 0; first < p->data->n; first += BATCH) {
        int left = p->data->n - first, n = left < BATCH ? left : BATCH;
        if (run_cancelled(r)) return err_set(e, STATUS_CANCELLED, "cancelled after %d images", first);
        status s = answer_batch(p, first, n, out, e);
        if (s != STATUS_OK) return s;
        run_progress(r, stage, (uint64_t)(first + n), (uint64_t)p->data->n, NULL);
    }
    return STATUS_OK;
}

status mc_dropout(const net *n, weights *w, const dataset *d, int count, const run *r, const char *stage,
                  const mc_answers *out, err *e) {
    status s = check(n, d, count, e);
    if (s != STATUS_OK) return s;
    size_t logits = BATCH * (size_t)n->classes;
    passes p = {.net = n, .w = w, .data = d, .count = count};
    p.x = alloc_aligned(BATCH * shape_size(d->image) * sizeof *p.x);
    p.logits = alloc_aligned((size_t)(1 + n->n_aux) * logits * sizeof *p.logits);
    p.means = alloc_aligned(logits * sizeof *p.means);
    p.entropies = alloc_aligned(BATCH * sizeof *p.entropies);
    if (p.x && p.logits && p.means && p.entropies)
        s = session_new(n, w, SESSION_TRAIN, BATCH, r, &p.session, e);
    else
        s = err_set(e, STATUS_NO_MEMORY, "no memory to answer with dropout");
    if (s == STATUS_OK) s = answer_all(&p, r, stage, out, e);
    session_free(p.session);
    free(p.x);
    free(p.logits);
    free(p.means);
    free(p.entropies);
    return s;
}
