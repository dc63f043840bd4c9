/* Certified training with interval bounds: Gowal et al., "On the effectiveness of interval bound propagation for training verifiably robust models",
 * 2018: kappa times the cross entropy of the image plus 1 - kappa times that of the worst logits that its ball allows, by intervals;
 * kappa falls from 1 and eps rises from 0 over the warm-up (section 3). The last layer is taken together with the differences of logits (equation
 * 8), so the worst logits are bounds of z_k - z_y. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/train/interval_net_internal.h"
#include "attacks/train/robust_internal.h"
#include "nets/loss.h"

typedef struct ibp {
    robust_options options;
    const net *net;
    objective plain;
    interval_net bounds;
    session *session;            /* of the bounds */
    size_t d;                    /* floats of an image */
    float *ends;                 /* most x 2d */
    float *features, *dfeatures; /* most x 2 features: divisor times centre and radius */
    float *grad;                 /* of the bounds' parameters */
    float *worst, *dworst;       /* classes */
    char name[ROBUST_NAME];
} ibp;

static void ibp_free(void *self) {
    ibp *p = self;
    if (!p) return;
    if (p->plain.free) p->plain.free(p->plain.self);
    session_free(p->session);
    interval_net_free(&p->bounds);
    free(p->ends);
    free(p->features);
    free(p->dfeatures);
    free(p->grad);
    free(p->worst);
    free(p->dworst);
    free(p);
}

static void write_ends(const ibp *p, const batch *b, double eps) {
    size_t channels = (size_t)p->net->input.c, pixels = (size_t)b->n * p->d / channels;
    float radius = (float)eps;
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < channels; c++) {
            float x = b->x[i * channels + c], *to = p->ends + 2 * i * channels + c;
            to[0] = fmaxf(x - radius, fminf(x, 0)); /* augmented images may leave the range */
            to[channels] = fminf(x + radius, fmaxf(x, 1));
        }
}

/* Values that the last layer reads. */
static size_t features_of(const ibp *p) {
    return (size_t)p->bounds.pixels * (size_t)p->bounds.channels;
}

/* The last layer: weight of class k, its bias. */
static const float *row_of(const ibp *p, const weights *w, int k) {
    const net_param *weight = &p->net->params[p->bounds.last->params[0]];
    return w->data + weight->offset + (size_t)k * features_of(p);
}

static size_t bias_at(const ibp *p) {
    return p->bounds.last->n_params > 1 ? p->net->params[p->bounds.last->params[1]].offset : SIZE_MAX;
}

/* Upper bounds of z_k - z_y from divisor times centre and radius of the features. */
static void worst_logits(const ibp *p, const weights *w, int label, const float *features, float *worst) {
    int n = p->bounds.channels;
    size_t bias = bias_at(p);
    for (int k = 0; k < p->net->classes; k++) {
        const float *row = row_of(p, w, k), *own = row_of(p, w, label), *centre = features;
        double sum = 0;
        for (int pixel = 0; pixel < p->bounds.pixels; pixel++, row += n, own += n, centre += 2 * n)
            for (int j = 0; j < n; j++) {
                float difference = row[j] - own[j];
                sum += (double)(difference * centre[j] + fabsf(difference) * centre[n + j]);
            }
        sum /= (double)p->bounds.divisor;
        if (bias != SIZE_MAX)
            sum += (double)w->data[bias + (size_t)k] - (double)w->data[bias + (size_t)label];
        worst[k] = k == label ? 0 : (float)sum;
    }
}

/* What dworst, the gradient by the worst logits, means for the features and for the last layer. */
static void worst_backward(const ibp *p, const weights *w, int label, const float *features, float scale,
                           float *dfeatures, float *grad) {
    int n = p->bounds.channels;
    size_t all = features_of(p), bias = bias_at(p);
    size_t first = p->net->params[p->bounds.last->params[0]].offset;
    memset(dfeatures, 0, 2 * all * sizeof *dfeatures);
    for (int k = 0; k < p->net->classes; k++) {
        if (k == label) continue;
        float g = scale * p->dworst[k] / p->bounds.divisor, *d = dfeatures;
        float *up = grad + first + (size_t)k * all, *down = grad + first + (size_t)label * all;
        const float *row = row_of(p, w, k), *own = row_of(p, w, label), *centre = features;
        for (int pixel = 0; pixel < p->bounds.pixels; pixel++) {
            for (int j = 0; j < n; j++) {
                float difference = row[j] - own[j], sign = difference > 0 ? 1 : difference < 0 ? -1 : 0;
                float by_weight = g * (centre[j] + sign * centre[n + j]);
                d[j] += g * difference;
                d[n + j] += g * fabsf(difference);
                up[j] += by_weight;
                down[j] -= by_weight;
            }
            row += n, own += n, up += n, down += n;
            centre += 2 * n, d += 2 * n;
        }
        if (bias == SIZE_MAX) continue;
        grad[bias + (size_t)k] += scale * p->dworst[k];
        grad[bias + (size_t)label] -= scale * p->dworst[k];
    }
}

