#include "nets/lr_find.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nets/train_internal.h"

static const double RUNNING = 0.9;      /* decay of the running mean that tells divergence */
static const double DIVERGED_ABOVE = 4; /* times its lowest value */

void lr_smooth(lr_point *points, int n) {
    double deviation = n / 40.0;
    int reach = (int)ceil(3 * deviation);
    for (int i = 0; i < n; i++) {
        double sum = 0, total = 0;
        for (int k = i > reach ? i - reach : 0; k < n && k <= i + reach; k++) {
            double weight = exp(-0.5 * (k - i) * (k - i) / (deviation * deviation));
            sum += weight * points[k].loss;
            total += weight;
        }
        points[i].smoothed = sum / total;
    }
}

double lr_suggest(const lr_point *points, int n) {
    int lowest = 0;
    for (int i = 1; i < n; i++) {
        if (points[i].smoothed < points[lowest].smoothed) lowest = i;
    }
    double steepest = 0, rate = NAN;
    for (int i = 1; i < lowest; i++) {
        double slope = (points[i + 1].smoothed - points[i - 1].smoothed) /
                       log10(points[i + 1].rate / points[i - 1].rate);
        if (slope >= steepest) continue;
        steepest = slope;
        rate = points[i].rate;
    }
    return rate;
}

/* The options of the test: those of the steps, in as many epochs as they need. */
static train_options test_options(const train_options *o, const dataset *d, int steps) {
    train_options test = *o;
    test.schedule = schedule_default(SCHEDULE_CONSTANT, 1);
    test.epochs = d->n > 0 && o->batch > 0 ? 1 + steps / batches_per_epoch(d, o) : 1;
    test.ema_decay = test.swa_from = 0;
    test.validation = NULL;
    test.patience = 0;
    test.checkpoint = test.resume = NULL;
    return test;
}

/* Watches the steps. */
typedef struct test_watch {
    lr_curve *curve;
    double running, least; /* of the loss: running mean, corrected for its start; its lowest value */
} test_watch;

static void see_step(void *user, const train_step_report *t) {
    test_watch *seen = user;
    lr_curve *c = seen->curve;
    c->points[c->n++] = (lr_point){.rate = t->rate, .loss = t->loss};
    seen->running = RUNNING * seen->running + (1 - RUNNING) * t->loss;
    double mean = seen->running / (1 - pow(RUNNING, c->n));
    if (c->n == 1 || mean < seen->least) seen->least = mean;
    c->diverged = mean > DIVERGED_ABOVE * seen->least;
}

static status make_step(trainer *t, double rate, err *e) {
    if (run_cancelled(t->run))
        return err_set(e, STATUS_CANCELLED, "the search for a learning rate was cancelled");
    if (t->at.index == 0) batches_shuffle(&t->batches, t->at.epoch);
    double momentum = t->options->momentum;
    status s = train_step(t, rate, momentum, e);
    if (t->at.index < t->steps_per_epoch) return s;
    t->at.index = 0;
    t->at.epoch++;
    return s;
}

static status run_test(trainer *t, double lowest, double highest, int steps, const run *r, lr_curve *c,
                       err *e) {
    test_watch seen = {.curve = c};
    t->watch = (train_watch){.user = &seen, .each_step = see_step};
    for (int i = 0; i < steps && !c->diverged; i++) {
        double rate = lowest * pow(highest / lowest, (double)i / (steps - 1));
        status s = make_step(t, rate, e);
        c->diverged |= s == STATUS_NOT_EVALUABLE;
        if (s != STATUS_OK && s != STATUS_NOT_EVALUABLE) return s;
        run_progress(r, "lr-find", (uint64_t)i + 1, (uint64_t)steps, NULL);
    }
    return STATUS_OK;
}

static status conclude(lr_curve *c, err *e) {
    if (c->n < 10)
        return err_set(e, STATUS_NOT_EVALUABLE,
                       "the loss diverged after %d steps: begin with a lower learning rate", c->n);
    lr_smooth(c->points, c->n);
    c->suggestion = lr_suggest(c->points, c->n);
    if (isfinite(c->suggestion)) return STATUS_OK;
    return err_set(e, STATUS_NOT_EVALUABLE, "the loss falls at no learning rate from %g to %g",
                   c->points[0].rate, c->points[c->n - 1].rate);
}

static status check_range(double lowest, double highest, int steps, err *e) {
    if (!(lowest > 0 && lowest < highest && isfinite(highest)))
        return err_set(e, STATUS_USAGE, "learning rates from %g to %g: expected a rising range above 0",
                       lowest, highest);
    if (steps < 10 || steps > LR_FIND_MOST_STEPS)
        return err_set(e, STATUS_USAGE, "%d steps to find a learning rate: expected 10..%d", steps,
                       LR_FIND_MOST_STEPS);
    return STATUS_OK;
}

status lr_find(const net *n, const weights *w, const dataset *d, const train_options *o, objective *goal,
               double lowest, double highest, int steps, const run *r, lr_curve *out, err *e) {
    *out = (lr_curve){0};
    status s = check_range(lowest, highest, steps, e);
    if (s != STATUS_OK) return s;
    train_options test = test_options(o, d, steps);
    run quiet = *r;
    quiet.progress = NULL;
    weights copy = {0};
    trainer t = {0};
    size_t state_size = goal->n_state * sizeof *goal->state;
    float *state = malloc(state_size + 1);
    out->points = calloc((size_t)steps, sizeof *out->points);
    s = state && out->points ? weights_copy(w, &copy, e)
                             : err_set(e, STATUS_NO_MEMORY, "no memory for %d learning rates", steps);
    if (s == STATUS_OK && state_size) memcpy(state, goal->state, state_size);
    if (s == STATUS_OK) s = trainer_begin(&t, n, &copy, d, &test, goal, &quiet, e);
    if (s == STATUS_OK) s = run_test(&t, lowest, highest, steps, r, out, e);
    if (s == STATUS_OK) s = conclude(out, e);
    if (copy.data && state_size) memcpy(goal->state, state, state_size);
    trainer_end(&t);
    weights_free(&copy);
    free(state);
    if (s != STATUS_OK) lr_curve_free(out);
    return s;
}

void lr_curve_free(lr_curve *c) {
    free(c->points);
    *c = (lr_curve){0};
}
