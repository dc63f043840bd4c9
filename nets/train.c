#include "nets/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "nets/batches_internal.h"

typedef struct trainer {
    const net *net;
    weights *w;
    const train_options *options;
    objective *goal;
    const run *run;
    train_watch watch;
    batches batches;
    optim optim;
    float *grad; /* n_trainable */
    int steps_per_epoch;
    uint64_t seen, to_see; /* samples, over all epochs */
    train_epoch epoch;     /* sums while the epoch runs */
    int epoch_seen;
} trainer;

static status check_fit(const net *n, const dataset *d, const train_options *o, err *e) {
    if (d->n < 1) return err_set(e, STATUS_USAGE, "nothing to train on: %s has no images", d->name);
    if (!shape_equal(n->input, d->image)) {
        return err_set(e, STATUS_USAGE, "%s takes images of %dx%dx%d, %s has %dx%dx%d", n->arch, n->input.h,
                       n->input.w, n->input.c, d->name, d->image.h, d->image.w, d->image.c);
    }
    if (n->classes != d->classes) {
        return err_set(e, STATUS_USAGE, "%s has %d classes, %s has %d", n->arch, n->classes, d->name,
                       d->classes);
    }
    if (o->augment && o->augment->mirrored && o->augment->classes != d->classes) {
        return err_set(e, STATUS_USAGE, "flip-target was made for %d classes, %s has %d", o->augment->classes,
                       d->name, d->classes);
    }
    return train_options_check(o, e);
}

static status trainer_begin(trainer *t, const dataset *d, err *e) {
    const train_options *o = t->options;
    status s = batches_new(d, o, t->run, &t->batches, e);
    if (s != STATUS_OK) return s;
    s = optim_new(o->optim, t->net, &t->optim, e);
    if (s != STATUS_OK) return s;
    t->optim.weight_decay = o->weight_decay;
    t->grad = alloc_aligned(t->net->n_trainable * sizeof *t->grad);
    if (!t->grad) return err_set(e, STATUS_NO_MEMORY, "no memory for %zu gradients", t->net->n_trainable);
    t->steps_per_epoch = batches_per_epoch(d, o);
    int64_t whole = (int64_t)t->steps_per_epoch * o->batch;
    t->to_see = (uint64_t)(whole < d->n ? whole : d->n) * (uint64_t)o->epochs;
    return STATUS_OK;
}

static void trainer_end(trainer *t) {
    batches_free(&t->batches);
    optim_free(&t->optim);
    free(t->grad);
}

static status diverged(const train_epoch *at, int step, const char *what, err *e) {
    return err_set(
        e, STATUS_NOT_EVALUABLE,
        "training diverged: %s not finite in epoch %d, step %d (learning rate %.3g); try a smaller --lr",
        what, at->epoch + 1, step + 1, at->rate);
}

static void report(const trainer *t) {
    if (!t->run->progress) return;
    char note[96];
    snprintf(note, sizeof note, "epoch %d/%d  loss %.4f  accuracy %.2f %%", t->epoch.epoch + 1,
             t->options->epochs, t->epoch.loss / t->epoch_seen, 100 * t->epoch.accuracy / t->epoch_seen);
    run_progress(t->run, "train", t->seen, t->to_see, note);
}

static status train_step(trainer *t, int index, err *e) {
    const train_options *o = t->options;
    int step = t->epoch.epoch * t->steps_per_epoch + index;
    long steps = (long)o->epochs * t->steps_per_epoch;
    batch b;
    batch_result result;
    if (run_cancelled(t->run)) {
        return err_set(e, STATUS_CANCELLED, "training cancelled after %d of %ld steps", step, steps);
    }
    status s = batches_fill(&t->batches, index, step, &b, e);
    if (s != STATUS_OK) return s;
    s = t->goal->accumulate(t->goal->self, &b, t->w, t->grad, &result, e);
    if (s != STATUS_OK) return s;
    t->epoch.rate = schedule_rate(&o->schedule, step, steps, t->steps_per_epoch);
    if (!isfinite(result.loss)) return diverged(&t->epoch, index, "the loss is", e);
    if (t->watch.each_step)
        t->watch.each_step(t->watch.user, &(train_step_report){.epoch = b.epoch,
                                                               .step = step,
                                                               .loss = result.loss / b.n,
                                                               .accuracy = (double)result.correct / b.n,
                                                               .rate = t->epoch.rate,
                                                               .grad = t->grad});

    double momentum = schedule_momentum(&o->schedule, step, steps, o->momentum);
    s = optim_step(&t->optim, t->net, t->w, t->grad, t->epoch.rate, momentum, t->run);
    if (s != STATUS_OK) return err_set(e, s, "step %d of the optimiser failed", step + 1);
    t->epoch.loss += result.loss;
    t->epoch.accuracy += result.correct;
    t->epoch_seen += b.n;
    t->seen += (uint64_t)b.n;
    report(t);
    return STATUS_OK;
}

static bool all_finite(const weights *w) {
    for (size_t i = 0; i < w->n; i++) {
        if (!isfinite(w->data[i])) return false;
    }
    return true;
}

static status train_one_epoch(trainer *t, int epoch, err *e) {
    t->epoch = (train_epoch){.epoch = epoch};
    t->epoch_seen = 0;
    batches_shuffle(&t->batches, epoch);
    for (int i = 0; i < t->steps_per_epoch; i++) {
        status s = train_step(t, i, e);
        if (s != STATUS_OK) return s;
    }
    if (!all_finite(t->w)) return diverged(&t->epoch, t->steps_per_epoch - 1, "weights are", e);
    t->epoch.loss /= t->epoch_seen;
    t->epoch.accuracy /= t->epoch_seen;
    return STATUS_OK;
}

status train(const net *n, weights *w, const dataset *d, const train_options *o, objective *goal,
             const run *r, const train_watch *watch, err *e) {
    status s = check_fit(n, d, o, e);
    if (s != STATUS_OK) return s;
    trainer t = {.net = n, .w = w, .options = o, .goal = goal, .run = r};
    if (watch) t.watch = *watch;
    s = trainer_begin(&t, d, e);
    for (int epoch = 0; s == STATUS_OK && epoch < o->epochs; epoch++) {
        s = train_one_epoch(&t, epoch, e);
        if (s == STATUS_OK && t.watch.each_epoch) t.watch.each_epoch(t.watch.user, &t.epoch);
    }
    trainer_end(&t);
    return s;
}
