#include "audit/patch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "attacks/changed.h"
#include "audit/answers.h"
#include "audit/learning_data.h"
#include "audit/show.h"

static const struct {
    const char *name, *what;
} kinds[] = {
#define KIND(code, name, what) {name, what},
    PATCH_KIND_LIST(KIND)
#undef KIND
};

/* The share of a data set's images that a patch takes to the class. */
static status success_on(const patch_study *s, const dataset *d, const int32_t *clean, const float *patch,
                         int target, const run *r, int32_t *answers, double *share, err *e) {
    patch_change with = {&s->rules, d, patch};
    int64_t n;
    status st = changed_answers(s->m, d, &(image_change){patch_make, &with}, r, "patch: judging", answers, e);
    if (st != STATUS_OK) return st;
    int64_t hits = target_hits(d, clean, answers, target, &n);
    *share = n > 0 ? (double)hits / (double)n : 0;
    return STATUS_OK;
}

/* Tries every class with a fifth of the steps. */
static status choose_target(patch_study *s, const int32_t *clean, int32_t *answers, const run *r, err *e) {
    learn_plan trial = s->plan;
    status st = STATUS_OK;
    if (s->test->classes > PATCH_TRIALS_MOST)
        return err_set(e, STATUS_USAGE,
                       "--target is missing: %d classes are too many to try all, the most is %d",
                       s->test->classes, PATCH_TRIALS_MOST);
    trial.steps = (s->plan.steps + 4) / 5;
    for (int class = 0; class < s->test->classes && st == STATUS_OK; class ++) {
        char stage[64];
        snprintf(stage, sizeof stage, "patch: trying %.40s", s->test->class_names[class]);
        trial.target = class;
        st = patch_learn(s->m, s->train, &s->rules, &trial, r, stage, s->patches[PATCH_LEARNED], &s->cost, e);
        if (st == STATUS_OK)
            st = success_on(s, s->train, clean, s->patches[PATCH_LEARNED], class, r, answers,
                            &s->trials[class], e);
        if (st != STATUS_OK) return st;
        s->cost.forwards += (uint64_t)s->train->n;
        s->tried++;
        if (s->trials[class] > s->trials[s->target]) s->target = class;
    }
    return st;
}

/* A training image of the class, right if there is one; -1: none at all. */
static int example_of(const dataset *d, const int32_t *clean, int class) {
    int any = -1;
    for (int row = d->n - 1; row >= 0; row--)
        if (d->labels[row] == class && (any < 0 || clean[row] == class || clean[any] != class)) any = row;
    return any;
}

static status make_controls(patch_study *s, const int32_t *clean, err *e) {
    int row = example_of(s->train, clean, s->target);
    patch_noise(&s->rules, s->patches[PATCH_NOISE]);
    if (row >= 0) return patch_of_image(&s->rules, s->train, row, s->patches[PATCH_IMAGE], e);
    free(s->patches[PATCH_IMAGE]);
    s->patches[PATCH_IMAGE] = NULL;
    return STATUS_OK;
}

static status learn_patch(patch_study *s, const run *r, err *e) {
    size_t n = (size_t)s->train->n + 1;
    int32_t *clean = malloc(2 * n * sizeof *clean);
    if (!clean) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status st = changed_answers(s->m, s->train, &image_unchanged, r, "patch: training images", clean, e);
    if (st == STATUS_OK && s->plan.target < 0) st = choose_target(s, clean, clean + n, r, e);
    if (st == STATUS_OK) {
        char stage[64];
        learn_plan plan = s->plan;
        if (plan.target >= 0) s->target = plan.target;
        plan.target = s->target;
        snprintf(stage, sizeof stage, "patch: learning %.40s", s->test->class_names[s->target]);
        st = patch_learn(s->m, s->train, &s->rules, &plan, r, stage, s->patches[PATCH_LEARNED], &s->cost, e);
    }
    if (st == STATUS_OK) st = make_controls(s, clean, e);
    s->cost.forwards += (uint64_t)s->train->n;
    free(clean);
    return st;
}

static status measure(patch_study *s, const run *r, err *e) {
    double ignored;
    status st = changed_answers(s->m, s->test, &image_unchanged, r, "patch: test images", s->clean, e);
    for (int k = 0; k < PATCH_KINDS && st == STATUS_OK; k++) {
        if (!s->patches[k]) continue;
        st = success_on(s, s->test, s->clean, s->patches[k], s->target, r, s->answers[k], &ignored, e);
        s->cost.forwards += (uint64_t)s->test->n;
    }
    s->cost.forwards += (uint64_t)s->test->n;
    return st;
}

