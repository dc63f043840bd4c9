/* What ablations found: statistics, rows, the table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/ablation.h"
#include "audit/show.h"
#include "audit/trick.h"

static const ablation_net *net_of(const ablation *a, int seed, int variant) {
    return &a->nets[seed * a->n_variants + variant];
}

double ablation_accuracy(const ablation *a, int variant, interval *ci) {
    double values[ABLATION_SEEDS_MOST];
    for (int s = 0; s < a->n_seeds; s++)
        values[s] = net_of(a, s, variant)->accuracy;
    *ci = t_interval(values, a->n_seeds, 0.95);
    if (!isnan(ci->lo)) *ci = (interval){fmax(ci->lo, 0), fmin(ci->hi, 1)};
    return mean(values, a->n_seeds);
}

/* Standard error that the choice of test images gives the mean difference: images differ in how often, over the seeds, the trick makes
 * them right. NAN when memory is out. */
static double image_error(const ablation *a, int variant) {
    double *d = calloc((size_t)a->n_tests, sizeof *d), error;
    if (!d) return NAN;
    for (int s = 0; s < a->n_seeds; s++)
        for (int i = 0; i < a->n_tests; i++)
            d[i] += (double)(net_of(a, s, variant)->correct[i] - net_of(a, s, 0)->correct[i]) / a->n_seeds;
    error = sample_sd(d, a->n_tests) / sqrt(a->n_tests);
    free(d);
    return error;
}

/* Over seeds and test images, whose luck adds up in squares. */
static interval over_both(const double *differences, int n, double error, double level) {
    double value = mean(differences, n);
    double half =
        hypot(t_interval(differences, n, level).hi - value, normal_quantile((1 + level) / 2) * error);
    return isnan(half) ? (interval){NAN, NAN} : (interval){value - half, value + half};
}

static bool same_answers(const ablation *a, int variant) {
    for (int s = 0; s < a->n_seeds; s++)
        if (memcmp(net_of(a, s, variant)->correct, net_of(a, s, 0)->correct, (size_t)a->n_tests) != 0)
            return false;
    return true;
}

ablation_effect ablation_effect_of(const ablation_plan *p, const ablation *a, int variant) {
    double differences[ABLATION_SEEDS_MOST], error = image_error(a, variant);
    ablation_effect f = {.idle = same_answers(a, variant)};
    for (int s = 0; s < a->n_seeds; s++) {
        double change = net_of(a, s, variant)->accuracy - net_of(a, s, 0)->accuracy;
        differences[s] = p->variants[variant].added ? change : -change;
        f.diverged += net_of(a, s, variant)->diverged;
    }
    f.value = mean(differences, a->n_seeds);
    f.seeds = t_interval(differences, a->n_seeds, 0.95);
    f.images = over_both(differences, a->n_seeds, error, 0.95);
    f.family = over_both(differences, a->n_seeds, error, 1 - 0.05 / (a->n_variants - 1));
    return f;
}

const char *ablation_verdict(interval images, interval family) {
    if (isnan(images.lo)) return "one seed tells nothing";
    if (family.lo > 0) return "helps";
    if (family.hi < 0) return "harms";
    if (images.lo > 0) return "may help";
    return images.hi < 0 ? "may harm" : "not told apart from 0";
}

/* --- the result --------------------------------------------------------------------------------------------- */

static void record_variant(result *x, const ablation_plan *p, const ablation *a, int variant) {
    char group[96];
    interval ci;
    double value = ablation_accuracy(a, variant, &ci);
    snprintf(group, sizeof group, "variant=%s", p->variants[variant].name);
    result_value(x, (row_key){.metric = "accuracy", .group = group, .eps = NAN}, a->n_seeds, value, ci, "t",
                 NULL);
    if (variant == 0) return;
    ablation_effect f = ablation_effect_of(p, a, variant);
    snprintf(group, sizeof group, "trick=%s", p->variants[variant].name);
    row_key key = {.metric = "trick_effect", .group = group, .eps = NAN};
    result_value(x, key, a->n_seeds, f.value, f.seeds, "paired-t", NULL);
    result_value(x, key, a->n_seeds, f.value, f.images, "paired-t-images", NULL);
    result_value(x, key, a->n_seeds, f.value, f.family, "paired-t-family", NULL);
}

static json *net_json(const ablation_plan *p, const ablation *a, int seed, int variant) {
    const ablation_net *n = net_of(a, seed, variant);
    json *j = json_new_object();
    bool ok = json_set_int(j, "seed", seed) && json_set_string(j, "variant", p->variants[variant].name) &&
              json_set_real(j, "accuracy", n->accuracy) && json_set_bool(j, "diverged", n->diverged);
    if (ok) return j;
    json_free(j);
    return NULL;
}

/* {"name": "mixup", "changes": {"mixup": [0, 0.2]}}: what the options are in the base and in the variant. */
static json *trick_json(const ablation_plan *p, int variant) {
    json *j = json_new_object();
    bool ok =
        json_set_string(j, "name", p->variants[variant].name) &&
        json_set(j, "changes", trick_difference(&p->variants[0].settings, &p->variants[variant].settings));
    if (ok) return j;
    json_free(j);
    return NULL;
}

