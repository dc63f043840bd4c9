/* The life of one sample: the clean image, then every eps and restart, each iterate judged and each success re-checked. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "attacks/runner_internal.h"
#include "core/floats.h"
#include "nets/loss.h"

const float *slot_image(const slot *k) {
    switch (k->phase) {
    case PHASE_RECHECK:
    case PHASE_VERDICT:
        return k->example;
    case PHASE_MEASURE:
        return k->trial;
    default:
        return k->x;
    }
}

static void report_progress(campaign *c, bool survived) {
#pragma omp critical(attack_progress)
    {
        char note[64];
        c->done++;
        c->survived += survived;
        snprintf(note, sizeof note, "%s: %.1f %% withstand eps %.4g", c->plan->method->name,
                 100.0 * c->survived / c->done, c->plan->eps[c->plan->n_eps - 1]);
        run_progress(c->r, "attack", (uint64_t)c->done, (uint64_t)c->d->n, note);
    }
}

static void finish(slot *k, campaign *c) {
    c->out->finished[k->row] = 1;
    report_progress(c, c->out->broken_at[k->row] == c->plan->n_eps);
    k->row = -1;
    k->waits_for = ASK_DONE;
}

static bool answered_at_clean(const slot *k, ask next) {
    return next == ASK_GRADIENT && k->clean.gradient && memcmp(k->x, k->x0, k->s.d * sizeof *k->x) == 0;
}

/* What the re-check of a success takes, and the verdict on it, is kept back. */
static bool affordable(const slot *k, const campaign *c, ask next) {
    uint64_t check = (uint64_t)c->measures + (c->random ? c->votes : 0);
    return k->spent + (next == ASK_GRADIENT ? 2 : 1) * (uint64_t)c->looks + check <= c->share;
}

static void recheck(slot *k, ask afterwards, int place) {
    k->phase = PHASE_RECHECK;
    k->waits_for = ASK_FORWARD;
    k->after_recheck = afterwards;
    k->found_at = place;
    k->unchecked = false;
}

static void verdict(slot *k) {
    k->phase = PHASE_VERDICT;
    k->waits_for = ASK_FORWARD;
    k->unchecked = false;
}

/* At the end of a walk that has something to show. */
static void settle(slot *k, const campaign *c) {
    if (c->random)
        verdict(k);
    else
        recheck(k, ASK_DONE, k->found_at);
}

/* Goes on with what the method asked for, up to the next image that only the model can answer. */
static void proceed(slot *k, campaign *c, ask next) {
    const attack *method = c->plan->method;
    while (next == ASK_DONE || answered_at_clean(k, next)) {
        if (next != ASK_DONE) {
            next = method->step(&k->s, k->state, &k->clean, k->x);
        } else if (k->unchecked) {
            settle(k, c);
            return;
        } else if (walk_next(k, c)) {
            draws_begin_walk(k);
            hope_begin(k);
            next = method->start(&k->s, k->state, k->x);
        } else {
            finish(k, c);
            return;
        }
    }
    if (!affordable(k, c, next)) {
        c->flags[k->row] |= FLAG_BUDGET;
        if (k->unchecked)
            settle(k, c);
        else
            finish(k, c);
        return;
    }
    k->phase = PHASE_ATTACK;
    k->waits_for = next;
}

/* In a cascade the clean image is known, and what is broken already may leave nothing to try. */
static void go_on(slot *k, campaign *c) {
    k->clean = (attack_answer){.logits = k->s.clean_logits};
    if (!isnan(c->out->distance[k->row])) k->nearest = c->out->distance[k->row];
    if (c->out->clean_correct[k->row] && c->out->broken_at[k->row] > 0)
        proceed(k, c, ASK_DONE);
    else
        finish(k, c);
}

