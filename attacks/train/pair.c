/* Objectives of an image and its changed twin: both go through the net as one batch of twice the size, so that batch norm sees both, and the
 * gradient flows through both. The twins' dropout masks are the same, being named by row ids. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/train/robust_internal.h"
#include "nets/loss.h"
#include "nets/loss_batch.h"

typedef struct pair {
    pair_plan plan;
    robust_options options;
    perturber perturber;
    session *session;
    const net *net;
    float *x;                /* 2 most x d */
    float *logits, *dlogits; /* 2 most x classes */
    float *losses;           /* most */
    int32_t *ids;            /* 2 most */
    char name[ROBUST_NAME];
} pair;

static void pair_free(void *self) {
    pair *p = self;
    if (!p) return;
    session_free(p->session);
    perturber_free(&p->perturber);
    free(p->x);
    free(p->logits);
    free(p->dlogits);
    free(p->losses);
    free(p->ids);
    free(p);
}

double pair_divergence(const float *z, const float *a, int classes, double *p, double *q, double *logs) {
    double top_z = -INFINITY, top_a = -INFINITY, sum_z = 0, sum_a = 0, kl = 0;
    for (int k = 0; k < classes; k++) {
        top_z = fmax(top_z, (double)z[k]);
        top_a = fmax(top_a, (double)a[k]);
    }
    for (int k = 0; k < classes; k++) {
        sum_z += exp((double)z[k] - top_z);
        sum_a += exp((double)a[k] - top_a);
    }
    for (int k = 0; k < classes; k++) {
        double log_p = (double)z[k] - top_z - log(sum_z), log_q = (double)a[k] - top_a - log(sum_a);
        p[k] = exp(log_p);
        q[k] = exp(log_q);
        logs[k] = log_p - log_q;
        kl += p[k] * logs[k];
    }
    return kl;
}

static void fill(pair *p, const batch *b) {
    size_t d = p->perturber.d, n = (size_t)b->n;
    memcpy(p->x, b->x, n * d * sizeof *p->x);
    memcpy(p->ids, b->ids, n * sizeof *p->ids);
    memcpy(p->ids + n, b->ids, n * sizeof *p->ids);
}

/* The second pass of SAM is about the same twins: they are still there, behind the images. */
static status find_twins(pair *p, const batch *b, const weights *w, err *e) {
    perturbation how = p->plan.how;
    how.eps = robust_eps(&p->options, b);
    float *twins = p->x + (size_t)b->n * p->perturber.d;
    return b->update_statistics ? perturb_batch(&p->perturber, w, b, &how, twins, e) : STATUS_OK;
}

/* Cross entropy, as training options shape it, of one half; what stands beside it; and both halves' correct answers. */
static void losses(pair *p, const batch *b, batch_result *result) {
    int classes = p->net->classes;
    size_t half = (size_t)b->n * (size_t)classes;
    float *dz = p->dlogits, *da = p->dlogits + half;
    const float *z = p->logits, *a = p->logits + half;
    bool twin = p->plan.twin_entropy;
    memset(p->dlogits, 0, 2 * half * sizeof *p->dlogits);
    batch_loss(b, classes, 0, twin ? a : z, NULL, p->losses, twin ? da : dz, result);
    result->correct = 0;
    result->clean_n = b->n;
    for (int i = 0; i < b->n; i++) {
        size_t at = (size_t)i * (size_t)classes;
        double scale = (double)b->loss_weights[i] / b->n;
        result->loss += b->n * p->plan.beside(z + at, a + at, classes, b->labels[i], p->options.beta, scale,
                                              dz + at, da + at);
        result->correct += logits_correct(a + at, classes, b->labels[i]);
        result->clean_correct += logits_correct(z + at, classes, b->labels[i]);
    }
}

static status pair_accumulate(void *self, const batch *b, weights *w, float *grad, batch_result *result,
                              err *e) {
    pair *p = self;
    train_context c = {.ids = p->ids,
                       .epoch = b->epoch,
                       .step = b->step,
                       .update_statistics = b->update_statistics,
                       .frozen_norm = b->options && b->options->frozen_norm};
    if (b->options && b->options->group_dro_rate > 0)
        return err_set(e, STATUS_USAGE,
                       "--robust trades and mart do not go with --group-dro: choose pgd or fast");
    fill(p, b);
    status s = find_twins(p, b, w, e);
    if (s == STATUS_OK) s = session_train_forward(p->session, w, 2 * b->n, p->x, &c, p->logits, e);
    if (s != STATUS_OK) return s;
    losses(p, b, result);
    return session_train_backward(p->session, w, 2 * b->n, p->dlogits, grad, NULL, e);
}

static status allocate(pair *p, const robust_setup *s, err *e) {
    size_t both = 2 * (size_t)s->most, images, answers;
    if (size_multiply(both * sizeof(float), p->perturber.d, &images) &&
        size_multiply(both * sizeof(float), (size_t)s->net->classes, &answers)) {
        p->x = alloc_aligned(images);
        p->logits = alloc_aligned(answers);
        p->dlogits = alloc_aligned(answers);
        p->losses = malloc(both * sizeof *p->losses);
        p->ids = malloc(both * sizeof *p->ids);
    }
    if (p->x && p->logits && p->dlogits && p->losses && p->ids) return STATUS_OK;
    return err_set(e, STATUS_NO_MEMORY, "no memory for %d pairs of images", s->most);
}

static status prepare(pair *p, const robust_setup *s, err *e) {
    if (s->net->n_aux > 0)
        return err_set(e, STATUS_USAGE,
                       "--robust %s: %s has auxiliary heads, which it does not know; choose pgd or fast",
                       s->method->name, s->net->arch);
    if (s->net->classes > 4096)
        return err_set(e, STATUS_USAGE, "--robust %s: %d classes, expected at most 4096", s->method->name,
                       s->net->classes);
    status made = session_new(s->net, s->weights, SESSION_TRAIN, 2 * s->most, s->run, &p->session, e);
    if (made == STATUS_OK) made = perturber_new(s->net, s->run, &p->perturber, e);
    return made == STATUS_OK ? allocate(p, s, e) : made;
}

status pair_objective(const robust_setup *s, const pair_plan *plan, objective *out, err *e) {
    pair *p = calloc(1, sizeof *p);
    if (!p) return err_set(e, STATUS_NO_MEMORY, "no memory for the training objective");
    p->plan = *plan;
    p->options = *s->options;
    p->net = s->net;
    p->plan.how.steps = p->options.steps;
    p->plan.how.step_size = p->options.step_size;
    robust_describe(s, p->name);
    status made = prepare(p, s, e);
    if (made != STATUS_OK) {
        pair_free(p);
        return made;
    }
    *out = (objective){.name = p->name, .self = p, .accumulate = pair_accumulate, .free = pair_free};
    return STATUS_OK;
}
