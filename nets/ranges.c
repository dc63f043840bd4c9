#include "nets/ranges_internal.h"

#include <math.h>

#include "core/parallel.h"

/* Floats of a chunk: small enough to share among threads, large enough not to be felt. */
enum { CHUNK = 1 << 15 };

typedef struct loop {
    const net *net;
    const float *rates;
    range_body *body;
    void *context;
} loop;

int range_chunks(const net *n) {
    return (int)((n->n_trainable + CHUNK - 1) / CHUNK);
}

static status run_chunk(void *context, int chunk, int worker) {
    (void)worker;
    const loop *l = context;
    size_t begin = (size_t)chunk * CHUNK, end = begin + CHUNK;
    for (int p = 0; p < l->net->n_params; p++) {
        const net_param *param = &l->net->params[p];
        size_t lo = param->offset > begin ? param->offset : begin;
        size_t hi = param->offset + param->size < end ? param->offset + param->size : end;
        if (hi > l->net->n_trainable) hi = l->net->n_trainable;
        if (lo < hi && (!l->rates || l->rates[p] != 0)) l->body(l->context, chunk, p, lo, hi);
    }
    return STATUS_OK;
}

status for_moving_ranges(const net *n, const float *rates, const run *r, range_body *body, void *context) {
    run whole = *r;
    whole.cancel = NULL; /* half a step is worse than a late answer to Ctrl-C */
    loop l = {n, rates, body, context};
    return parallel_for(&whole, range_chunks(n), run_chunk, &l);
}

typedef struct norm_job {
    const float *x;
    double *partials;
} norm_job;

static void add_squares(void *context, int chunk, int p, size_t lo, size_t hi) {
    (void)p;
    const norm_job *job = context;
    double sum = 0;
    for (size_t i = lo; i < hi; i++) {
        sum += (double)job->x[i] * (double)job->x[i];
    }
    job->partials[chunk] += sum;
}

status moving_norm(const net *n, const float *rates, const run *r, const float *x, double *partials,
                   double *norm) {
    norm_job job = {x, partials};
    for (int chunk = 0; chunk < range_chunks(n); chunk++) {
        partials[chunk] = 0;
    }
    status s = for_moving_ranges(n, rates, r, add_squares, &job);
    double sum = 0;
    for (int chunk = 0; chunk < range_chunks(n); chunk++) {
        sum += partials[chunk];
    }
    *norm = sqrt(sum);
    return s;
}