void slot_begin(slot *k, campaign *c, int row) {
    const attack *method = c->plan->method;
    k->row = row;
    k->phase = PHASE_CLEAN;
    k->eps = -1;
    k->spent = 0;
    k->drawn = 0;
    k->guessed = 0;
    k->found_at = -1;
    k->nearest = INFINITY;
    k->unchecked = false;
    k->clean = (attack_answer){0};
    k->s.label = c->d->labels[row];
    k->s.target = c->plan->targets ? c->plan->targets[row] : -1;
    k->s.id = c->d->ids[row];
    k->s.eps = 0;
    k->s.restart = 0;
    k->s.clean_logits = c->out->clean_logits + (size_t)row * (size_t)k->s.classes;
    k->s.warm = NULL;
    dataset_image(c->d, row, k->x0);
    memcpy(k->x, k->x0, k->s.d * sizeof *k->x);
    /* Who starts from the clean image will ask for the gradient there, at every eps: one evaluation serves all. */
    bool serves = method->needs_gradient && !c->options.random_start && !method->loss && !c->random;
    k->waits_for = serves ? ASK_GRADIENT : ASK_FORWARD;
    if (c->plan->after) go_on(k, c);
}

static void note_answer(const slot *k, campaign *c, const attack_answer *a) {
    uint8_t *flags = &c->flags[k->row];
    if (!floats_finite(a->logits, (size_t)k->s.classes)) *flags |= FLAG_NOT_FINITE;
    if (!a->gradient) return;
    if (!floats_finite(a->gradient, k->s.d)) *flags |= FLAG_NOT_FINITE;
    if (floats_zero(a->gradient, k->s.d) && !attack_succeeds(&k->s, a->logits)) *flags |= FLAG_ZERO_GRADIENT;
}

static void keep_clean_answer(slot *k, campaign *c, const attack_answer *a) {
    float *logits = c->out->clean_logits + (size_t)k->row * (size_t)k->s.classes;
    memcpy(logits, a->logits, (size_t)k->s.classes * sizeof *logits);
    k->clean = (attack_answer){.logits = logits, .loss = a->loss};
    if (!a->gradient) return;
    memcpy(k->clean_gradient, a->gradient, k->s.d * sizeof *a->gradient);
    k->clean.gradient = k->clean_gradient;
}

static void answer_clean(slot *k, campaign *c, const attack_answer *a) {
    attack_result *out = c->out;
    bool correct = logits_correct(a->logits, k->s.classes, k->s.label);
    keep_clean_answer(k, c, a);
    if (judge_tied(a->logits, k->s.classes)) c->flags[k->row] |= FLAG_TIED;
    out->clean_correct[k->row] = correct;
    if (out->examples) {
        memcpy(out->examples + (size_t)k->row * k->s.d, k->x0, k->s.d * sizeof *k->x0);
        memcpy(out->example_logits + (size_t)k->row * (size_t)k->s.classes, a->logits,
               (size_t)k->s.classes * sizeof *a->logits);
    }
    if (!correct) {
        out->broken_at[k->row] = 0;
        out->distance[k->row] = 0;
    }
    if (correct || c->plan->no_drop)
        proceed(k, c, ASK_DONE);
    else
        finish(k, c);
}

/* Whether the iterate breaks the sample where it was not broken yet. */
static bool breaks(slot *k, campaign *c, const attack_answer *a) {
    const attack_plan *plan = c->plan;
    bool strays = plan->method->strays && plan->method->strays(&k->s, k->state);
    bool inside = ball_contains(plan->norm, k->s.eps, k->x0, k->lb, k->ub, k->x, k->s.d);
    bool success = inside && attack_succeeds(&k->s, a->logits);
    if (!inside && !strays) c->flags[k->row] |= FLAG_OUTSIDE;
    if (plan->watch) plan->watch(plan->watcher, k->row, &k->s, k->x, a, success);
    if (!success) return false;
    if (!walk_is_free(c)) return k->eps < c->out->broken_at[k->row];
    return ball_distance(plan->norm, k->x0, k->x, k->s.d) < k->nearest;
}

/* Whether the re-check of a success waits for the end of the walk, which may come nearer, or is wanted whole. */
static bool walks_on(const slot *k, const campaign *c, ask next) {
    const attack_plan *plan = c->plan;
    if (next == ASK_DONE) return false;
    if (!walk_is_free(c)) return plan->to_the_end || plan->no_drop;
    return plan->to_the_end || !plan->verdicts_only || k->nearest > plan->eps[0];
}

