/* What comes along with an old trunk: its attack surface and its backdoors. The twin from scratch, where there is one, shows what such a net
 * would have anyway. */
#include <math.h>
#include <stdlib.h>

#include "audit/evasion.h"
#include "audit/show.h"
#include "audit/transfer.h"
#include "audit/transfer_internal.h"
#include "nets/loss.h"

enum { BASE_STEPS = 20 };

static double eps_of(const transfer_job *j) {
    int n;
    const double *usual = evasion_default_eps(NORM_LINF, j->test.image.c, &n);
    return j->settings->eps > 0 ? j->settings->eps : usual[n - 1];
}

/* A row of the table and of the result: how many of n images each net still gets right. */
typedef struct shares {
    const char *label;
    row_key key;
    int64_t net, scratch, n;
} shares;

static void record(const transfer_job *j, result *x, text_table *t, const shares *s) {
    row_key key = s->key;
    char metric[64];
    result_share(x, key, s->net, s->n);
    text_table_cell(t, "%s", s->label);
    cell_percent(t, (double)s->net / (double)s->n);
    cell_interval(t, wilson(s->net, s->n, 0.95));
    if (!j->scratch.net) return;
    snprintf(metric, sizeof metric, "scratch_%s", key.metric);
    key.metric = metric;
    result_share(x, key, s->scratch, s->n);
    cell_percent(t, (double)s->scratch / (double)s->n);
    cell_interval(t, wilson(s->scratch, s->n, 0.95));
}

/* How many images a net gets right, unchanged and under an attack that knows it. */
static status attack_net(const transfer_job *j, const dataset *d, model *m, result *x, int64_t *clean,
                         int64_t *attacked, err *e) {
    double eps = eps_of(j);
    evasion_plan p = {.methods = {attack_find("pgd")},
                      .n_methods = 1,
                      .norm = NORM_LINF,
                      .eps = &eps,
                      .n_eps = 1,
                      .batch = (int)j->context->common.batch};
    evasion v;
    status s = evasion_run(m, d, &p, &j->context->run, &v, e);
    if (s != STATUS_OK) return s;
    *clean = 0;
    for (int i = 0; i < d->n; i++)
        *clean += v.results[0].clean_correct[i];
    *attacked = attack_survivors(&v.results[0], 0);
    if (x) evasion_warn(x, p.methods[0], &v.results[0]);
    evasion_free(&v);
    return STATUS_OK;
}

static status under_attack(const transfer_job *j, const dataset *d, result *x, text_table *t, err *e) {
    shares clean = {.label = "unchanged", .key = {.metric = "attacked_clean", .eps = NAN}, .n = d->n};
    shares attacked = {
        .label = "pgd that knows the net",
        .key = {.metric = "accuracy", .attack = "pgd", .norm = norm_name(NORM_LINF), .eps = eps_of(j)},
        .n = d->n};
    status s = attack_net(j, d, j->tested.model, x, &clean.net, &attacked.net, e);
    if (s == STATUS_OK && j->scratch.net)
        s = attack_net(j, d, j->tested_scratch.model, NULL, &clean.scratch, &attacked.scratch, e);
    if (s != STATUS_OK) return s;
    record(j, x, t, &clean);
    record(j, x, t, &attacked);
    return STATUS_OK;
}

/* Images that change what the base says, whatever it says about them: made without knowing the new net. */
static status make_on_base(const transfer_job *j, model *base, const dataset *d, attack_result *out, err *e) {
    int32_t *answers = malloc((size_t)d->n * sizeof *answers);
    float *logits = malloc((size_t)d->n * (size_t)base->classes * sizeof *logits);
    dataset asked = *d;
    double eps = eps_of(j);
    attack_plan p = {.method = attack_find("pgd"),
                     .options = {.steps = BASE_STEPS},
                     .norm = NORM_LINF,
                     .eps = &eps,
                     .n_eps = 1,
                     .no_drop = true,
                     .batch = (int)j->context->common.batch,
                     .keep_examples = true};
    status s = answers && logits ? predict_outputs(base, d, &j->context->run, "base", logits, e)
                                 : err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < d->n && s == STATUS_OK; i++) {
        int answer = logits_class(logits + (size_t)i * (size_t)base->classes, base->classes);
        answers[i] = answer < 0 ? 0 : answer;
    }
    asked.labels = answers;
    asked.classes = base->classes;
    asked.class_names = NULL;
    if (s == STATUS_OK) s = attack_run(base, &asked, &p, &j->context->run, out, e);
    free(answers);
    free(logits);
    return s;
}

static status correct_on(const transfer_job *j, model *m, const dataset *d, int64_t *out, err *e) {
    predictions p;
    status s = predictions_make(m, d, &j->context->run, &p, e);
    if (s != STATUS_OK) return s;
    *out = p.counts.correct;
    predictions_free(&p);
    return STATUS_OK;
}

static status by_base(const transfer_job *j, model *base, const dataset *d, result *x, text_table *t,
                      err *e) {
    attack_result made;
    shares moved = {
        .label = "pgd that knows the base",
        .key = {.metric = "accuracy", .attack = "base-pgd", .norm = norm_name(NORM_LINF), .eps = eps_of(j)},
        .n = d->n};
    status s = make_on_base(j, base, d, &made, e);
    if (s != STATUS_OK) return s;
    dataset changed = *d;
    changed.pixels = NULL;
    changed.values = made.examples;
    s = correct_on(j, j->tested.model, &changed, &moved.net, e);
    if (s == STATUS_OK && j->scratch.net)
        s = correct_on(j, j->tested_scratch.model, &changed, &moved.scratch, e);
    if (s == STATUS_OK) {
        row_key key = moved.key;
        key.metric = "base_moved";
        result_share(x, key, d->n - attack_survivors(&made, 0), d->n);
        record(j, x, t, &moved);
    }
    attack_result_free(&made);
    return s;
}

static status surface(const transfer_job *j, model *base, result *x, err *e) {
    int32_t *rows;
    int n;
    dataset d = {0};
    status s = dataset_sample_rows(&j->test, j->context->run.seed, (int)j->settings->attack_n, &rows, &n, e);
    if (s != STATUS_OK) return s;
    text_table t = text_table_new(j->scratch.net ? "images|>right|95 % interval|>from scratch|95 % interval"
                                                 : "images|>right|95 % interval");
    s = dataset_select(&j->test, rows, n, &d, e);
    if (s == STATUS_OK) s = under_attack(j, &d, x, &t, e);
    if (s == STATUS_OK) s = by_base(j, base, &d, x, &t, e);
    if (s == STATUS_OK) {
        say(j->context, "\nWhat comes along, on %d test images, linf eps %.4g:\n\n", n, eps_of(j));
        text_table_print(&t, context_out(j->context));
    }
    text_table_free(&t);
    dataset_free(&d);
    free(rows);
    return s;
}

status transfer_carried(transfer_job *j, result *x, err *e) {
    net *n;
    weights w;
    model *base = NULL;
    status s = transfer_adapt(j->base->net, &j->base->weights, j->test.image, &n, &w, e);
    if (s != STATUS_OK) return s;
    s = model_of_net(n, &w, true, &j->context->run, &base, e);
    if (s == STATUS_OK && j->settings->attack_n > 0) s = surface(j, base, x, e);
    if (s == STATUS_OK && j->trigger.side > 0) s = transfer_trigger(j, base, x, e);
    model_free(base);
    weights_free(&w);
    net_free(n);
    return s;
}
