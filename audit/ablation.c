#include "audit/ablation.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "audit/predictions.h"
#include "core/clock.h"
#include "core/parallel.h"

enum { UNITS = 1000 }; /* of progress, per net */

typedef struct work {
    const ablation_plan *plan;
    const run *outer;
    const ablation_watch *watch;
    ablation *out;
    err *errors;     /* one a net */
    atomic_uint *at; /* progress of each net, 0..UNITS */
    int n;           /* nets */
    bool told;       /* about the first one; by the first worker only */
} work;

/* Who reports: nets of other workers only note how far they are, so that the terminal is written by one thread. */
typedef struct reporter {
    work *w;
    int job, worker;
} reporter;

static void show_all(const work *w) {
    uint64_t sum = 0, finished = 0;
    for (int i = 0; i < w->n; i++) {
        unsigned at = atomic_load(&w->at[i]);
        sum += at;
        finished += at == UNITS;
    }
    char note[64];
    snprintf(note, sizeof note, "%llu of %d nets", (unsigned long long)finished, w->n);
    run_progress(w->outer, "ablate", sum, (uint64_t)w->n * UNITS, note);
}

static void show_net(void *user, const char *stage, uint64_t done, uint64_t total, const char *note) {
    const reporter *p = user;
    (void)note;
    if (strcmp(stage, "train") != 0 || total == 0) return;
    atomic_store(&p->w->at[p->job], (unsigned)(done * (UNITS - 1) / total));
    if (p->worker == 0) show_all(p->w);
}

static status test_net(const ablation_plan *p, const training *t, const run *r, ablation_net *out, err *e) {
    model *m = NULL;
    predictions answers = {0};
    status s = model_of_net(t->net, &t->weights, false, r, &m, e);
    if (s == STATUS_OK) s = predictions_make(m, p->test, r, &answers, e);
    if (s == STATUS_OK) {
        memcpy(out->correct, answers.correct, (size_t)p->test->n);
        out->accuracy = (double)answers.counts.correct / (double)p->test->n;
    }
    predictions_free(&answers);
    model_free(m);
    return s;
}

static status make_net(const ablation_plan *p, int seed, int variant, const run *r, ablation_net *out,
                       err *e) {
    training t = {0};
    out->correct = calloc((size_t)p->test->n, 1);
    if (!out->correct) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = training_plan(&p->variants[variant].settings, p->train, p->batch, &t, e);
    if (s == STATUS_OK)
        s = training_run(&t, p->train, seed_derive(r->seed, "ablate", (uint64_t)seed), r, NULL, e);
    out->diverged = s == STATUS_NOT_EVALUABLE;
    if (out->diverged)
        s = STATUS_OK;
    else if (s == STATUS_OK)
        s = test_net(p, &t, r, out, e);
    training_free(&t);
    out->done = s == STATUS_OK;
    return s == STATUS_OK ? s : err_prefix(e, s, "%s, seed %d", p->variants[variant].name, seed);
}

static status run_job(void *user, int job, int worker) {
    work *w = user;
    reporter p = {w, job, worker};
    run inner = *w->outer;
    inner.threads = 1;
    inner.progress = show_net;
    inner.log = NULL;
    inner.user = &p;
    int variants = w->plan->n_variants;
    double began = clock_seconds();
    status s = make_net(w->plan, job / variants, job % variants, &inner, &w->out->nets[job], &w->errors[job]);
    atomic_store(&w->at[job], UNITS);
    if (s == STATUS_OK && worker == 0 && !w->told) {
        if (w->watch && w->watch->first) w->watch->first(w->watch->user, clock_seconds() - began);
        w->told = true;
    }
    return s;
}

static int whole_seeds(const ablation_plan *p, const ablation *a) {
    for (int i = 0; i < p->n_seeds * p->n_variants; i++)
        if (!a->nets[i].done) return i / p->n_variants;
    return p->n_seeds;
}

/* The message of the first net that failed; of nets that were cancelled none has one worth reading. */
static status failed(const work *w, status s, err *e) {
    for (int i = 0; s != STATUS_CANCELLED && i < w->n; i++)
        if (w->errors[i].message[0] && !w->out->nets[i].done)
            return err_set(e, s, "%s", w->errors[i].message);
    return err_set(e, s, "stopped after %d of %d seeds", w->out->n_seeds, w->plan->n_seeds);
}

status ablation_run(const ablation_plan *p, const run *r, const ablation_watch *watch, ablation *out,
                    err *e) {
    int n = p->n_seeds * p->n_variants;
    *out = (ablation){.n_nets = n, .n_variants = p->n_variants, .n_tests = p->test->n};
    work w = {.plan = p, .outer = r, .watch = watch, .out = out, .n = n};
    out->nets = calloc((size_t)n, sizeof *out->nets);
    w.errors = calloc((size_t)n, sizeof *w.errors);
    w.at = calloc((size_t)n, sizeof *w.at);
    status s = out->nets && w.errors && w.at ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) {
        s = parallel_for(r, n, run_job, &w);
        out->n_seeds = whole_seeds(p, out);
        if (s == STATUS_OK)
            show_all(&w);
        else
            s = failed(&w, s, e);
    }
    free(w.errors);
    free(w.at);
    if (s != STATUS_OK && (s != STATUS_CANCELLED || out->n_seeds == 0)) ablation_free(out);
    return s;
}

void ablation_free(ablation *a) {
    for (int i = 0; a->nets && i < a->n_nets; i++)
        free(a->nets[i].correct);
    free(a->nets);
    *a = (ablation){0};
}
