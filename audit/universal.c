#include "audit/universal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "attacks/changed.h"
#include "audit/answers.h"
#include "audit/learning_data.h"
#include "audit/show.h"

static status answer(universal_study *s, const float *delta, const run *r, int32_t *answers, err *e) {
    universal_change with = {delta, shape_size(s->test->image)};
    s->cost.forwards += (uint64_t)s->test->n;
    return changed_answers(s->m, s->test, &(image_change){universal_make, &with}, r, "universal: judging",
                           answers, e);
}

static status study_eps(universal_study *s, int i, const run *r, err *e) {
    size_t d = shape_size(s->test->image), n = (size_t)s->test->n + 1;
    char stage[64];
    snprintf(stage, sizeof stage, "universal: eps %.4g", s->eps[i]);
    s->delta[i] = malloc(d * sizeof(float));
    s->chance[i] = malloc(d * sizeof(float));
    s->fooled[i] = malloc(n * sizeof(int32_t));
    s->control[i] = malloc(n * sizeof(int32_t));
    if (!s->delta[i] || !s->chance[i] || !s->fooled[i] || !s->control[i])
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status st =
        universal_learn(s->m, s->train, s->norm, s->eps[i], &s->plan, r, stage, s->delta[i], &s->cost, e);
    if (st != STATUS_OK) return st;
    universal_random(s->norm, s->eps[i], r->seed, d, s->chance[i]);
    st = answer(s, s->delta[i], r, s->fooled[i], e);
    return st == STATUS_OK ? answer(s, s->chance[i], r, s->control[i], e) : st;
}

status universal_study_run(universal_study *s, const run *r, err *e) {
    s->clean = malloc(((size_t)s->test->n + 1) * sizeof *s->clean);
    status st =
        s->clean ? changed_answers(s->m, s->test, &image_unchanged, r, "universal: test images", s->clean, e)
                 : err_set(e, STATUS_NO_MEMORY, "out of memory");
    s->cost.forwards += (uint64_t)s->test->n;
    while (st == STATUS_OK && s->done < s->n_eps) {
        st = study_eps(s, s->done, r, e);
        if (st == STATUS_OK) s->done++;
    }
    if (st != STATUS_OK && st != STATUS_CANCELLED) universal_study_free(s);
    return st;
}

void universal_study_free(universal_study *s) {
    free(s->clean);
    s->clean = NULL;
    s->done = 0;
    for (int i = 0; i < LIST_MOST; i++) {
        free(s->delta[i]);
        free(s->chance[i]);
        free(s->fooled[i]);
        free(s->control[i]);
        s->delta[i] = s->chance[i] = NULL;
        s->fooled[i] = s->control[i] = NULL;
    }
}

static void record_settings(result *x, const universal_study *s) {
    json *eps = json_new_array();
    for (int i = 0; i < s->n_eps; i++)
        json_append(eps, json_new_real(s->eps[i]));
    result_setting_text(x, "norm", norm_name(s->norm));
    result_setting_json(x, "eps", eps);
    result_setting_text(x, "target", s->plan.target >= 0 ? s->test->class_names[s->plan.target] : NULL);
    result_setting_number(x, "cap", s->plan.cap);
    learning_record(x, &s->plan, s->train, s->halved);
}

static void record_answers(result *x, const universal_study *s, row_key key, const int32_t *answers) {
    int64_t n;
    answers_record(x, key, s->test, answers);
    if (!key.attack) return;
    int64_t k = answers_changed(s->test->n, s->clean, answers, &n);
    key.metric = "fooling_rate";
    result_share(x, key, k, n);
    if (s->plan.target < 0) return;
    k = target_hits(s->test, s->clean, answers, s->plan.target, &n);
    key.metric = "target_success";
    result_share(x, key, k, n);
}

void universal_record(result *x, const universal_study *s) {
    record_settings(x, s);
    record_answers(x, s, (row_key){.eps = NAN}, s->clean);
    for (int i = 0; i < s->done; i++) {
        row_key key = {.attack = "universal", .norm = norm_name(s->norm), .eps = s->eps[i]};
        record_answers(x, s, key, s->fooled[i]);
        key.attack = "random";
        record_answers(x, s, key, s->control[i]);
    }
    answers_warn(x, s->test, s->clean, NULL);
    result_cost(x, s->cost.forwards, s->cost.backwards);
}

static void print_row(text_table *t, const universal_study *s, const char *what, double eps,
                      const int32_t *answers) {
    int64_t n, right = answers_right(s->test, answers),
               changed = answers_changed(s->test->n, s->clean, answers, &n);
    text_table_cell(t, "%s", what);
    if (isnan(eps))
        text_table_cell(t, "%s", "");
    else
        text_table_cell(t, "%.4g", eps);
    cell_share(t, right, s->test->n);
    cell_percent(t, n > 0 ? (double)changed / (double)n : NAN);
    cell_interval(t, wilson(changed, n, 0.95));
    if (s->plan.target < 0) return;
    int64_t hits = target_hits(s->test, s->clean, answers, s->plan.target, &n);
    cell_percent(t, n > 0 ? (double)hits / (double)n : NAN);
    cell_interval(t, wilson(hits, n, 0.95));
}

void universal_print(const context *c, const universal_study *s) {
    char train[32];
    bool targeted = s->plan.target >= 0;
    say(c, "one perturbation for all images, norm %s%s%s, learned from %s %s\n\n", norm_name(s->norm),
        targeted ? ", towards " : "", targeted ? s->test->class_names[s->plan.target] : "",
        show_count(s->train->n, train), s->halved ? "images of the other half" : "training images");
    text_table t = text_table_new(
        targeted ? "perturbation|>eps|>n|>accuracy|95 % interval|>answers changed|95 % "
                   "interval|>to the class|95 % interval"
                 : "perturbation|>eps|>n|>accuracy|95 % interval|>answers changed|95 % interval");
    print_row(&t, s, "none (clean)", NAN, s->clean);
    for (int i = 0; i < s->done; i++) {
        print_row(&t, s, "by chance", s->eps[i], s->control[i]);
        print_row(&t, s, "learned", s->eps[i], s->fooled[i]);
    }
    text_table_print(&t, context_out(c));
    text_table_free(&t);
    say(c, "\nMeasured on images that it was not learned from. Accuracy under it is an UPPER bound: a better "
           "one may "
           "break more.\nIntervals: 95 %% Wilson; they cover sampling only.\n");
}
