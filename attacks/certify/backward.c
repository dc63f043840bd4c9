/* Linear bounds by backward substitution (Zhang et al. 2018, CROWN; with the slopes of Wong and Kolter 2018 their dual bound). A function's
 * coefficients lie beside those of BOUND_ROWS - 1 others, [value][function], and values that none of them reads are skipped: functions of
 * neighbouring values of a convolution read the same small window. */
#include <math.h>
#include <string.h>

#include "attacks/certify/bounds_internal.h"

enum { R = BOUND_ROWS };

static bool all_zero(const double *a) {
    bool zero = true;
    for (int r = 0; r < R; r++)
        zero &= a[r] == 0;
    return zero;
}

static double *reach(bound_work *w, int k) {
    if (!w->reached[k]) memset(w->functions[k], 0, (size_t)w->b->nodes[k].size * R * sizeof(double));
    w->reached[k] = true;
    return w->functions[k];
}

static void affine_back(bound_work *w, const bound_node *b, const double *a, int o, double low[R]) {
    if (b->bias)
        for (int r = 0; r < R; r++)
            low[r] += a[r] * b->bias[o % b->out.c];
    for (int i = 0; i < b->n_inputs; i++) {
        double *in = w->functions[b->inputs[i]];
        b->op->taps(b, i, o, &w->t);
        for (int k = 0; k < w->t.n; k++) {
            double *d = in + (size_t)w->t.at[k] * R, weight = w->t.weight[k];
            for (int r = 0; r < R; r++)
                d[r] += weight * a[r];
        }
    }
}

static void relu_back(bound_work *w, const bound_node *b, slopes s, const double *a, int o, double low[R]) {
    const box *x = &w->boxes[b->inputs[0]];
    double *d = w->functions[b->inputs[0]] + (size_t)o * R, lo = x->lo[o], hi = x->hi[o];
    if (hi <= 0) return;
    double upper = lo >= 0 ? 1 : hi / (hi - lo), lower = upper;
    if (lo < 0 && s == SLOPES_ADAPTIVE) lower = hi > -lo ? 1 : 0;
    double shift = lo >= 0 ? 0 : -upper * lo;
    for (int r = 0; r < R; r++) {
        d[r] += a[r] * (a[r] > 0 ? lower : upper);
        low[r] += a[r] < 0 ? a[r] * shift : 0;
    }
}

/* Constant bounds: loose, and true of every function that does not fall. */
static void monotone_back(bound_work *w, const bound_node *b, const double *a, int o, double low[R]) {
    const box *x = &w->boxes[b->index];
    for (int r = 0; r < R; r++)
        low[r] += a[r] * (a[r] > 0 ? x->lo[o] : x->hi[o]);
}

/* At least the input that is surely large; at most that one where it surely is the largest, else a constant. */
static void max_back(bound_work *w, const bound_node *b, const double *a, int o, double low[R]) {
    const box *x = &w->boxes[b->inputs[0]];
    b->op->taps(b, 0, o, &w->t);
    int best = w->t.at[0];
    for (int k = 1; k < w->t.n; k++)
        if (x->lo[w->t.at[k]] > x->lo[best]) best = w->t.at[k];
    bool sure = true;
    for (int k = 0; k < w->t.n; k++)
        sure &= w->t.at[k] == best || x->hi[w->t.at[k]] <= x->lo[best];
    double *d = w->functions[b->inputs[0]] + (size_t)best * R, most = w->boxes[b->index].hi[o];
    for (int r = 0; r < R; r++) {
        d[r] += a[r] > 0 || sure ? a[r] : 0;
        low[r] += a[r] > 0 || sure ? 0 : a[r] * most;
    }
}

