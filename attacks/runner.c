#include "attacks/runner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/runner_internal.h"
#include "core/arena.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "nets/predict.h"

static status check_eps(const attack_plan *plan, err *e) {
    if (plan->n_eps < 1) return err_set(e, STATUS_USAGE, "attack: no eps given, expected at least one");
    for (int i = 0; i < plan->n_eps; i++) {
        double eps = plan->eps[i];
        if (!(eps >= 0 && isfinite(eps)))
            return err_set(e, STATUS_USAGE, "attack: eps %g, expected a finite number >= 0", eps);
        if (i > 0 && eps <= plan->eps[i - 1])
            return err_set(e, STATUS_USAGE, "attack: eps %g after %g, expected ascending values", eps,
                           plan->eps[i - 1]);
    }
    return STATUS_OK;
}

static status check_options(const attack_plan *plan, err *e) {
    const attack *method = plan->method;
    const attack_options *o = &plan->options;
    enum { MOST = 1000000 };
    if (o->steps < 0 || o->steps > MOST)
        return err_set(e, STATUS_USAGE, "%s: %d steps, expected 1..%d", method->name, o->steps, MOST);
    if (o->steps > 1 && method->defaults.steps == 1)
        return err_set(e, STATUS_USAGE, "%s: %d steps, but it has one step", method->name, o->steps);
    if (o->restarts < 0 || o->restarts > MOST)
        return err_set(e, STATUS_USAGE, "%s: %d restarts, expected 1..%d", method->name, o->restarts, MOST);
    if (!(o->step_size >= 0 && isfinite(o->step_size)))
        return err_set(e, STATUS_USAGE, "%s: step size %g, expected a finite number > 0 in units of eps",
                       method->name, o->step_size);
    if (plan->batch < 0)
        return err_set(e, STATUS_USAGE, "%s: batch %d, expected at least 1", method->name, plan->batch);
    if (plan->norm < 0 || plan->norm >= NORM_COUNT || !(method->norms & 1u << plan->norm))
        return err_set(e, STATUS_USAGE, "%s: does not work with norm %s", method->name,
                       plan->norm < NORM_COUNT ? norm_name(plan->norm) : "?");
    return STATUS_OK;
}

static status check_targets(const dataset *d, const int32_t *targets, err *e) {
    for (int row = 0; targets && row < d->n; row++)
        if (targets[row] < 0 || targets[row] >= d->classes || targets[row] == d->labels[row])
            return err_set(e, STATUS_USAGE,
                           "attack: row %d: target %d, expected 0..%d other than the label %d", row,
                           targets[row], d->classes - 1, d->labels[row]);
    return STATUS_OK;
}

static status check_random(const model *m, const attack_plan *plan, err *e) {
    int most = model_is_random(m) ? m->tile : 1;
    if (plan->eot < 0 || plan->eot > most)
        return err_set(e, STATUS_USAGE, "%s: the mean over %d draws, expected 1..%d of a model that is %s",
                       plan->method->name, plan->eot, most, most > 1 ? "random" : "not random");
    if (model_is_random(m) && plan->method->order == EPS_FREE)
        return err_set(e, STATUS_USAGE,
                       "%s: looks for the smallest distance, which is a matter of chance for a random model: "
                       "use pgd, apgd-ce, apgd-dlr or square",
                       plan->method->name);
    return STATUS_OK;
}

status attack_check_plan(const model *m, const dataset *d, const attack_plan *plan, err *e) {
    status s = model_accepts(m, d, e);
    if (s == STATUS_OK) s = check_eps(plan, e);
    return s == STATUS_OK ? check_targets(d, plan->targets, e) : s;
}

