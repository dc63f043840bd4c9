/* Certificates from bounds: of intervals and of backward substitution. */
#include <math.h>
#include <stdlib.h>

#include "attacks/certify/bounds_internal.h"
#include "attacks/certify/certify_internal.h"

typedef struct prover {
    const dataset *d;
    const certify_plan *plan;
    bool crown;
    bound_net b;
    int n_workers;
    bound_work *workers;
    float *images; /* one a worker */
} prover;

static void prover_free(void *state) {
    prover *p = state;
    for (int i = 0; p->workers && i < p->n_workers; i++)
        bound_work_free(&p->workers[i]);
    free(p->workers);
    free(p->images);
    bound_net_free(&p->b);
    free(p);
}

static status prover_fill(prover *p, const certify_subject *s, int workers, err *e) {
    status st = bound_net_new(s->n, s->w, p->plan->real, &p->b, e);
    if (st != STATUS_OK) return st;
    p->workers = calloc((size_t)workers, sizeof *p->workers);
    p->images = calloc((size_t)workers * shape_size(p->d->image), sizeof *p->images);
    if (!p->workers || !p->images) return err_set(e, STATUS_NO_MEMORY, "bounds: out of memory");
    for (; p->n_workers < workers && st == STATUS_OK; p->n_workers++)
        st = bound_work_new(&p->b, &p->workers[p->n_workers], e);
    return st;
}

static status prepare(const certify_subject *s, const dataset *d, const certify_plan *plan, int workers,
                      bool crown, void **state, err *e) {
    prover *p = calloc(1, sizeof *p);
    if (!p) return err_set(e, STATUS_NO_MEMORY, "bounds: out of memory");
    *p = (prover){.d = d, .plan = plan, .crown = crown};
    status st = prover_fill(p, s, workers, e);
    if (st == STATUS_OK)
        *state = p;
    else
        prover_free(p);
    return st;
}

static status prepare_crown(const certify_subject *s, const dataset *d, const certify_plan *plan, int workers,
                            void **state, err *e) {
    return prepare(s, d, plan, workers, true, state, e);
}

static status prepare_ibp(const certify_subject *s, const dataset *d, const certify_plan *plan, int workers,
                          void **state, err *e) {
    return prepare(s, d, plan, workers, false, state, e);
}

/* Both bounds hold, and either may be the better one: so crown is never behind ibp, whose boxes contain its own. */
static double margin(const prover *p, bound_work *w, int label) {
    double interval = bound_margin(w, false, p->plan->slopes, label);
    if (!p->crown || interval > 0) return interval;
    return fmax(interval, bound_margin(w, true, p->plan->slopes, label));
}

/* A certificate of a radius is one of all smaller ones, so the first radius without one ends it. */
static status judge(void *state, int worker, uint64_t seed, int row, certify_result *out, err *e) {
    (void)seed, (void)e;
    const prover *p = state;
    bound_work *w = &p->workers[worker];
    float *x = p->images + (size_t)worker * shape_size(p->d->image);
    dataset_image(p->d, row, x);
    for (int i = 0; i < p->plan->n_eps; i++) {
        bound_input(w, x, p->plan->eps[i], !p->plan->no_clip);
        bound_forward(w, p->crown, p->plan->slopes);
        out->margin[row] = margin(p, w, p->d->labels[row]);
        if (!(out->margin[row] > 0)) break;
        out->certified[row] = i + 1;
    }
    return STATUS_OK;
}

const certificate certificate_crown = {
    .name = "crown",
    .title = "linear bounds by backward substitution (Zhang et al. 2018), L-inf",
    .norm = NORM_LINF,
    .exact = true,
    .prepare = prepare_crown,
    .judge = judge,
    .free = prover_free,
};

const certificate certificate_ibp = {
    .name = "ibp",
    .title = "interval bounds: fast, and loose unless the net was trained for them, L-inf",
    .norm = NORM_LINF,
    .exact = true,
    .prepare = prepare_ibp,
    .judge = judge,
    .free = prover_free,
};
