/* One step of training: gradient, clipping, sharpness, optimiser, lookahead, moving average. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nets/ranges_internal.h"
#include "nets/train_internal.h"

static status diverged(const trainer *t, const char *what, double rate, err *e) {
    return err_set(
        e, STATUS_NOT_EVALUABLE,
        "training diverged: %s not finite in epoch %d, step %d (learning rate %.3g); try a smaller --lr",
        what, t->at.epoch + 1, t->at.index + 1, rate);
}

static status gradient_norm(trainer *t, double rate, double *norm, err *e) {
    status s = moving_norm(t->net, t->options->rates, t->run, t->grad, t->partials, norm);
    if (s != STATUS_OK) return err_set(e, s, "the norm of the gradient failed");
    return isfinite(*norm) ? STATUS_OK : diverged(t, "the gradient is", rate, e);
}

typedef struct axpy {
    float factor;
    const float *x;
    float *y;
} axpy;

static void add_scaled(void *context, int chunk, int p, size_t lo, size_t hi) {
    (void)chunk, (void)p;
    const axpy *job = context;
    for (size_t i = lo; i < hi; i++) {
        job->y[i] += job->factor * job->x[i];
    }
}

static void scale(void *context, int chunk, int p, size_t lo, size_t hi) {
    (void)chunk, (void)p;
    const axpy *job = context;
    for (size_t i = lo; i < hi; i++) {
        job->y[i] *= job->factor;
    }
}

/* Foret et al. 2021: the gradient at w + rho * g / |g| takes the place of g. Weights and the objective's state come back bit for bit. */
static status sharpen(trainer *t, const batch *b, double rate, err *e) {
    double norm;
    status s = gradient_norm(t, rate, &norm, e);
    if (s != STATUS_OK) return s;
    const objective *goal = t->goal;
    size_t weights_size = t->net->n_trainable * sizeof(float), state_size = goal->n_state * sizeof(float);
    axpy up = {(float)(t->options->sam_rho / (norm + 1e-12)), t->grad, t->w->data};
    batch second = *b;
    batch_result there = {0};
    second.update_statistics = false;
    memcpy(t->before, t->w->data, weights_size);
    if (state_size) memcpy(t->goal_state, goal->state, state_size);
    s = for_moving_ranges(t->net, t->options->rates, t->run, add_scaled, &up);
    t->w->version++;
    if (s == STATUS_OK) s = goal->accumulate(goal->self, &second, t->w, t->grad, &there, e);
    memcpy(t->w->data, t->before, weights_size);
    if (state_size) memcpy(goal->state, t->goal_state, state_size);
    t->w->version++;
    if (s == STATUS_OK && !isfinite(there.loss))
        return diverged(t, "the loss of SAM's second pass is", rate, e);
    return s;
}

/* As PyTorch's clip_grad_norm_. */
static status clip(trainer *t, double rate, err *e) {
    double norm;
    status s = gradient_norm(t, rate, &norm, e);
    double factor = t->options->clip_norm / (norm + 1e-6);
    if (s != STATUS_OK || factor >= 1) return s;
    axpy shrink = {(float)factor, NULL, t->grad};
    return for_moving_ranges(t->net, t->options->rates, t->run, scale, &shrink);
}

static void to_slow(void *context, int chunk, int p, size_t lo, size_t hi) {
    (void)chunk, (void)p;
    const trainer *t = context;
    float share = (float)t->options->lookahead_share, *w = t->w->data;
    for (size_t i = lo; i < hi; i++) {
        t->slow[i] += share * (w[i] - t->slow[i]);
        w[i] = t->slow[i];
    }
}

/* Zhang et al. 2019, algorithm 1: every few steps, and after the last one, the fast weights go back to the slow ones. */
static status look_ahead(trainer *t) {
    long made = trainer_step(t);
    if (made % t->options->lookahead_every != 0 && made != trainer_steps(t)) return STATUS_OK;
    t->w->version++;
    return for_moving_ranges(t->net, t->options->rates, t->run, to_slow, t);
}

static void tell_step(const trainer *t, const batch *b, const batch_result *result, double rate) {
    if (!t->watch.each_step) return;
    train_step_report told = {.epoch = b->epoch,
                              .step = b->step,
                              .loss = result->loss / b->n,
                              .accuracy = (double)result->correct / b->n,
                              .rate = rate,
                              .grad = t->grad};
    t->watch.each_step(t->watch.user, &told);
}

static void tell_progress(const trainer *t) {
    if (!t->run->progress) return;
    char note[96];
    snprintf(note, sizeof note, "epoch %d/%d  loss %.4f  accuracy %.2f %%", t->at.epoch + 1,
             t->options->epochs, t->at.loss / t->at.seen, 100 * t->at.correct / t->at.seen);
    uint64_t before = t->to_see / (uint64_t)t->options->epochs * (uint64_t)t->at.epoch;
    run_progress(t->run, "train", before + (uint64_t)t->at.seen, t->to_see, note);
}

static status update(trainer *t, double rate, double momentum, err *e) {
    status s = optim_step(&t->optim, t->net, t->w, t->grad, rate, momentum, t->run);
    t->at.index++;
    if (s == STATUS_OK && t->slow) s = look_ahead(t);
    if (s != STATUS_OK) return err_set(e, s, "step %ld of the optimiser failed", trainer_step(t));
    if (t->options->ema_decay > 0) average_step(t);
    return STATUS_OK;
}

status train_step(trainer *t, double rate, double momentum, err *e) {
    batch b;
    batch_result result;
    status s = batches_fill(&t->batches, t->at.index / t->replays, (int)trainer_step(t), &b, e);
    b.steps = (int)trainer_steps(t);
    if (s == STATUS_OK) s = t->goal->accumulate(t->goal->self, &b, t->w, t->grad, &result, e);
    if (s != STATUS_OK) return s;
    if (!isfinite(result.loss)) return diverged(t, "the loss is", rate, e);
    tell_step(t, &b, &result, rate);
    if (t->options->sam_rho > 0) s = sharpen(t, &b, rate, e);
    if (s == STATUS_OK && t->options->clip_norm > 0) s = clip(t, rate, e);
    if (s == STATUS_OK) s = update(t, rate, momentum, e);
    if (s != STATUS_OK) return s;
    t->at.rate = rate;
    t->at.loss += result.loss;
    t->at.correct += result.correct;
    t->at.seen += b.n;
    t->at.clean_seen += result.clean_n;
    t->at.clean_correct += result.clean_correct;
    tell_progress(t);
    return STATUS_OK;
}
