#include "audit/transferability.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/changed.h"
#include "audit/answers.h"
#include "audit/panel_sheet.h"
#include "audit/show.h"

static bool taken(const transfer_crowd *c, int before, const char *name) {
    for (int i = 0; i < before; i++)
        if (strcmp(c->names[i], name) == 0) return true;
    return false;
}

void crowd_name(transfer_crowd *c, const char *const *paths) {
    for (int i = 0; i < c->n; i++) {
        const char *slash = strrchr(paths[i], '/'), *stem = slash ? slash + 1 : paths[i];
        const char *dot = strrchr(stem, '.');
        char name[MODEL_NAME - 12];
        snprintf(name, sizeof name, "%.*s", dot && dot > stem ? (int)(dot - stem) : (int)strlen(stem), stem);
        for (char *at = name; *at; at++)
            if (strchr("&=/", *at)) *at = '-'; /* which part the groups of rows */
        snprintf(c->names[i], MODEL_NAME, "%s", name);
        for (int again = 2; taken(c, i, c->names[i]); again++)
            snprintf(c->names[i], MODEL_NAME, "%s-%d", name, again);
        c->labels[i] = c->names[i];
    }
}

static void record_settings(result *x, const transfer_crowd *c) {
    attack_options o = attack_options_fill(c->plan.method, c->plan.options);
    json *models = json_new_array();
    for (int i = 0; i < c->n; i++) {
        json *one = json_new_object();
        json_set_string(one, "name", c->names[i]);
        json_set(one, "sha256",
                 *c->models[i]->sha256 ? json_new_string(c->models[i]->sha256) : json_new_null());
        json_set_string(one, "arch", c->models[i]->arch);
        json_set_int(one, "parameters", c->models[i]->parameters);
        json_append(models, one);
    }
    result_setting_json(x, "models", models);
    result_setting_text(x, "attack", c->plan.method->name);
    result_setting_text(x, "norm", norm_name(c->plan.norm));
    result_setting_number(x, "eps", c->plan.eps);
    result_setting_number(x, "steps", o.steps);
    result_setting_number(x, "step_size", o.step_size);
}

/* Accuracy and outcomes of one model's answers. */
static void record_answers(result *x, const transfer_crowd *c, row_key key, const int32_t *answers,
                           uint8_t *right) {
    char name[2 * MODEL_NAME + 40];
    for (int row = 0; row < c->d->n; row++)
        right[row] = answers[row] == c->d->labels[row];
    result_share(x, key, answers_right(c->d, answers), c->d->n);
    snprintf(name, sizeof name, "accuracy/%s", key.group);
    key.metric = name;
    result_outcomes(x, key, right, c->d->n);
}

static row_key key_of(const transfer_crowd *c, const char *metric, const char *group) {
    return (row_key){.metric = metric,
                     .attack = c->plan.method->name,
                     .norm = norm_name(c->plan.norm),
                     .eps = c->plan.eps,
                     .group = group};
}

static void record_pair(result *x, const transfer_crowd *c, int source, int target, uint8_t *right) {
    char group[2 * MODEL_NAME + 20];
    int64_t n, moved = transferability_pairs(&c->found, c->d, source, target, &n);
    snprintf(group, sizeof group, "source=%s&target=%s", c->names[source], c->names[target]);
    record_answers(x, c, key_of(c, "accuracy", group), transferability_answers(&c->found, source, target),
                   right);
    if (source == target) return; /* all of them, by their choice */
    row_key key = key_of(c, "transfer_rate", group);
    if (n > 0)
        result_share(x, key, moved, n);
    else
        result_value(x, key, 0, NAN, (interval){NAN, NAN}, "wilson",
                     "no image was right with both and fooled the source");
}

void transferability_record(result *x, const transfer_crowd *c) {
    const transferability *t = &c->found;
    uint8_t *right = calloc((size_t)c->d->n + 1, 1);
    record_settings(x, c);
    if (!right) {
        result_setting_json(x, "settings", NULL); /* the failure is kept */
        return;
    }
    for (int k = 0; k < c->n; k++) {
        char group[MODEL_NAME + 8];
        snprintf(group, sizeof group, "target=%s", c->names[k]);
        record_answers(x, c, (row_key){.metric = "accuracy", .eps = NAN, .group = group},
                       t->clean + (size_t)k * (size_t)t->n, right);
        row_key key = key_of(c, "accuracy", group);
        key.attack = "noise";
        record_answers(x, c, key, t->noisy + (size_t)k * (size_t)t->n, right);
    }
    for (int source = 0; source < t->sources; source++)
        for (int target = 0; target < c->n; target++)
            record_pair(x, c, source, target, right);
    result_cost(x, t->cost.forwards, t->cost.backwards);
    for (int k = 0; k < c->n; k++)
        answers_warn(x, c->d, t->clean + (size_t)k * (size_t)t->n, c->names[k]);
    if (t->cost.outside > 0) {
        char text[120];
        snprintf(text, sizeof text, "%" PRId64 " examples lie outside the ball", t->cost.outside);
        result_warning(x, "OUTSIDE_BALL", text, NULL, 0, NULL);
    }
    free(right);
}

static void share_cell(text_table *t, int64_t k, int64_t n) {
    interval i = wilson(k, n, 0.95);
    if (n > 0)
        text_table_cell(t, "%.1f %% [%.1f, %.1f]", 100.0 * (double)k / (double)n, 100 * i.lo, 100 * i.hi);
    else
        text_table_cell(t, "-");
}