static void warn_diverged(result *x, const ablation_plan *p, const ablation *a, int variant) {
    int diverged = 0;
    for (int s = 0; s < a->n_seeds; s++)
        diverged += net_of(a, s, variant)->diverged;
    if (!diverged) return;
    char text[160];
    snprintf(text, sizeof text, "%s: training diverged in %d of %d nets, which count as never right",
             p->variants[variant].name, diverged, a->n_seeds);
    result_warning(x, "DIVERGED", text, NULL, 0, "audit ablate ... --lr RATE");
}

/* Most often an option that this recipe has no use for. */
static void warn_idle(result *x, const ablation_plan *p, const ablation *a, int variant) {
    char text[200];
    if (!ablation_effect_of(p, a, variant).idle) return;
    snprintf(text, sizeof text,
             "%s: no test image is right or wrong through it in any net: does this recipe use it?",
             p->variants[variant].name);
    result_warning(x, "NOTHING_CHANGED", text, NULL, 0, "audit help train");
}

void ablation_record(result *x, const ablation_plan *p, const ablation *a) {
    json *nets = json_new_array(), *tricks = json_new_array();
    for (int v = 0; v < p->n_variants; v++) {
        record_variant(x, p, a, v);
        warn_diverged(x, p, a, v);
        if (v == 0) continue;
        warn_idle(x, p, a, v);
        json_append(tricks, trick_json(p, v));
    }
    for (int s = 0; s < a->n_seeds; s++)
        for (int v = 0; v < p->n_variants; v++)
            json_append(nets, net_json(p, a, s, v));
    result_extra(x, "nets", nets);
    result_extra(x, "tricks", tricks);
}

/* --- the table ---------------------------------------------------------------------------------------------- */

static void cell_value(text_table *t, const json *value) {
    const char *text = json_as_string(value);
    char *other = text || !value ? NULL : json_text(value, 0);
    text_table_cell(t, "%.24s", text ? text : other && !json_is_null(value) ? other : "-");
    free(other);
}

/* With and without the trick: the value of its option. */
static void cell_change(text_table *t, const ablation_plan *p, int variant) {
    json *changes = trick_difference(&p->variants[0].settings, &p->variants[variant].settings);
    void *first = json_first(changes);
    const json *pair = first ? json_iterator_value(first) : NULL;
    bool added = p->variants[variant].added;
    cell_value(t, json_at(pair, added ? 1 : 0));
    cell_value(t, json_at(pair, added ? 0 : 1));
    json_free(changes);
}

static void cell_points(text_table *t, interval i) {
    if (isnan(i.lo))
        text_table_cell(t, "-");
    else
        text_table_cell(t, "[%+.2f, %+.2f]", 100 * i.lo, 100 * i.hi);
}

static void cell_accuracy(text_table *t, const ablation *a, int variant) {
    interval ci;
    text_table_cell(t, "%.2f %%", 100 * ablation_accuracy(a, variant, &ci));
}

static void put_effect(text_table *t, const ablation_plan *p, const ablation *a, int variant) {
    ablation_effect f = ablation_effect_of(p, a, variant);
    bool added = p->variants[variant].added;
    text_table_cell(t, "%s", p->variants[variant].name);
    cell_change(t, p, variant);
    cell_accuracy(t, a, added ? variant : 0);
    cell_accuracy(t, a, added ? 0 : variant);
    text_table_cell(t, "%+.2f", 100 * f.value);
    cell_points(t, f.seeds);
    cell_points(t, f.images);
    text_table_cell(t, "%s", ablation_verdict(f.images, f.family));
}

void ablation_print(const context *c, const ablation_plan *p, const ablation *a) {
    interval ci;
    double base = ablation_accuracy(a, 0, &ci);
    say(c, "\nbase recipe: %.2f %%", 100 * base);
    if (!isnan(ci.lo)) say(c, " [%.2f, %.2f]", 100 * ci.lo, 100 * ci.hi);
    say(c, " of %d test images, mean of %d net%s\n\n", a->n_tests, a->n_seeds, a->n_seeds == 1 ? "" : "s");
    text_table t =
        text_table_new("trick|with|without|>with|>without|>effect|95 % over seeds|and over images|");
    for (int v = 1; v < p->n_variants; v++)
        put_effect(&t, p, a, v);
    text_table_print(&t, context_out(c));
    text_table_free(&t);
    say(c, "\nEffect: test accuracy with the trick minus without it, in points, the mean over pairs of nets "
           "of the same seed.\nThe first interval covers the luck of training, the second also that of the "
           "test images. \"helps\" and \"harms\" hold\nfor all tricks of the table together (Bonferroni), "
           "\"may\" by the second interval alone.\n");
    if (a->n_seeds < 2) say(c, "One seed gives no interval: use --seeds 5 to tell a trick from luck.\n");
}
