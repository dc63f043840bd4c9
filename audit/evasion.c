#include "audit/evasion.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/replay.h"
#include "audit/contact_sheet.h"
#include "audit/panel_sheet.h"
#include "core/clock.h"
#include "core/stats.h"

const double *evasion_default_eps(norm k, int channels, int *n) {
    static const double grey[] = {0.05, 0.1}, rgb[] = {4.0 / 255, 8.0 / 255};
    static const double grey_l2[] = {1, 2}, rgb_l2[] = {0.5, 1};
    static const double grey_l1[] = {5, 10}, rgb_l1[] = {6, 12}, any_l0[] = {10, 20};
    *n = 2;
    if (k == NORM_L0) return any_l0;
    if (k == NORM_L1) return channels == 1 ? grey_l1 : rgb_l1;
    if (k == NORM_L2) return channels == 1 ? grey_l2 : rgb_l2;
    return channels == 1 ? grey : rgb;
}

void evasion_complete_eps(number_list *eps, norm k, int channels) {
    if (eps->n == 0) memcpy(eps->values, evasion_default_eps(k, channels, &eps->n), 2 * sizeof *eps->values);
    int n = 0;
    sort_doubles(eps->values, eps->n);
    for (int i = 0; i < eps->n; i++)
        if (n == 0 || eps->values[i] > eps->values[n - 1]) eps->values[n++] = eps->values[i];
    eps->n = n;
}

/* The options that method i gets: a method of one step has no use for a number or length of steps. In the cascade for L1, AutoAttack gives its Auto-PGD five
 * starts, and five targets. */
static attack_options options_for(const evasion_plan *p, int i) {
    const attack *k = p->methods[i];
    attack_options o = p->options;
    if (p->cascade && p->norm == NORM_L1 && strncmp(k->name, "apgd-", 5) == 0) o.restarts = 5;
    if (k->defaults.steps == 1) {
        o.steps = 0;
        o.step_size = 0;
    }
    return o;
}

/* The next stage has its own copy. */
static void drop_examples(attack_result *a) {
    free(a->examples);
    free(a->example_logits);
    a->examples = a->example_logits = NULL;
}

/* In Linf it was found to change no verdict (docs/attack.md); in L2 it lost one of 150 images. */
static bool gives_up(const evasion_plan *p) {
    return p->cascade && !p->to_the_end && p->norm == NORM_LINF;
}

static attack_plan plan_of(const evasion_plan *p, const evasion *v, int i) {
    const attack_result *before = v->base.n ? &v->base : NULL;
    if (p->cascade && i > 0) before = &v->results[i - 1];
    return (attack_plan){.method = p->methods[i],
                         .options = options_for(p, i),
                         .norm = p->norm,
                         .eps = p->eps,
                         .n_eps = p->n_eps,
                         .targets = p->targets,
                         .no_drop = p->no_drop,
                         .batch = p->batch,
                         .to_the_end = p->to_the_end,
                         .eot = p->eot,
                         .gives_up = gives_up(p),
                         .verdicts_only = p->cascade,
                         .after = before,
                         .keep_examples = p->cascade || p->keep_best || i == p->n_methods - 1};
}

/* What is known before the first method. With limited time the clean answers must be, since an image that nobody looked at is neither right nor wrong. */
static status run_base(model *m, const dataset *d, const evasion_plan *p, const run *r, evasion *v, err *e) {
    if (!p->stored && p->seconds <= 0) return STATUS_OK;
    attack_plan plan = {
        .norm = p->norm, .eps = p->eps, .n_eps = p->n_eps, .targets = p->targets, .keep_examples = true};
    status s = attack_replay(m, d, &plan, p->stored, r, &v->base, e);
    return s == STATUS_OK && p->keep_best ? evasion_take_best(&v->best, &v->base, d, e) : s;
}

static bool any_finished(const attack_result *a) {
    return a->n > 0 && memchr(a->finished, 1, (size_t)a->n);
}

/* One method; STATUS_CANCELLED when nothing of it is to be kept. */
static status run_method(model *m, const dataset *d, const evasion_plan *p, const run *r, const run *timed,
                         evasion *v, err *e) {
    int i = v->n_done;
    attack_plan plan = plan_of(p, v, i);
    attack_result *a = &v->results[i];
    status s = attack_run(m, d, &plan, timed, a, e);
    v->out_of_time = s == STATUS_CANCELLED && !run_cancelled(r);
    v->cut_short = v->out_of_time && (i == 0 || any_finished(a));
    if (v->cut_short) s = STATUS_OK;
    if (s == STATUS_OK && p->keep_best) s = evasion_take_best(&v->best, a, d, e);
    if (s != STATUS_OK) {
        attack_result_free(a);
        return s;
    }
    v->n_done++;
    if (i > 0) drop_examples(&v->results[i - 1]);
    return s;
}

status evasion_run(model *m, const dataset *d, const evasion_plan *p, const run *r, evasion *out, err *e) {
    *out = (evasion){0};
    run timed = *r;
    if (p->seconds > 0) timed.deadline = clock_seconds() + p->seconds;
    status s = run_base(m, d, p, r, out, e);
    while (s == STATUS_OK && out->n_done < p->n_methods && !out->out_of_time)
        s = run_method(m, d, p, r, &timed, out, e);
    if (s == STATUS_CANCELLED && out->out_of_time) s = STATUS_OK;
    if (s != STATUS_OK && (s != STATUS_CANCELLED || out->n_done == 0)) evasion_free(out);
    return s;
}

void evasion_free(evasion *v) {
    for (int i = 0; i < v->n_done; i++)
        attack_result_free(&v->results[i]);
    attack_result_free(&v->base);
    attack_result_free(&v->best);
    *v = (evasion){0};
}

