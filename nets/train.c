#include "nets/train.h"

#include <math.h>

#include "core/floats.h"
#include <string.h>

#include "nets/ranges_internal.h"
#include "nets/train_internal.h"

static status check_data(const net *n, const dataset *d, err *e) {
    if (d->n < 1) return err_set(e, STATUS_USAGE, "nothing to train on: %s has no images", d->name);
    if (!shape_equal(n->input, d->image)) {
        return err_set(e, STATUS_USAGE, "%s takes images of %dx%dx%d, %s has %dx%dx%d", n->arch, n->input.h,
                       n->input.w, n->input.c, d->name, d->image.h, d->image.w, d->image.c);
    }
    if (n->classes != d->classes) {
        return err_set(e, STATUS_USAGE, "%s has %d classes, %s has %d", n->arch, n->classes, d->name,
                       d->classes);
    }
    return STATUS_OK;
}

static status check_fit(const net *n, const dataset *d, const train_options *o, err *e) {
    status s = check_data(n, d, e);
    if (s == STATUS_OK && o->validation) {
        s = check_data(n, o->validation, e);
        if (s != STATUS_OK) return err_prefix(e, s, "validation");
    }
    if (s != STATUS_OK) return s;
    if (o->augment && o->augment->mirrored && o->augment->classes != d->classes) {
        return err_set(e, STATUS_USAGE, "flip-target was made for %d classes, %s has %d", o->augment->classes,
                       d->name, d->classes);
    }
    return train_options_check(o, e);
}

long trainer_step(const trainer *t) {
    return (long)t->at.epoch * t->steps_per_epoch + t->at.index;
}

long trainer_steps(const trainer *t) {
    return (long)t->options->epochs * t->steps_per_epoch;
}

static status allocate(trainer *t, err *e) {
    const train_options *o = t->options;
    size_t n = t->net->n_trainable;
    bool sam = o->sam_rho > 0, slow = o->lookahead_every > 0;
    t->grad = arena_array(&t->memory, n, sizeof *t->grad);
    t->partials = arena_array(&t->memory, (size_t)range_chunks(t->net), sizeof *t->partials);
    if (sam) t->before = arena_array(&t->memory, n, sizeof *t->before);
    if (sam) t->goal_state = arena_array(&t->memory, t->goal->n_state, sizeof *t->goal_state);
    if (slow) t->slow = arena_array(&t->memory, n, sizeof *t->slow);
    if (!t->grad || !t->partials || (sam && (!t->before || !t->goal_state)) || (slow && !t->slow)) {
        return err_set(e, STATUS_NO_MEMORY, "no memory to train %zu parameters", n);
    }
    if (slow) memcpy(t->slow, t->w->data, n * sizeof *t->slow);
    status s = STATUS_OK;
    if (o->ema_decay > 0 || o->swa_from > 0) s = weights_copy(t->w, &t->average, e);
    if (s == STATUS_OK && o->patience > 0) s = weights_copy(t->w, &t->best, e);
    return s;
}

static void hash_weights(const weights *w, char hex[SHA256_HEX]) {
    sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, w->data, w->n * sizeof *w->data);
    sha256_hex(&hash, hex);
}

status trainer_begin(trainer *t, const net *n, weights *w, const dataset *d, const train_options *o,
                     objective *goal, const run *r, err *e) {
    *t = (trainer){.net = n, .w = w, .data = d, .options = o, .goal = goal, .run = r};
    t->at.best = -1;
    if (o->checkpoint || o->resume) hash_weights(w, t->begun_with);
    t->at.plateau = plateau_new();
    status s = check_fit(n, d, o, e);
    if (s == STATUS_OK) s = batches_new(d, o, r, &t->batches, e);
    if (s == STATUS_OK) s = optim_new(o->optim, n, &t->optim, e);
    if (s != STATUS_OK) return s;
    t->optim.weight_decay = o->weight_decay;
    t->optim.rates = o->rates;
    t->replays = goal->replays > 1 ? goal->replays : 1;
    t->steps_per_epoch = batches_per_epoch(d, o);
    int64_t whole = (int64_t)t->steps_per_epoch * o->batch;
    t->steps_per_epoch *= t->replays;
    t->to_see = (uint64_t)(whole < d->n ? whole : d->n) * (uint64_t)o->epochs * (uint64_t)t->replays;
    return allocate(t, e);
}

void trainer_end(trainer *t) {
    batches_free(&t->batches);
    optim_free(&t->optim);
    weights_free(&t->average);
    weights_free(&t->best);
    arena_free(&t->memory);
}

/* Where training stands now is what would be saved: EMA all the time, the average of SWA at the end. */
static status kept_weights(trainer *t, weights **kept, err *e) {
    *kept = t->options->ema_decay > 0 ? &t->average : t->w;
    if (!(t->options->swa_from > 0)) return STATUS_OK;
    average_epoch(t);
    if (t->at.epoch + 1 < t->options->epochs) return STATUS_OK;
    *kept = &t->average;
    return average_statistics(t, e);
}

