/* Muon (Jordan et al. 2024): the momentum of a matrix, replaced by the orthogonal matrix next to it. */
#include <math.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/blas.h"
#include "core/parallel.h"
#include "nets/optim_internal.h"

struct muon_matrix {
    int param, rows, cols;
    size_t
        work; /* floats before its own in optim.work: x, y (rows x cols), a, b (square of the smaller side) */
};

enum { NEWTON_SCHULZ_STEPS = 5 };
static const float QUINTIC_A = 3.4445f, QUINTIC_B = -4.7750f, QUINTIC_C = 2.0315f; /* as published */
static const double NORM_EPS = 1e-7;
static const double ADAMW_LENGTH =
    0.2; /* root mean square of AdamW's steps over their rate (Liu et al. 2025) */

/* Whether logits come from this node's weights: nothing behind it has weights of its own. */
static bool makes_logits(const net *n, int node) {
    for (int head = -1; head < n->n_aux; head++) {
        int at = head < 0 ? n->n_nodes - 1 : n->aux[head];
        while (at > 0 && n->nodes[at].n_params == 0 && n->nodes[at].n_inputs > 0) {
            at = n->nodes[at].inputs[0];
        }
        if (at == node) return true;
    }
    return false;
}

static bool is_hidden_matrix(const net *n, int p) {
    const net_param *param = &n->params[p];
    return param->info.kind == PARAM_WEIGHT && param->info.rank >= 2 && !makes_logits(n, param->node);
}

static muon_matrix matrix_of(const net *n, int p) {
    const layer_param *info = &n->params[p].info;
    int cols = info->dims[info->rank - 1];
    return (muon_matrix){.param = p, .rows = (int)(n->params[p].size / (size_t)cols), .cols = cols};
}

static size_t smaller_side(const muon_matrix *m) {
    return (size_t)(m->rows < m->cols ? m->rows : m->cols);
}

status muon_new(const net *n, optim *out, err *e) {
    size_t floats = 0;
    out->matrices = calloc(n->n_params ? (size_t)n->n_params : 1, sizeof *out->matrices);
    if (!out->matrices) return err_set(e, STATUS_NO_MEMORY, "no memory for the matrices of muon");
    for (int p = 0; p < n->n_params; p++) {
        if (!is_hidden_matrix(n, p)) continue;
        muon_matrix *m = &out->matrices[out->n_matrices++];
        *m = matrix_of(n, p);
        m->work = floats;
        out->turned[p] = 1;
        floats +=
            2 * n->params[p].size + 2 * smaller_side(m) * smaller_side(m); /* at most 4 times the weights */
    }
    out->work = alloc_aligned((floats ? floats : 1) * sizeof *out->work);
    if (!out->work)
        return err_set(e, STATUS_NO_MEMORY, "no memory for the matrices of muon: %zu floats", floats);
    blas_single_thread();
    return STATUS_OK;
}

/* y = a*x + (b*A + c*A*A) x with A = x x^T, or the same from the right where x is tall: A is the smaller square. */
static void newton_schulz(kernel_choice kernel, int rows, int cols, const float *x, float *y, float *a,
                          float *b) {
    bool tall = rows > cols;
    int side = tall ? cols : rows, length = tall ? rows : cols;
    size_t square = (size_t)side * (size_t)side, size = (size_t)rows * (size_t)cols;
    gemm(kernel, tall, !tall, side, side, length, 1, x, cols, x, cols, 0, a, side);
    for (size_t i = 0; i < square; i++) {
        b[i] = QUINTIC_B * a[i];
    }
    gemm(kernel, false, false, side, side, side, QUINTIC_C, a, side, a, side, 1, b, side);
    for (size_t i = 0; i < size; i++) {
        y[i] = QUINTIC_A * x[i];
    }
    if (tall)
        gemm(kernel, false, false, rows, cols, side, 1, x, cols, b, side, 1, y, cols);
    else
        gemm(kernel, false, false, rows, cols, side, 1, b, side, x, cols, 1, y, cols);
}

/* The momentum moves on; Nesterov's look ahead, scaled to norm 1, is left in x. */
static void begin_matrix(size_t n, float *v, const float *grad, float mu, float *x) {
    for (size_t i = 0; i < n; i++) {
        v[i] += (1 - mu) * (grad[i] - v[i]);
        x[i] = grad[i] + mu * (v[i] - grad[i]);
    }
    float scale = (float)(1 / (floats_norm(x, n) + NORM_EPS));
    for (size_t i = 0; i < n; i++) {
        x[i] *= scale;
    }
}

static status turn_matrix(void *context, int index, int worker) {
    (void)worker;
    const optim_job *job = context;
    const optim *o = job->optim;
    const muon_matrix *m = &o->matrices[index];
    const net_param *p = &job->net->params[m->param];
    double rate = job->lr * optim_rate(o, m->param);
    if (!(rate > 0)) return STATUS_OK;
    float *x = o->work + m->work, *y = x + p->size, *a = y + p->size,
          *b = a + smaller_side(m) * smaller_side(m);
    begin_matrix(p->size, o->state + p->offset, job->grad + p->offset, (float)job->momentum, x);
    for (int i = 0; i < NEWTON_SCHULZ_STEPS; i++) {
        newton_schulz(job->run->kernel, m->rows, m->cols, x, y, a, b);
        float *next = y;
        y = x;
        x = next;
    }
    float keep = (float)(1 - rate * optim_decay(o, m->param));
    float length = (float)(rate * ADAMW_LENGTH * sqrt(fmax(m->rows, m->cols)));
    float *w = job->w + p->offset;
    for (size_t i = 0; i < p->size; i++) {
        w[i] = keep * w[i] - length * x[i];
    }
    return STATUS_OK;
}

status muon_step(const optim_job *job) {
    optim_job copy = *job;
    return parallel_for(job->run, job->optim->n_matrices, turn_matrix, &copy);
}
