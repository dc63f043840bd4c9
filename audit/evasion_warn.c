/* What the attacks of a run tell of themselves and of each other. */
#include <stdio.h>
#include <string.h>

#include "audit/evasion.h"

static void warn_alarm(result *x, const attack *method, const char *code, const char *what,
                       const struct attack_alarm *a) {
    char text[200];
    if (a->count == 0) return;
    snprintf(text, sizeof text, "%s: %lld images: %s", method->name, (long long)a->count, what);
    bool blind = strcmp(code, "ZERO_GRAD") == 0;
    result_warning(x, code, text, a->rows, a->n,
                   blind ? "audit attack MODEL with --bpda against a --defence, else --attack square"
                         : "audit selftest");
}

/* One image alone, or one in `share`, is noise of a random start. */
static bool is_noise(int count, int n, int share) {
    return count < 2 || count * share <= n;
}

/* A weaker method that breaks what a stronger one missed says that the stronger one was misled, by masked gradients for instance. */
static void warn_if_stronger(result *x, const dataset *d, const evasion_plan *p, const evasion *v, int weak,
                             int strong) {
    int32_t rows[ATTACK_SAMPLES];
    int n = 0, count = 0;
    const attack_result *w = &v->results[weak], *s = &v->results[strong];
    for (int row = 0; row < w->n; row++) {
        if (w->broken_at[row] >= s->broken_at[row]) continue;
        if (n < ATTACK_SAMPLES) rows[n++] = d->ids[row];
        count++;
    }
    if (is_noise(count, w->n, 100)) return;
    bool blind = !p->methods[weak]->needs_gradient;
    char text[200];
    snprintf(text, sizeof text, "%s breaks %d images earlier than %s: the gradients may be masked",
             p->methods[weak]->name, count, p->methods[strong]->name);
    result_warning(x, blind ? "BLACKBOX_STRONGER" : "ONE_STEP_STRONGER", text, rows, n,
                   "audit attack MODEL --attack pgd --restarts 5 --steps 100");
}

/* By how much a method should find: without gradients, with one step, with many. */
static int strength(const attack *k) {
    if (!k->needs_gradient) return 0;
    return k->defaults.steps > 1 ? 2 : 1;
}

static bool is_ascent(const attack *k) {
    return strength(k) == 2 && k->order != EPS_FREE;
}

/* Whether a success of `weak` that `strong` missed says something about gradients: many queries may well beat one step. Methods that make a
 * distance small may stop where it is not the smallest, as deepfool does; they are the measure only where no other takes many steps. */
static bool tells_of(const evasion_plan *p, const attack *weak, const attack *strong) {
    bool other = false;
    for (int i = 0; i < p->n_methods; i++)
        other = other || is_ascent(p->methods[i]);
    if (other && strength(strong) == 2 && !is_ascent(strong)) return false;
    return strength(weak) < strength(strong) && (strength(weak) == 1 || strength(strong) == 2);
}

void evasion_warn(result *x, const attack *method, const attack_result *a) {
    warn_alarm(x, method, "NOT_FINITE", "a logit or gradient was NaN or infinite", &a->not_finite);
    warn_alarm(x, method, "TIED", "the largest logit is tied on the unchanged image, which counts as wrong",
               &a->tied);
    warn_alarm(x, method, "ZERO_GRAD",
               "a gradient was exactly zero: the attack cannot see, robustness is overstated",
               &a->zero_gradient);
    warn_alarm(x, method, "OUTSIDE_BALL", "the attack left its ball; those images do not count as broken",
               &a->outside);
    warn_alarm(x, method, "RECHECK_FAILED", "a success was not confirmed: the model is not deterministic",
               &a->recheck_failed);
    if (a->budget_spent)
        result_warning(x, "BUDGET_SPENT",
                       "the budget ended before the attack: unfinished images count as robust", NULL, 0,
                       "audit attack with a larger --budget");
}

/* In a cascade a later stage meets only what the earlier ones left. Much that falls to one without gradients, or to targets where
 * cross entropy failed, says that the gradients of the earlier ones were misled. */
static void warn_of_stage(result *x, const dataset *d, const evasion_plan *p, const evasion *v, int i) {
    const attack_result *before = &v->results[i - 1], *after = &v->results[i];
    bool blind = !p->methods[i]->needs_gradient, targets = !p->methods[i - 1]->loss && p->methods[i]->loss;
    int32_t rows[ATTACK_SAMPLES];
    int n = 0, count = 0;
    for (int row = 0; row < after->n; row++) {
        if (after->broken_at[row] >= before->broken_at[row]) continue;
        if (n < ATTACK_SAMPLES) rows[n++] = d->ids[row];
        count++;
    }
    if (!(blind || targets) || is_noise(count, after->n, blind ? 100 : 10)) return;
    char text[200];
    snprintf(text, sizeof text, "%s breaks %d images that %s left: the gradients may be masked",
             p->methods[i]->name, count, p->methods[i - 1]->name);
    result_warning(x, blind ? "BLACKBOX_STRONGER" : "CE_LOSS_FAIL", text, rows, n, "audit gradients MODEL");
}

void evasion_warnings(result *x, const dataset *d, const evasion_plan *p, const evasion *v) {
    for (int i = 1; p->cascade && i < v->n_done; i++)
        warn_of_stage(x, d, p, v, i);
    for (int i = 0; i < v->n_done; i++) {
        evasion_warn(x, p->methods[i], &v->results[i]);
        for (int k = 0; k < v->n_done; k++) /* an attack that was cut short says nothing about gradients */
            if (!p->cascade && tells_of(p, p->methods[i], p->methods[k]) && !v->results[k].budget_spent)
                warn_if_stronger(x, d, p, v, i, k);
    }
}