static void take_weights(weights *to, const weights *from) {
    if (!to->data || to == from) return;
    memcpy(to->data, from->data, from->n * sizeof *from->data);
    to->version++;
}

/* Where the objective ends training, what it leaves is what is kept, whoever else had something to keep. */
static status ask_objective(trainer *t, weights *kept, err *e) {
    bool stop = false;
    if (!t->goal->end_epoch) return STATUS_OK;
    status s = t->goal->end_epoch(t->goal->self, t->data, t->at.epoch, kept, &stop, e);
    if (s != STATUS_OK || !stop) return s;
    take_weights(t->w, kept);
    take_weights(&t->average, kept);
    take_weights(&t->best, kept);
    t->at.stopped = true;
    return STATUS_OK;
}

/* May be cancelled, and then called again: t->at moves on at its end. */
static status end_epoch(trainer *t, err *e) {
    const train_options *o = t->options;
    train_epoch told = {.epoch = t->at.epoch,
                        .loss = t->at.loss / t->at.seen,
                        .accuracy = t->at.correct / t->at.seen,
                        .rate = t->at.rate,
                        .perturbed = t->at.clean_seen > 0};
    if (told.perturbed) told.clean_accuracy = t->at.clean_correct / t->at.clean_seen;
    weights *kept;
    if (!floats_finite(t->w->data, t->w->n)) {
        return err_set(e, STATUS_NOT_EVALUABLE,
                       "training diverged: weights are not finite in epoch %d, step %d (learning rate %.3g); "
                       "try a smaller --lr",
                       told.epoch + 1, t->at.index, told.rate);
    }
    status s = kept_weights(t, &kept, e);
    if (s == STATUS_OK && o->validation) s = judge_weights(t, kept, &told, e);
    if (s != STATUS_OK) return s;
    if (o->patience > 0) judge_patience(t, kept, told.validation_accuracy);
    s = ask_objective(t, kept, e);
    if (s != STATUS_OK) return s;
    if (o->schedule.kind == SCHEDULE_PLATEAU)
        plateau_observe(&t->at.plateau, &o->schedule, told.validated ? told.validation_loss : told.loss);
    t->at.epoch++;
    t->at.index = t->at.seen = t->at.clean_seen = 0;
    t->at.loss = t->at.correct = t->at.clean_correct = 0;
    if (t->watch.each_epoch) t->watch.each_epoch(t->watch.user, &told);
    return o->checkpoint ? checkpoint_write(t, e) : STATUS_OK;
}

static status scheduled_step(trainer *t, err *e) {
    const train_options *o = t->options;
    long step = trainer_step(t), steps = trainer_steps(t);
    if (run_cancelled(t->run)) {
        return err_set(e, STATUS_CANCELLED, "training cancelled after %ld of %ld steps", step, steps);
    }
    double rate = t->at.plateau.factor * schedule_rate(&o->schedule, step, steps, t->steps_per_epoch);
    status s = train_step(t, rate, schedule_momentum(&o->schedule, step, steps, o->momentum), e);
    bool due = o->checkpoint && o->checkpoint_every > 0 && (step + 1) % o->checkpoint_every == 0;
    return s == STATUS_OK && due ? checkpoint_write(t, e) : s;
}

static status run_epoch(trainer *t, err *e) {
    batches_shuffle(&t->batches, t->at.epoch);
    while (t->at.index < t->steps_per_epoch) {
        status s = scheduled_step(t, e);
        if (s != STATUS_OK) return s;
    }
    return end_epoch(t, e);
}

static void keep(trainer *t) {
    const weights *kept = t->options->patience > 0 ? &t->best : t->average.data ? &t->average : NULL;
    if (!kept) return;
    memcpy(t->w->data, kept->data, kept->n * sizeof *kept->data);
    t->w->version++;
}

/* A cancelled training can go on from where it was; that it was cancelled is still what is told. */
static status interrupted(const trainer *t, err *e) {
    status s = t->options->checkpoint ? checkpoint_write(t, e) : STATUS_OK;
    return s == STATUS_OK ? STATUS_CANCELLED : s;
}

status train(const net *n, weights *w, const dataset *d, const train_options *o, objective *goal,
             const run *r, const train_watch *watch, err *e) {
    trainer t;
    status s = trainer_begin(&t, n, w, d, o, goal, r, e);
    if (watch) t.watch = *watch;
    if (s == STATUS_OK && o->resume) s = checkpoint_read(&t, e);
    while (s == STATUS_OK && t.at.epoch < o->epochs && !t.at.stopped) {
        s = run_epoch(&t, e);
    }
    if (s == STATUS_OK) keep(&t);
    if (s == STATUS_CANCELLED) s = interrupted(&t, e);
    trainer_end(&t);
    return s;
}