static status check(const model *m, const dataset *d, const attack_plan *plan, err *e) {
    if (!plan->method) return err_set(e, STATUS_USAGE, "attack: no method given");
    status s = attack_check_plan(m, d, plan, e);
    if (s == STATUS_OK) s = check_options(plan, e);
    if (s == STATUS_OK) s = check_random(m, plan, e);
    if (s == STATUS_OK && plan->after && (plan->after->n != d->n || plan->after->n_eps != plan->n_eps))
        s = err_set(e, STATUS_USAGE, "attack: goes on after %d images at %d eps, expected %d at %d",
                    plan->after->n, plan->after->n_eps, d->n, plan->n_eps);
    if (s == STATUS_OK && plan->method->needs_gradient && !model_has_gradient(m))
        s = err_set(e, STATUS_USAGE, "%s: needs a gradient, which this model does not give",
                    plan->method->name);
    return s;
}

static void *new_array(size_t n, size_t width, size_t size) {
    size_t count;
    return size_multiply(n, width, &count) ? calloc(count ? count : 1, size) : NULL;
}

static void fill_nan(float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        x[i] = NAN;
}

/* What is known already. */
static void go_on_after(attack_result *a, const attack_plan *plan, const dataset *d) {
    const attack_result *b = plan->after;
    size_t n = (size_t)d->n, classes = (size_t)d->classes;
    memcpy(a->clean_correct, b->clean_correct, n);
    memcpy(a->broken_at, b->broken_at, n * sizeof *a->broken_at);
    memcpy(a->distance, b->distance, n * sizeof *a->distance);
    memcpy(a->clean_logits, b->clean_logits, n * classes * sizeof *a->clean_logits);
    if (!plan->keep_examples) return;
    memcpy(a->examples, b->examples, n * shape_size(d->image) * sizeof *a->examples);
    memcpy(a->example_logits, b->example_logits, n * classes * sizeof *a->example_logits);
}

status attack_result_new(attack_result *a, const dataset *d, const attack_plan *plan, err *e) {
    size_t n = (size_t)d->n, classes = (size_t)d->classes;
    *a = (attack_result){.n = d->n, .n_eps = plan->n_eps, .classes = d->classes};
    a->finished = new_array(n, 1, 1);
    a->clean_correct = new_array(n, 1, 1);
    a->broken_at = new_array(n, 1, sizeof *a->broken_at);
    a->distance = new_array(n, 1, sizeof(float));
    a->clean_logits = new_array(n, classes, sizeof(float));
    bool ok = a->finished && a->clean_correct && a->broken_at && a->distance && a->clean_logits;
    if (plan->keep_examples) {
        a->examples = new_array(n, shape_size(d->image), sizeof(float));
        a->example_logits = new_array(n, classes, sizeof(float));
        ok = ok && a->examples && a->example_logits;
    }
    if (!ok) return err_set(e, STATUS_NO_MEMORY, "attack: no memory for the results of %d images", d->n);
    for (size_t i = 0; i < n; i++)
        a->broken_at[i] = plan->n_eps;
    fill_nan(a->distance, n);
    fill_nan(a->clean_logits, n * classes);
    if (plan->after) go_on_after(a, plan, d);
    if (!plan->keep_examples || plan->after) return STATUS_OK;
    fill_nan(a->example_logits, n * classes);
    for (int row = 0; row < d->n; row++)
        dataset_image(d, row, a->examples + (size_t)row * shape_size(d->image));
    return STATUS_OK;
}

void attack_result_free(attack_result *a) {
    free(a->finished);
    free(a->clean_correct);
    free(a->broken_at);
    free(a->distance);
    free(a->clean_logits);
    free(a->examples);
    free(a->example_logits);
    *a = (attack_result){0};
}

static struct attack_alarm alarm_of(const uint8_t *flags, uint8_t flag, const dataset *d) {
    struct attack_alarm alarm = {0};
    for (int row = 0; row < d->n; row++) {
        if (!(flags[row] & flag)) continue;
        alarm.count++;
        if (alarm.n < ATTACK_SAMPLES) alarm.rows[alarm.n++] = d->ids[row];
    }
    return alarm;
}

