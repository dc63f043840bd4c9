#include "attacks/replay.h"

#include <stdlib.h>
#include <string.h>

#include "attacks/runner_internal.h"
#include "core/floats.h"
#include "nets/loss.h"
#include "nets/predict.h"

typedef struct replay {
    model *m;
    const dataset *d;
    const attack_plan *plan;
    const run *r;
    attack_result *out;
    uint8_t *flags;
    int n;        /* stored images to try */
    int32_t *row; /* n of them */
    int32_t *ids; /* of these rows */
    int32_t *fit; /* index of the smallest eps that holds each */
    float *images, *logits;
} replay;

static void judge_clean(replay *p, int row) {
    attack_result *out = p->out;
    size_t classes = (size_t)out->classes;
    const float *logits = out->clean_logits + (size_t)row * classes;
    if (!floats_finite(logits, classes)) p->flags[row] |= FLAG_NOT_FINITE;
    if (judge_tied(logits, out->classes)) p->flags[row] |= FLAG_TIED;
    out->finished[row] = 1;
    out->clean_correct[row] = logits_correct(logits, out->classes, p->d->labels[row]);
    if (out->examples) memcpy(out->example_logits + (size_t)row * classes, logits, classes * sizeof *logits);
    if (out->clean_correct[row]) return;
    out->broken_at[row] = 0;
    out->distance[row] = 0;
}

static status ask_clean(replay *p, err *e) {
    status s = predict_outputs(p->m, p->d, p->r, "clean", p->out->clean_logits, e);
    for (int row = 0; s == STATUS_OK && row < p->d->n; row++)
        judge_clean(p, row);
    if (s == STATUS_OK) p->out->forwards += (uint64_t)p->d->n * (uint64_t)model_votes(p->m);
    return s;
}

/* The index of the smallest eps whose ball holds the image; n_eps = none. `x0` has room for the image it is about. */
static int smallest_fit(const replay *p, int row, const float *image, float *x0) {
    const attack_plan *plan = p->plan;
    dataset_image(p->d, row, x0);
    int i = 0;
    while (i < plan->n_eps && !ball_holds(plan->norm, plan->eps[i], x0, image, shape_size(p->d->image)))
        i++;
    return i;
}

static status gather(replay *p, const float *const *stored, err *e) {
    size_t rows = 0, size = shape_size(p->d->image);
    for (int row = 0; row < p->d->n; row++)
        rows += stored[row] != NULL;
    float *x0 = malloc(size * sizeof *x0);
    p->row = calloc(rows + 1, sizeof *p->row);
    p->ids = calloc(rows + 1, sizeof *p->ids);
    p->fit = calloc(rows + 1, sizeof *p->fit);
    p->images = calloc((rows + 1) * size, sizeof *p->images);
    p->logits = calloc(rows * (size_t)p->d->classes + 1, sizeof *p->logits);
    bool room = x0 && p->row && p->ids && p->fit && p->images && p->logits;
    for (int row = 0; room && row < p->d->n; row++) {
        if (!stored[row] || !p->out->clean_correct[row]) continue;
        int fit = smallest_fit(p, row, stored[row], x0);
        if (fit == p->plan->n_eps) continue;
        p->row[p->n] = row;
        p->ids[p->n] = p->d->ids[row];
        p->fit[p->n] = fit;
        memcpy(p->images + (size_t)p->n++ * size, stored[row], size * sizeof(float));
    }
    free(x0);
    return room ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "replay: out of memory");
}

static void record(replay *p, int i) {
    attack_result *out = p->out;
    size_t size = shape_size(p->d->image), classes = (size_t)out->classes, row = (size_t)p->row[i];
    const float *image = p->images + (size_t)i * size, *logits = p->logits + (size_t)i * classes;
    attack_sample s = {.classes = out->classes,
                       .label = p->d->labels[row],
                       .target = p->plan->targets ? p->plan->targets[row] : -1};
    if (!floats_finite(logits, classes)) p->flags[row] |= FLAG_NOT_FINITE;
    if (!attack_succeeds(&s, logits)) return;
    float *x0 = p->images + (size_t)p->n * size; /* the room behind the last */
    dataset_image(p->d, (int)row, x0);
    out->broken_at[row] = p->fit[i];
    out->distance[row] = (float)ball_distance(p->plan->norm, x0, image, size);
    if (!out->examples) return;
    memcpy(out->examples + row * size, image, size * sizeof *image);
    memcpy(out->example_logits + row * classes, logits, classes * sizeof *logits);
}

static status try_stored(replay *p, const float *const *stored, err *e) {
    status s = gather(p, stored, e);
    if (s != STATUS_OK || p->n == 0) return s;
    dataset tried = {.name = p->d->name,
                     .n = p->n,
                     .classes = p->d->classes,
                     .image = p->d->image,
                     .ids = p->ids,
                     .values = p->images};
    s = predict_outputs(p->m, &tried, p->r, "corpus", p->logits, e);
    for (int i = 0; s == STATUS_OK && i < p->n; i++)
        record(p, i);
    if (s == STATUS_OK) p->out->forwards += (uint64_t)p->n * (uint64_t)model_votes(p->m);
    return s;
}

status attack_replay(model *m, const dataset *d, const attack_plan *plan, const float *const *stored,
                     const run *r, attack_result *out, err *e) {
    *out = (attack_result){0};
    status s = attack_check_plan(m, d, plan, e);
    if (s == STATUS_OK) s = attack_result_new(out, d, plan, e);
    replay p = {.m = m, .d = d, .plan = plan, .r = r, .out = out};
    if (s == STATUS_OK && !(p.flags = calloc((size_t)d->n + 1, 1)))
        s = err_set(e, STATUS_NO_MEMORY, "replay: out of memory");
    if (s == STATUS_OK) s = ask_clean(&p, e);
    if (s == STATUS_OK && stored) s = try_stored(&p, stored, e);
    if (s == STATUS_OK) attack_raise_alarms(out, p.flags, d);
    free(p.flags);
    free(p.row);
    free(p.ids);
    free(p.fit);
    free(p.images);
    free(p.logits);
    if (s != STATUS_OK) attack_result_free(out);
    return s;
}
