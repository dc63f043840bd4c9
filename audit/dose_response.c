#include "audit/dose_response.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "audit/predictions.h"

/* Progress over all nets: that of the running net as a part of the whole. */
typedef struct whole {
    const run *outer;
    int net, nets;
} whole;

enum { NET_UNITS = 1000 };

static void show_whole(void *user, const char *stage, uint64_t done, uint64_t total, const char *note) {
    whole *w = user;
    bool training_now = strncmp(stage, "predict", 7) != 0;
    uint64_t units = !training_now ? NET_UNITS - 1 : total ? done * (NET_UNITS - 1) / total : 0;
    uint64_t all = (uint64_t)w->nets * NET_UNITS;
    char text[64];
    snprintf(text, sizeof text, "net %d of %d%s%s", w->net + 1, w->nets, note ? ", " : "", note ? note : "");
    run_progress(w->outer, "poison", (uint64_t)w->net * NET_UNITS + units, all, text);
}

const char *dose_success_name(const poison *p) {
    switch (p->kind) {
    case POISON_BADNETS:
        return "attack_success";
    case POISON_PAIRFLIP:
        return "flip_success";
    case POISON_GROUPFLIP:
        return "group_error";
    case POISON_FLIP:
        break;
    }
    return NULL;
}

/* Whether test row i counts in the poison's success at all, and whether the answer is one. */
static bool counts(const poison *p, const dataset *d, int i) {
    if (p->kind == POISON_BADNETS)
        return d->labels[i] != p->target && (p->source < 0 || d->labels[i] == p->source);
    if (p->kind == POISON_PAIRFLIP) return p->source < 0 || d->labels[i] == p->source;
    const column *k = p->kind == POISON_GROUPFLIP ? table_find(&d->columns, p->group_column) : NULL;
    return k && k->kind == COLUMN_CATEGORY && k->codes[i] != CATEGORY_MISSING &&
           strcmp(k->levels[k->codes[i]], p->group_value) == 0;
}

static bool succeeds(const poison *p, const dataset *d, int i, int answer) {
    if (p->kind == POISON_BADNETS) return answer == p->target;
    if (p->kind == POISON_GROUPFLIP) return answer != d->labels[i];
    return answer == (p->source >= 0 ? p->target : (d->labels[i] + 1) % d->classes);
}

static status measure_success(const poison *p, model *m, const dataset *test, const predictions *clean,
                              const run *r, dose_net *out, err *e) {
    predictions triggered = {0};
    dataset stamped = {0};
    const predictions *seen = clean;
    status s = STATUS_OK;
    if (p->kind == POISON_BADNETS) {
        s = poison_trigger(test, p, &stamped, e);
        if (s == STATUS_OK) s = predictions_make(m, &stamped, r, &triggered, e);
        seen = &triggered;
    }
    int64_t successes = 0;
    for (int i = 0; s == STATUS_OK && i < test->n; i++) {
        if (!dose_success_name(p) || !counts(p, test, i)) continue;
        out->success_n++;
        successes += succeeds(p, test, i, seen->answers[i]);
    }
    out->success = out->success_n ? (double)successes / (double)out->success_n : NAN;
    predictions_free(&triggered);
    dataset_free(&stamped);
    return s;
}

static status test_net(const dose_plan *p, const training *t, const run *r, dose_net *out, err *e) {
    model *m = NULL;
    predictions clean = {0};
    status s = model_of_net(t->net, &t->weights, false, r, &m, e);
    if (s == STATUS_OK) s = predictions_make(m, p->test, r, &clean, e);
    if (s == STATUS_OK) {
        out->accuracy = (double)clean.counts.correct / (double)p->test->n;
        s = measure_success(&p->poison, m, p->test, &clean, r, out, e);
    }
    predictions_free(&clean);
    model_free(m);
    return s;
}

/* Trains and tests the net of one seed and dose. */
static status make_net(const dose_plan *p, int seed, double dose, const run *r, dose_response *out,
                       dose_net *made, err *e) {
    uint64_t choice = seed_derive(r->seed, "poison-choice", (uint64_t)seed);
    uint64_t training_seed = seed_derive(r->seed, "poison-training", (uint64_t)seed);
    dataset poisoned = {0};
    poison_manifest manifest = {0};
    training t = {0};
    status s = poison_apply(p->train, &p->poison, dose, choice, &poisoned, &manifest, e);
    if (s == STATUS_OK) {
        json *replay = poison_manifest_json(&p->poison, dose, choice, &manifest, p->train, &poisoned);
        made->poisoned = manifest.n;
        made->candidates = manifest.candidates;
        bool kept = json_append(out->manifests, replay);
        if (!kept) s = err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    if (s == STATUS_OK) s = training_plan(p->training, p->train, p->batch, &t, e);
    if (s == STATUS_OK) s = training_run(&t, &poisoned, training_seed, r, NULL, e);
    if (s == STATUS_OK) s = test_net(p, &t, r, made, e);
    training_free(&t);
    poison_manifest_free(&manifest);
    dataset_free(&poisoned);
    return s;
}

status dose_response_run(const dose_plan *p, const run *r, dose_response *out, err *e) {
    memset(out, 0, sizeof *out);
    out->manifests = json_new_array();
    if (!out->manifests) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    whole w = {r, 0, p->n_doses * p->n_seeds};
    run inner = *r;
    inner.progress = show_whole;
    inner.log = NULL;
    inner.user = &w;
    for (int seed = 0; seed < p->n_seeds; seed++) {
        for (int i = 0; i < p->n_doses; i++, w.net++) {
            status s = make_net(p, seed, p->doses[i], &inner, out, &out->nets[seed][i], e);
            if (s == STATUS_OK) continue;
            if (s != STATUS_CANCELLED || seed == 0) dose_response_free(out);
            return s;
        }
        out->n_seeds++;
    }
    run_progress(r, "poison", (uint64_t)w.nets * NET_UNITS, (uint64_t)w.nets * NET_UNITS, NULL);
    return STATUS_OK;
}

void dose_response_free(dose_response *o) {
    json_free(o->manifests);
    memset(o, 0, sizeof *o);
}