void attack_raise_alarms(attack_result *out, const uint8_t *flags, const dataset *d) {
    out->zero_gradient = alarm_of(flags, FLAG_ZERO_GRADIENT, d);
    out->not_finite = alarm_of(flags, FLAG_NOT_FINITE, d);
    out->tied = alarm_of(flags, FLAG_TIED, d);
    out->outside = alarm_of(flags, FLAG_OUTSIDE, d);
    out->recheck_failed = alarm_of(flags, FLAG_RECHECK_FAILED, d);
    out->budget_spent = alarm_of(flags, FLAG_BUDGET, d).count > 0;
}

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static int worker_count(const model *m, const dataset *d, const run *r) {
    int workers = model_run(m, r).threads;
    return workers > d->n ? (d->n > 0 ? d->n : 1) : workers;
}

/* Images with something to try. In a cascade few may be left, and whoever comes first must not take them all. */
static int open_rows(const campaign *c) {
    const attack_result *before = c->plan->after;
    int open = 0;
    for (int row = 0; row < c->d->n; row++)
        open += !before || (before->clean_correct[row] && before->broken_at[row] > 0);
    return open;
}

/* Two tiles per worker keep full tiles going (see pool.c); more would only make their ends uneven. Who looks ahead fills tiles that are wider than its share. */
static void share_out(campaign *c, int workers) {
    int useful = 2 * c->m->tile, share = (open_rows(c) + workers - 1) / workers;
    int asked = c->plan->batch > 0 ? c->plan->batch / workers : useful;
    int most = smaller(useful, asked > 1 ? asked : 1);
    c->slots = share > 1 ? smaller(most, share) : 1;
    c->tile = smaller(c->m->tile, c->plan->method->ahead ? most : c->slots);
}

typedef struct cost {
    uint64_t forwards, backwards;
} cost;

typedef struct crew {
    campaign *c;
    cost *costs; /* one per worker */
    first_failure failed;
} crew;

static status run_worker(void *context, int chunk, int worker) {
    crew *all = context;
    err e = {{0}};
    status s = pool_run(all->c, worker, &all->costs[chunk].forwards, &all->costs[chunk].backwards, &e);
    return failure_note(&all->failed, chunk, s, &e);
}

static status run_crew(campaign *c, err *e) {
    int workers = worker_count(c->m, c->d, c->r);
    share_out(c, workers);
    c->flags = calloc((size_t)c->d->n + 1, 1);
    crew all = {.c = c, .costs = calloc((size_t)workers, sizeof(cost))};
    bool room = c->flags && all.costs;
    status s = room ? parallel_for(c->r, workers, run_worker, &all) : STATUS_NO_MEMORY;
    for (int i = 0; room && i < workers; i++) {
        c->out->forwards += all.costs[i].forwards;
        c->out->backwards += all.costs[i].backwards;
    }
    if (room) attack_raise_alarms(c->out, c->flags, c->d);
    free(c->flags);
    free(all.costs);
    return failure_report(&all.failed, s, "attack", e);
}

status attack_run(model *m, const dataset *d, const attack_plan *plan, const run *r, attack_result *out,
                  err *e) {
    *out = (attack_result){0};
    status s = check(m, d, plan, e);
    if (s != STATUS_OK) return s;
    s = attack_result_new(out, d, plan, e);
    if (s == STATUS_OK) {
        uint64_t share = r->budget && d->n > 0 ? r->budget / (uint64_t)d->n : UINT64_MAX - 8;
        int looks = plan->eot > 1 ? plan->eot : 1, votes = model_votes(m);
        campaign c = {.m = m,
                      .d = d,
                      .plan = plan,
                      .options = attack_options_fill(plan->method, plan->options),
                      .r = r,
                      .share = share,
                      .random = model_is_random(m),
                      .gives_up =
                          plan->gives_up && !plan->no_drop && !plan->to_the_end && !model_is_random(m),
                      .looks = (uint32_t)looks,
                      .measures = (uint32_t)(votes > looks ? votes : looks),
                      .votes = (uint32_t)votes,
                      .stream = (uint32_t)(seed_derive(0, plan->method->name, 0) | 1),
                      .out = out};
        s = run_crew(&c, e);
        out->refused = atomic_load(&c.refused);
        out->overturned = atomic_load(&c.overturned);
    }
    if (s == STATUS_CANCELLED) return err_set(e, s, "attack: cancelled");
    if (s != STATUS_OK) attack_result_free(out);
    return s;
}