static void answer_iterate(slot *k, campaign *c, const attack_answer *a, int place) {
    bool success = breaks(k, c, a), last_decides = c->plan->no_drop && !walk_is_free(c);
    if (success) {
        memcpy(k->example, k->x, k->s.d * sizeof *k->x);
        k->nearest = ball_distance(c->plan->norm, k->x0, k->example, k->s.d);
        k->found_at = place;
    }
    bool hopeless = c->gives_up && !hope_left(k, c, a);
    ask next = c->plan->method->step(&k->s, k->state, a, k->x);
    if (hopeless) next = ASK_DONE;
    if (success && !walks_on(k, c, next)) {
        recheck(k, next, place);
        return;
    }
    k->unchecked = (k->unchecked || success) && !last_decides;
    proceed(k, c, next);
}

static void record_broken(slot *k, campaign *c, const float *logits) {
    attack_result *out = c->out;
    bool exact = c->plan->no_drop && !walk_is_free(c);
    out->broken_at[k->row] = exact ? k->eps : curve_smallest(c->plan, k, k->eps);
    out->distance[k->row] = (float)ball_distance(c->plan->norm, k->x0, k->example, k->s.d);
    if (!out->examples) return;
    memcpy(out->examples + (size_t)k->row * k->s.d, k->example, k->s.d * sizeof *k->example);
    memcpy(out->example_logits + (size_t)k->row * (size_t)k->s.classes, logits,
           (size_t)k->s.classes * sizeof *logits);
}

/* Of a random model. */
static void answer_drawn_iterate(slot *k, campaign *c, const attack_answer *a) {
    bool success = breaks(k, c, a);
    if (success) memcpy(k->trial, k->x, k->s.d * sizeof *k->x);
    ask next = c->plan->method->step(&k->s, k->state, a, k->x);
    if (!success || !draws_measure(k, c, next)) {
        proceed(k, c, next);
        return;
    }
    k->phase = PHASE_MEASURE;
    k->waits_for = ASK_FORWARD;
    k->after_recheck = next;
}

/* Whatever it says, this eps is done: no restart gets another verdict. */
static void answer_verdict(slot *k, campaign *c, const attack_answer *a) {
    if (attack_succeeds(&k->s, a->logits))
        record_broken(k, c, a->logits);
    else
        atomic_fetch_add(&c->overturned, 1);
    k->s.restart = c->options.restarts - 1;
    proceed(k, c, ASK_DONE);
}

static void answer_measure(slot *k, campaign *c, const attack_answer *a) {
    bool enough = draws_take(k, a->logits);
    if (k->streak == 0) atomic_fetch_add(&c->refused, 1);
    proceed(k, c, enough ? ASK_DONE : k->after_recheck);
}

static void answer_recheck(slot *k, campaign *c, const attack_answer *a) {
    bool confirmed = attack_succeeds(&k->s, a->logits);
    k->found_at = -1;
    if (confirmed)
        record_broken(k, c, a->logits);
    else
        c->flags[k->row] |= FLAG_RECHECK_FAILED;
    /* A sample that was broken at this eps has only other eps to go to. */
    proceed(k, c, confirmed && !c->plan->no_drop ? ASK_DONE : k->after_recheck);
}

void slot_answer(slot *k, campaign *c, const attack_answer *a, int place) {
    note_answer(k, c, a);
    switch (k->phase) {
    case PHASE_CLEAN:
        answer_clean(k, c, a);
        break;
    case PHASE_ATTACK:
        if (c->random)
            answer_drawn_iterate(k, c, a);
        else
            answer_iterate(k, c, a, place);
        break;
    case PHASE_RECHECK:
        answer_recheck(k, c, a);
        break;
    case PHASE_MEASURE:
        answer_measure(k, c, a);
        break;
    case PHASE_VERDICT:
        answer_verdict(k, c, a);
        break;
    }
}