static bool survives(const attack_result *a, int row, int i) {
    return a->clean_correct[row] && a->broken_at[row] > i;
}

int64_t evasion_correct(const evasion *v, int method, int i, uint8_t *out) {
    int first = method < 0 ? 0 : method, last = method < 0 ? v->n_done - 1 : method;
    int64_t sum = 0;
    for (int row = 0; row < v->results[0].n; row++) {
        out[row] = method != EVASION_CORPUS || survives(&v->base, row, i);
        for (int k = first; k <= last && method != EVASION_CORPUS; k++)
            out[row] &= survives(&v->results[k], row, i);
        sum += out[row];
    }
    return sum;
}

int evasion_overall(const evasion *v) {
    return v->n_done > 1 ? EVASION_UNION : 0;
}

int64_t evasion_clean(const evasion *v) {
    int64_t sum = 0;
    for (int row = 0; row < v->results[0].n; row++)
        sum += v->results[0].clean_correct[row];
    return sum;
}

const char *evasion_name(const evasion_plan *p, int method, char buffer[EVASION_NAME]) {
    const char *all = p->cascade ? "auto" : "union", *before = p->stored ? "corpus+" : "";
    if (method == EVASION_CORPUS) return "corpus";
    if (method == EVASION_UNION) return all;
    snprintf(buffer, EVASION_NAME, "%s%s", p->cascade ? "auto/" : before, p->methods[method]->name);
    return buffer;
}

static void record_method(result *x, const evasion_plan *p, const evasion *v, int method, uint8_t *correct) {
    char name[EVASION_NAME];
    int n = v->results[0].n;
    int64_t clean = evasion_clean(v);
    for (int i = 0; i < p->n_eps; i++) {
        int64_t survivors = evasion_correct(v, method, i, correct);
        row_key key = {.metric = p->targets ? "target_success" : "accuracy",
                       .attack = evasion_name(p, method, name),
                       .norm = norm_name(p->norm),
                       .eps = p->eps[i]};
        if (p->targets)
            result_share(x, key, clean - survivors, clean);
        else
            result_share(x, key, survivors, n);
        key.metric = "accuracy";
        if (!p->targets) result_outcomes(x, key, correct, n);
    }
}

static json *options_json(const evasion_plan *p, int i) {
    attack_options o = attack_options_fill(p->methods[i], options_for(p, i));
    json *j = json_new_object();
    bool ok = json_set_int(j, "steps", o.steps) && json_set_real(j, "step_size", o.step_size) &&
              json_set_bool(j, "falling", o.falling) && json_set_int(j, "restarts", o.restarts) &&
              json_set_bool(j, "random_start", o.random_start);
    if (ok) return j;
    json_free(j);
    return NULL;
}

static void record_settings(result *x, const evasion_plan *p) {
    json *eps = json_new_array();
    for (int i = 0; i < p->n_eps; i++)
        json_append(eps, json_new_real(p->eps[i]));
    result_setting_text(x, "norm", norm_name(p->norm));
    result_setting_json(x, "eps", eps);
    result_setting_json(x, "no_drop", json_new_bool(p->no_drop));
    if (p->cascade) result_setting_json(x, "to_the_end", json_new_bool(p->to_the_end));
    if (p->cascade) result_setting_json(x, "gives_up", json_new_bool(gives_up(p)));
    for (int i = 0; i < p->n_methods; i++)
        result_setting_json(x, p->methods[i]->name, options_json(p, i));
}

/* What warnings call what was asked before the first method. */
static const attack first_answers = {.name = "before the attacks"};

void evasion_record(result *x, const dataset *d, const evasion_plan *p, const evasion *v) {
    uint8_t *correct = calloc((size_t)d->n + 1, 1);
    if (!correct) {
        result_setting_json(x, "settings", NULL); /* the failure is kept */
        return;
    }
    row_key clean = {.metric = "accuracy", .eps = NAN};
    record_settings(x, p);
    result_share(x, clean, evasion_clean(v), d->n);
    result_outcomes(x, clean, v->results[0].clean_correct, d->n);
    uint64_t forwards = v->base.forwards + v->later_forwards, backwards = v->later_backwards;
    if (p->stored) record_method(x, p, v, EVASION_CORPUS, correct);
    for (int i = 0; i < v->n_done; i++) {
        record_method(x, p, v, i, correct);
        forwards += v->results[i].forwards;
        backwards += v->results[i].backwards;
    }
    if (v->n_done > 1) record_method(x, p, v, EVASION_UNION, correct);
    result_cost(x, forwards, backwards);
    evasion judged = *v;
    if (v->cut_short) judged.n_done--; /* a method that was cut short is not compared with others */
    evasion_warnings(x, d, p, &judged);
    if (v->cut_short) evasion_warn(x, p->methods[v->n_done - 1], &v->results[v->n_done - 1]);
    if (v->base.n) evasion_warn(x, &first_answers, &v->base);
    evasion_record_random(x, p, v);
    free(correct);
}

status evasion_sheet(result *x, const dataset *d, const evasion_plan *p, const evasion *v, const char *path,
                     err *e) {
    const attack_result *a = &v->results[v->n_done - 1];
    if (!a->examples) return STATUS_OK; /* an interrupted run has none of its last method */
    char title[128];
    snprintf(title, sizeof title, "%s: original, perturbation magnified, adversarial image",
             p->methods[v->n_done - 1]->name);
    picture sheet;
    status s = contact_sheet_draw(d, a, title, norm_name(p->norm), &sheet, e);
    if (s == STATUS_OK)
        s = sheet_finish(x, &sheet, path, "no image that was right was broken: try a larger --eps", e);
    return s;
}