static void substitute(bound_work *w, int k, slopes s, double low[R]) {
    const bound_node *b = &w->b->nodes[k];
    for (int i = 0; i < b->n_inputs; i++)
        reach(w, b->inputs[i]);
    for (int o = 0; o < b->size; o++) {
        const double *a = w->functions[k] + (size_t)o * R;
        if (all_zero(a)) continue;
        if (b->op->kind == BOUND_AFFINE)
            affine_back(w, b, a, o, low);
        else if (b->op->kind == BOUND_RELU)
            relu_back(w, b, s, a, o, low);
        else if (b->op->kind == BOUND_MAX)
            max_back(w, b, a, o, low);
        else
            monotone_back(w, b, a, o, low);
    }
}

/* The least value over the box of node k. */
static void concretise(const bound_work *w, int k, double low[R]) {
    const box *x = &w->boxes[k];
    for (int o = 0; o < w->b->nodes[k].size; o++) {
        const double *a = w->functions[k] + (size_t)o * R;
        for (int r = 0; r < R; r++)
            low[r] += a[r] * (a[r] > 0 ? x->lo[o] : x->hi[o]);
    }
}

void backward_low(bound_work *w, int k, slopes s, bool once, double low[R]) {
    w->reached[k] = true;
    for (int i = k; i >= 0; i--) {
        if (!w->reached[i]) continue;
        bool affine = w->b->nodes[i].op->kind == BOUND_AFFINE;
        if (i == 0 || (once && (i < k || !affine)))
            concretise(w, i, low);
        else
            substitute(w, i, s, low);
        w->reached[i] = false;
    }
}

/* Bounds of the values at[0..n), n <= R / 2: each is two functions, the value and its negative. */
static void refine_some(bound_work *w, int k, slopes s, const int *at, int n) {
    box *x = &w->boxes[k];
    double low[R] = {0};
    double *a = reach(w, k);
    for (int i = 0; i < n; i++) {
        a[(size_t)at[i] * R + (size_t)(2 * i)] = 1;
        a[(size_t)at[i] * R + (size_t)(2 * i + 1)] = -1;
    }
    backward_low(w, k, s, false, low);
    for (int i = 0; i < n; i++) {
        double slack = x->error[at[i]] * 0x1p-20, lo = low[2 * i] - slack, hi = -low[2 * i + 1] + slack;
        if (lo > x->lo[at[i]]) x->lo[at[i]] = lo;
        if (hi < x->hi[at[i]]) x->hi[at[i]] = hi;
    }
}

void backward_refine(bound_work *w, int k, slopes s) {
    const bound_node *b = &w->b->nodes[k];
    box *x = &w->boxes[k];
    int at[R / 2], n = 0;
    for (int o = 0; o < b->size; o++) {
        if (b->refine == REFINE_UNSTABLE && (x->lo[o] >= 0 || x->hi[o] <= 0)) continue;
        at[n++] = o;
        if (n < R / 2) continue;
        refine_some(w, k, s, at, n);
        n = 0;
    }
    if (n > 0) refine_some(w, k, s, at, n);
    box_settle(x, b->size);
}

void bound_forward(bound_work *w, bool crown, slopes s) {
    for (int k = 1; k <= w->b->last; k++) {
        if (!w->b->nodes[k].op) continue;
        interval_node(w, k);
        if (crown && w->b->nodes[k].refine != REFINE_NONE) backward_refine(w, k, s);
    }
}

double bound_margin(bound_work *w, bool crown, slopes s, int label) {
    int last = w->b->last, classes = w->b->nodes[last].size, n = 0, others[R];
    const box *logits = &w->boxes[last];
    double least = INFINITY;
    for (int other = 0; other < classes; other++) {
        if (other != label) others[n++] = other;
        if (n == 0 || (n < R && other < classes - 1)) continue;
        double low[R] = {0}, *a = reach(w, last);
        for (int i = 0; i < n; i++) {
            a[(size_t)label * R + (size_t)i] = 1;
            a[(size_t)others[i] * R + (size_t)i] = -1;
        }
        backward_low(w, last, s, !crown, low);
        for (int i = 0; i < n; i++) {
            double margin = low[i] - (1 + 0x1p-19) * (logits->error[label] + logits->error[others[i]]);
            if (!isnan(least) && !(margin >= least)) least = margin; /* NaN stays */
        }
        n = 0;
    }
    return least;
}
