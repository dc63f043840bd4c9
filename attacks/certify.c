#include "attacks/certify.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/certify/certify_internal.h"
#include "core/clock.h"
#include "core/parallel.h"

static const certificate *const methods[] = {
#define CERTIFICATE(name) &certificate_##name,
#include "attacks/certificates.def"
#undef CERTIFICATE
};

enum { METHODS = sizeof methods / sizeof *methods };

const certificate *certificate_at(int i) {
    return i >= 0 && i < METHODS ? methods[i] : NULL;
}

const certificate *certificate_find(const char *name) {
    for (int i = 0; i < METHODS; i++)
        if (strcmp(methods[i]->name, name) == 0) return methods[i];
    return NULL;
}

const char *certificate_name(const certificate *c) {
    return c->name;
}

const char *certificate_title(const certificate *c) {
    return c->title;
}

norm certificate_norm(const certificate *c) {
    return c->norm;
}

bool certificate_is_exact(const certificate *c) {
    return c->exact;
}

const char *slopes_name(slopes s) {
    static const char *const names[] = {
#define NAME(code, name, what) name,
        SLOPES_LIST(NAME)
#undef NAME
    };
    return names[s];
}

certify_plan certify_plan_default(void) {
    return (certify_plan){.sigma = .25, .alpha = .001, .selections = 100, .samples = 1000};
}

static status check(const certify_subject *s, const dataset *d, const certify_plan *p, err *e) {
    if (!s->m || !shape_equal(s->m->input, d->image) || s->m->classes != d->classes)
        return err_set(e, STATUS_USAGE, "%s: images or classes of the data are not those of the model",
                       p->method->name);
    for (int i = 0; i < p->n_eps; i++)
        if (!(p->eps[i] >= (i > 0 ? p->eps[i - 1] : 0)) || isinf(p->eps[i]))
            return err_set(e, STATUS_USAGE, "%s: eps %g, expected finite values >= 0, ascending",
                           p->method->name, p->eps[i]);
    return STATUS_OK;
}

static status result_alloc(certify_result *c, int rows, int n_eps, err *e) {
    size_t n = (size_t)rows + 1; /* never 0 bytes */
    *c = (certify_result){.n = rows, .n_eps = n_eps};
    c->finished = calloc(n, 1);
    c->certified = calloc(n, sizeof *c->certified);
    c->predicted = calloc(n, sizeof *c->predicted);
    c->radius = calloc(n, sizeof *c->radius);
    c->margin = calloc(n, sizeof *c->margin);
    if (!c->finished || !c->certified || !c->predicted || !c->radius || !c->margin)
        return err_set(e, STATUS_NO_MEMORY, "certify: no memory for the results of %d images", rows);
    for (int i = 0; i < rows; i++) {
        c->predicted[i] = -1;
        c->radius[i] = c->margin[i] = NAN;
    }
    return STATUS_OK;
}

void certify_result_free(certify_result *c) {
    free(c->finished);
    free(c->certified);
    free(c->predicted);
    free(c->radius);
    free(c->margin);
    *c = (certify_result){0};
}

typedef struct shift {
    const certify_plan *plan;
    const run *r;
    void *state;
    certify_result *out;
    pthread_mutex_t lock; /* of what follows */
    int done, certified;
    double began;
    first_failure failed;
} shift;

static void row_done(shift *k, int row) {
    char note[64];
    pthread_mutex_lock(&k->lock);
    k->done++;
    k->certified += k->plan->n_eps > 0 && k->out->certified[row] > 0;
    double seconds = clock_seconds() - k->began;
    snprintf(note, sizeof note, "%d certified, %.3g images/s", k->certified,
             seconds > 0 ? k->done / seconds : 0);
    run_progress(k->r, k->plan->method->name, (uint64_t)k->done, (uint64_t)k->out->n, note);
    pthread_mutex_unlock(&k->lock);
}

static status judge_row(void *context, int row, int worker) {
    shift *k = context;
    err e = {{0}};
    status s = k->plan->method->judge(k->state, worker, k->r->seed, row, k->out, &e);
    if (s == STATUS_OK) {
        k->out->finished[row] = 1;
        row_done(k, row);
    }
    return failure_note(&k->failed, row, s, &e);
}

status certify_run(const certify_subject *s, const dataset *d, const certify_plan *plan, const run *r,
                   certify_result *out, err *e) {
    *out = (certify_result){0};
    status st = check(s, d, plan, e);
    if (st != STATUS_OK) return st;
    run crew = model_run(s->m, r);
    shift k = {.plan = plan, .r = r, .out = out, .began = clock_seconds()};
    st = plan->method->prepare(s, d, plan, crew.threads, &k.state, e);
    if (st != STATUS_OK) return st;
    st = result_alloc(out, d->n, plan->n_eps, e);
    if (st == STATUS_OK) {
        pthread_mutex_init(&k.lock, NULL);
        st = parallel_for(&crew, d->n, judge_row, &k);
        pthread_mutex_destroy(&k.lock);
        st = failure_report(&k.failed, st, "certify", e);
    }
    plan->method->free(k.state);
    if (st != STATUS_OK && st != STATUS_CANCELLED) certify_result_free(out);
    return st;
}

int64_t certify_count(const certify_result *c, int i) {
    int64_t sum = 0;
    for (int row = 0; row < c->n; row++)
        sum += c->certified[row] > i;
    return sum;
}

int certify_violations(const certify_result *c, const attack_result *a, const dataset *d, int32_t *ids,
                       int most) {
    int count = 0;
    for (int row = 0; row < c->n; row++) {
        if (!c->finished[row] || !a->finished[row] || c->certified[row] == 0) continue;
        if (a->clean_correct[row] && a->broken_at[row] >= c->certified[row]) continue;
        if (count < most) ids[count] = d->ids[row];
        count++;
    }
    return count;
}