/* The loss of the worst logits, its gradients added to grad and written to dfeatures. */
static void judge_bounds(ibp *p, const batch *b, const weights *w, double share, float *grad,
                         batch_result *result) {
    int classes = p->net->classes;
    size_t width = 2 * features_of(p);
    result->correct = 0;
    for (int i = 0; i < b->n; i++) {
        const float *features = p->features + (size_t)i * width;
        worst_logits(p, w, b->labels[i], features, p->worst);
        float loss = cross_entropy(p->worst, classes, b->labels[i], p->dworst);
        float scale = (float)share * b->loss_weights[i] / (float)b->n;
        result->loss += share * (double)(b->loss_weights[i] * loss);
        result->correct += logits_correct(p->worst, classes, b->labels[i]);
        worst_backward(p, w, b->labels[i], features, scale, p->dfeatures + (size_t)i * width, grad);
    }
}

/* How far the warm-up has come, 0 to 1: its first sixth is plain training (2,000 of 12,000 steps there), since the bounds of weights that
 * know nothing yet teach the net to die. */
static double progress_of(const ibp *p, const batch *b) {
    double rise = p->options.warmup * b->steps, quiet = rise / 6;
    if (b->step + 1 >= rise) return 1;
    return fmax(0, (b->step + 1 - quiet) / (rise - quiet));
}

/* The clean part: its loss and gradient times kappa. */
static status clean_part(ibp *p, const batch *b, weights *w, double kappa, float *grad, batch_result *result,
                         err *e) {
    status s = p->plain.accumulate(p->plain.self, b, w, grad, result, e);
    for (size_t i = 0; i < p->net->n_trainable; i++)
        grad[i] *= (float)kappa;
    result->loss *= kappa;
    result->clean_n = b->n;
    result->clean_correct = result->correct;
    return s;
}

static status ibp_accumulate(void *self, const batch *b, weights *w, float *grad, batch_result *result,
                             err *e) {
    ibp *p = self;
    double progress = progress_of(p, b), kappa = 1 - (1 - p->options.kappa) * progress;
    train_context c = {.ids = b->ids, .epoch = b->epoch, .step = b->step};
    status s = clean_part(p, b, w, kappa, grad, result, e);
    if (s != STATUS_OK) return s;
    write_ends(p, b, progress * p->options.eps);
    interval_net_follow(&p->bounds, w);
    s = session_train_forward(p->session, &p->bounds.weights, b->n, p->ends, &c, p->features, e);
    if (s != STATUS_OK) return s;
    judge_bounds(p, b, w, 1 - kappa, grad, result);
    s = session_train_backward(p->session, &p->bounds.weights, b->n, p->dfeatures, p->grad, NULL, e);
    if (s == STATUS_OK) interval_net_gradient(&p->bounds, w, p->grad, grad);
    return s;
}

static status allocate(ibp *p, size_t most, err *e) {
    size_t classes = (size_t)p->net->classes, ends, features;
    if (size_multiply(2 * most * sizeof(float), p->d, &ends) &&
        size_multiply(2 * most * sizeof(float), features_of(p), &features)) {
        p->ends = alloc_aligned(ends);
        p->features = alloc_aligned(features);
        p->dfeatures = alloc_aligned(features);
        p->grad = alloc_aligned(p->bounds.net->n_trainable * sizeof *p->grad);
        p->worst = calloc(classes, sizeof *p->worst);
        p->dworst = calloc(classes, sizeof *p->dworst);
    }
    if (p->ends && p->features && p->dfeatures && p->grad && p->worst && p->dworst) return STATUS_OK;
    return err_set(e, STATUS_NO_MEMORY, "no memory for the bounds of %zu images", most);
}

static status prepare(ibp *p, const robust_setup *s, err *e) {
    status made = interval_net_new(s->net, &p->bounds, e);
    if (made == STATUS_OK) made = objective_plain(s->net, s->weights, s->most, s->run, &p->plain, e);
    if (made == STATUS_OK)
        made = session_new(p->bounds.net, &p->bounds.weights, SESSION_TRAIN, s->most, s->run, &p->session, e);
    return made == STATUS_OK ? allocate(p, (size_t)s->most, e) : made;
}

static status make(const robust_setup *s, objective *out, err *e) {
    ibp *p = calloc(1, sizeof *p);
    if (!p) return err_set(e, STATUS_NO_MEMORY, "no memory for the training objective");
    p->options = *s->options;
    p->net = s->net;
    p->d = shape_size(s->net->input);
    robust_describe(s, p->name);
    status made = prepare(p, s, e);
    if (made != STATUS_OK) {
        ibp_free(p);
        return made;
    }
    *out = (objective){.name = p->name,
                       .self = p,
                       .accumulate = ibp_accumulate,
                       .free = ibp_free,
                       .state = p->plain.state,
                       .n_state = p->plain.n_state};
    return STATUS_OK;
}

const robust_method robust_ibp = {
    .name = "ibp",
    .title = "interval bounds (Gowal et al. 2018): resists what can be certified; needs a net without norms",
    .measures = "certified",
    .certificate = "ibp",
    .rate = 0.002,
    .init = INIT_IBP,
    .defaults = {.eps = 1, .warmup = 0.5, .kappa = 0.5},
    .make = make,
};