status patch_study_run(patch_study *s, const run *r, err *e) {
    size_t n = (size_t)s->test->n + 1;
    bool ok = (s->clean = malloc(n * sizeof *s->clean)) != NULL;
    for (int k = 0; k < PATCH_KINDS; k++) {
        s->patches[k] = malloc(patch_size(&s->rules) * sizeof *s->patches[k]);
        s->answers[k] = malloc(n * sizeof *s->answers[k]);
        ok = ok && s->patches[k] && s->answers[k];
    }
    status st = ok ? learn_patch(s, r, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (st == STATUS_OK) st = measure(s, r, e);
    if (st != STATUS_OK) patch_study_free(s);
    return st;
}

void patch_study_free(patch_study *s) {
    free(s->clean);
    s->clean = NULL;
    for (int k = 0; k < PATCH_KINDS; k++) {
        free(s->patches[k]);
        free(s->answers[k]);
        s->patches[k] = NULL;
        s->answers[k] = NULL;
    }
}

static void record_settings(result *x, const patch_study *s) {
    result_setting_text(x, "target", s->test->class_names[s->target]);
    result_setting_json(x, "target_chosen", json_new_bool(s->tried > 0));
    result_setting_number(x, "side", s->rules.side);
    result_setting_number(x, "degrees", s->rules.degrees);
    result_setting_number(x, "scale", s->rules.scale);
    learning_record(x, &s->plan, s->train, s->halved);
}

void patch_record(result *x, const patch_study *s) {
    record_settings(x, s);
    answers_record(x, (row_key){.eps = NAN}, s->test, s->clean);
    for (int k = 0; k < PATCH_KINDS; k++) {
        if (!s->patches[k]) continue;
        int64_t n, hits = target_hits(s->test, s->clean, s->answers[k], s->target, &n);
        answers_record(x, (row_key){.attack = kinds[k].name, .eps = NAN}, s->test, s->answers[k]);
        result_share(x, (row_key){.metric = "target_success", .attack = kinds[k].name, .eps = NAN}, hits, n);
    }
    json *trials = json_new_array();
    for (int i = 0; i < s->tried; i++)
        json_append(trials, json_new_real(s->trials[i]));
    if (s->tried > 0)
        result_extra(x, "trials", trials);
    else
        json_free(trials);
    answers_warn(x, s->test, s->clean, NULL);
    result_cost(x, s->cost.forwards, s->cost.backwards);
}

static void print_row(text_table *t, const patch_study *s, const char *what, const int32_t *answers) {
    interval i;
    int64_t right = answers_right(s->test, answers), n = s->test->n, hits, others;
    i = wilson(right, n, 0.95);
    text_table_cell(t, "%s", what);
    cell_percent(t, n > 0 ? (double)right / (double)n : NAN);
    cell_interval(t, i);
    hits = target_hits(s->test, s->clean, answers, s->target, &others);
    cell_share(t, hits, others);
}

void patch_print(const context *c, const patch_study *s) {
    char train[32];
    const char *class = s->test->class_names[s->target];
    say(c, "patch of %d x %d pixels (%.1f %% of the image) towards %s%s, learned from %s %s\n\n",
        s->rules.side, s->rules.side,
        100.0 * s->rules.side * s->rules.side / (s->rules.image.h * s->rules.image.w), class,
        s->tried > 0 ? ", the class that it reaches most" : "", show_count(s->train->n, train),
        s->halved ? "images of the other half" : "training images");
    text_table t = text_table_new("put in|>accuracy|95 % interval|>n|>to the class|95 % interval");
    print_row(&t, s, "nothing (clean)", s->clean);
    for (int k = 0; k < PATCH_KINDS; k++)
        if (s->patches[k]) print_row(&t, s, kinds[k].what, s->answers[k]);
    text_table_print(&t, context_out(c));
    text_table_free(&t);
    say(c, "\nAt a random place of every test image. To the class: of the images that were right and of "
           "another class. A\n"
           "patch hides what is below it, which costs accuracy by itself: the controls say how much. A "
           "better patch may\n"
           "do more. Intervals: 95 %% Wilson; they cover sampling only.\n");
}