static text_table table_with_targets(const transfer_crowd *k, const char *first) {
    char headings[TRANSFERABILITY_MODELS * (MODEL_NAME + 4) + 40];
    int used = snprintf(headings, sizeof headings, "%s", first);
    for (int i = 0; i < k->n; i++)
        used += snprintf(headings + used, sizeof headings - (size_t)used, "|>%s", k->names[i]);
    return text_table_new(headings);
}

static void print_accuracy(const context *c, const transfer_crowd *k) {
    const transferability *t = &k->found;
    text_table grid = table_with_targets(k, "accuracy: made on \\ shown to");
    const struct {
        const char *name;
        const int32_t *answers;
    } controls[] = {{"none (clean)", t->clean}, {"noise", t->noisy}};
    for (int i = 0; i < 2; i++) {
        text_table_cell(&grid, "%s", controls[i].name);
        for (int target = 0; target < k->n; target++)
            share_cell(&grid, answers_right(k->d, controls[i].answers + (size_t)target * (size_t)t->n), t->n);
    }
    for (int source = 0; source < t->sources; source++) {
        text_table_cell(&grid, "%s", k->names[source]);
        for (int target = 0; target < k->n; target++)
            share_cell(&grid, answers_right(k->d, transferability_answers(t, source, target)), t->n);
    }
    text_table_print(&grid, context_out(c));
    text_table_free(&grid);
}

static void print_pairs(const context *c, const transfer_crowd *k) {
    const transferability *t = &k->found;
    text_table grid = table_with_targets(k, "fooled the source and");
    for (int source = 0; source < t->sources; source++) {
        text_table_cell(&grid, "%s", k->names[source]);
        for (int target = 0; target < k->n; target++) {
            int64_t n, moved = transferability_pairs(t, k->d, source, target, &n);
            if (source == target)
                text_table_cell(&grid, "-");
            else
                share_cell(&grid, moved, n);
        }
    }
    say(c, "\n");
    text_table_print(&grid, context_out(c));
    text_table_free(&grid);
}

void transferability_print(const context *c, const transfer_crowd *k) {
    say(c, "%s, norm %s, eps %.4g, carried to its last step on every image\n\n", k->plan.method->name,
        norm_name(k->plan.norm), k->plan.eps);
    print_accuracy(c, k);
    if (k->n > 1) print_pairs(c, k);
    say(c, "\nSecond table: of the images that both models get right unchanged and whose example fools the "
           "source, the share that fools the target.\nWhoever has only a model like yours can do at least as "
           "much. Intervals: 95 %% Wilson; they cover sampling only.\n");
}

/* What every model says, a line each: its letter and the class. */
static void say_answers(sheet_panel *p, const transfer_crowd *c, const int32_t *answers, int row) {
    for (int target = 0; target < c->n; target++) {
        int answer = answers[(size_t)target * (size_t)c->found.n + (size_t)row];
        panel_say(p, answer != c->d->labels[row], "%c %.24s", 'A' + target, answer_name(c->d, answer));
    }
}

static void fill_panels(const transfer_crowd *c, sheet_panel *panels, float *originals) {
    const transferability *t = &c->found;
    size_t d = shape_size(c->d->image), all = (size_t)t->models * (size_t)t->n;
    int columns = 1 + t->sources;
    for (int i = 0; i < t->shown; i++) {
        float *original = originals + (size_t)i * d;
        dataset_image(c->d, t->rows[i], original);
        panels[i * columns].image = original;
        say_answers(&panels[i * columns], c, t->clean, t->rows[i]);
        for (int source = 0; source < t->sources; source++) {
            sheet_panel *p = &panels[i * columns + 1 + source];
            p->image = t->examples + ((size_t)source * (size_t)t->shown + (size_t)i) * d;
            say_answers(p, c, t->answers + (size_t)source * all, t->rows[i]);
        }
    }
}

static void title_of(const transfer_crowd *c, char title[PANEL_TITLE]) {
    int used = snprintf(title, PANEL_TITLE, "unchanged, and made on each model in turn\n");
    for (int i = 0; i < c->n && used < PANEL_TITLE; i++)
        used += snprintf(title + used, (size_t)(PANEL_TITLE - used), "%c: %s\n", 'A' + i, c->names[i]);
}

status transferability_sheet(result *x, const transfer_crowd *c, const char *path, err *e) {
    const transferability *t = &c->found;
    sheet_panel *panels =
        calloc((size_t)(TRANSFERABILITY_SHOWN * (1 + TRANSFERABILITY_MODELS)), sizeof *panels);
    float *originals = malloc(TRANSFERABILITY_SHOWN * shape_size(c->d->image) * sizeof *originals);
    picture sheet = {0};
    char title[PANEL_TITLE];
    status s = STATUS_OK;
    if (panels && originals) {
        fill_panels(c, panels, originals);
        title_of(c, title);
        s = panel_sheet(c->d->image, panels, t->shown ? 1 + t->sources : 0, t->shown, title, &sheet, e);
    } else {
        s = err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    if (s == STATUS_OK) s = sheet_finish(x, &sheet, path, "no image is right with every model", e);
    free(panels);
    free(originals);
    return s;
}
