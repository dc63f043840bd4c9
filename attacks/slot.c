/* The life of one sample: the clean image, then every eps and restart, each iterate judged and each success re-checked. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "attacks/runner_internal.h"
#include "nets/loss.h"

void slot_begin(slot *k, campaign *c, int row) {
    const attack *method = c->plan->method;
    k->row = row;
    k->phase = PHASE_CLEAN;
    k->eps = -1;
    k->spent = 0;
    k->found_at = -1;
    k->clean = (attack_answer){0};
    k->s.label = c->d->labels[row];
    k->s.target = c->plan->targets ? c->plan->targets[row] : -1;
    k->s.id = c->d->ids[row];
    k->s.eps = 0;
    k->s.restart = 0;
    dataset_image(c->d, row, k->x0);
    memcpy(k->x, k->x0, k->s.d * sizeof *k->x);
    /* Who starts from the clean image will ask for the gradient there, at every eps: one evaluation serves all. */
    k->waits_for = method->needs_gradient && !c->options.random_start ? ASK_GRADIENT : ASK_FORWARD;
}

const float *slot_image(const slot *k) {
    return k->phase == PHASE_RECHECK ? k->example : k->x;
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

/* The next restart, else the next eps above 0 (at 0 the clean image is all there is). False when all are done. */
static bool next_start(slot *k, const campaign *c) {
    const attack_plan *plan = c->plan;
    if (k->eps >= 0 && k->s.restart + 1 < c->options.restarts) {
        k->s.restart++;
        return true;
    }
    k->s.restart = 0;
    do
        k->eps++;
    while (k->eps < plan->n_eps && plan->eps[k->eps] == 0);
    if (k->eps == plan->n_eps) return false;
    k->s.eps = plan->eps[k->eps];
    ball_box(plan->norm, k->s.eps, k->x0, k->s.d, k->lb, k->ub);
    return true;
}

static bool answered_at_clean(const slot *k, ask next) {
    return next == ASK_GRADIENT && k->clean.gradient && memcmp(k->x, k->x0, k->s.d * sizeof *k->x) == 0;
}

/* One forward-equivalent is kept back for the re-check of a success. */
static bool affordable(const slot *k, const campaign *c, ask next) {
    return k->spent + (next == ASK_GRADIENT ? 2 : 1) + 1 <= c->share;
}

/* Goes on with what the method asked for, up to the next image that only the model can answer. */
static void proceed(slot *k, campaign *c, ask next) {
    const attack *method = c->plan->method;
    while (next == ASK_DONE || answered_at_clean(k, next)) {
        if (next != ASK_DONE) {
            next = method->step(&k->s, k->state, &k->clean, k->x);
        } else if (next_start(k, c)) {
            next = method->start(&k->s, k->state, k->x);
        } else {
            finish(k, c);
            return;
        }
    }
    if (!affordable(k, c, next)) {
        c->flags[k->row] |= FLAG_BUDGET;
        finish(k, c);
        return;
    }
    k->phase = PHASE_ATTACK;
    k->waits_for = next;
}

static void note_answer(const slot *k, campaign *c, const attack_answer *a) {
    uint8_t *flags = &c->flags[k->row];
    if (!floats_finite(a->logits, (size_t)k->s.classes)) *flags |= FLAG_NOT_FINITE;
    if (!a->gradient) return;
    if (!floats_finite(a->gradient, k->s.d)) *flags |= FLAG_NOT_FINITE;
    if (floats_zero(a->gradient, k->s.d) && !judge_success(a->logits, &k->s)) *flags |= FLAG_ZERO_GRADIENT;
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

static void answer_iterate(slot *k, campaign *c, const attack_answer *a, int place) {
    const attack_plan *plan = c->plan;
    bool inside = ball_contains(plan->norm, k->s.eps, k->x0, k->lb, k->ub, k->x, k->s.d);
    if (!inside) c->flags[k->row] |= FLAG_OUTSIDE;
    bool success = inside && k->eps < c->out->broken_at[k->row] && judge_success(a->logits, &k->s);
    if (success) memcpy(k->example, k->x, k->s.d * sizeof *k->x);
    ask next = plan->method->step(&k->s, k->state, a, k->x);
    if (success && (!plan->no_drop || next == ASK_DONE)) {
        k->phase = PHASE_RECHECK;
        k->waits_for = ASK_FORWARD;
        k->after_recheck = next;
        k->found_at = place;
        return;
    }
    proceed(k, c, next);
}

static void record_broken(slot *k, campaign *c, const float *logits) {
    attack_result *out = c->out;
    out->broken_at[k->row] = c->plan->no_drop ? k->eps : curve_smallest(c->plan, k, k->eps);
    out->distance[k->row] = (float)ball_distance(c->plan->norm, k->x0, k->example, k->s.d);
    if (!out->examples) return;
    memcpy(out->examples + (size_t)k->row * k->s.d, k->example, k->s.d * sizeof *k->example);
    memcpy(out->example_logits + (size_t)k->row * (size_t)k->s.classes, logits,
           (size_t)k->s.classes * sizeof *logits);
}

static void answer_recheck(slot *k, campaign *c, const attack_answer *a) {
    bool confirmed = judge_success(a->logits, &k->s);
    k->found_at = -1;
    if (confirmed)
        record_broken(k, c, a->logits);
    else
        c->flags[k->row] |= FLAG_RECHECK_FAILED;
    if (confirmed && !c->plan->no_drop)
        finish(k, c);
    else
        proceed(k, c, k->after_recheck);
}

void slot_answer(slot *k, campaign *c, const attack_answer *a, int place) {
    note_answer(k, c, a);
    switch (k->phase) {
    case PHASE_CLEAN:
        answer_clean(k, c, a);
        break;
    case PHASE_ATTACK:
        answer_iterate(k, c, a, place);
        break;
    case PHASE_RECHECK:
        answer_recheck(k, c, a);
        break;
    }
}
