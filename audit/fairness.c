#include "audit/fairness.h"

#include <math.h>
#include <stdio.h>

#include "audit/clusters.h"

/* What was counted in one group. Class arrays have `classes` entries. */
typedef struct group_counts {
    int64_t n, wrong, clean_correct, broken;
    int64_t *of_class, *hits, *predicted; /* rows labelled k; of these predicted k; rows predicted k */
} group_counts;

/* One condition judged: where rows go, and how. */
typedef struct judge {
    result *x;
    const fairness_outcomes *o;
    const fairness_options *options;
    const run *r;
} judge;

fairness_options fairness_options_default(void) {
    return (fairness_options){.bootstrap = 2000, .minimum = 30, .level = .95};
}

static row_key key_of(const judge *j, const char *metric, const char *group) {
    return (row_key){
        .metric = metric, .attack = j->o->attack, .norm = j->o->norm, .group = group, .eps = j->o->eps};
}

/* A share, or null with the reason when its own denominator is too small to be judged. */
static void add_share(const judge *j, const char *metric, const char *group, int64_t k, int64_t n) {
    row_key key = key_of(j, metric, group);
    if (n >= j->options->minimum || n == 0) {
        result_share(j->x, key, k, n);
        return;
    }
    char reason[96];
    snprintf(reason, sizeof reason, "n = %lld is below the minimum of %d", (long long)n, j->options->minimum);
    result_value(j->x, key, n, NAN, (interval){NAN, NAN}, "wilson", reason);
}

static const char *class_metric(const judge *j, char *out, size_t cap, const char *metric, int k) {
    if (j->o->class_names)
        snprintf(out, cap, "%s:%s", metric, j->o->class_names[k]);
    else
        snprintf(out, cap, "%s:%d", metric, k);
    return out;
}

/* Mean of independent shares with the interval that squares and adds their distances to their Wilson limits
 * (MOVER: Zou & Donner 2008, Newcombe's method for a sum). Classes that are too small to be judged make it
 * null. */
static void add_macro_recall(const judge *j, const char *group, const group_counts *c) {
    double sum = 0, below = 0, above = 0;
    int judged = 0;
    for (int k = 0; k < j->o->classes; k++) {
        if (c->of_class[k] < j->options->minimum) continue;
        double p = (double)c->hits[k] / (double)c->of_class[k];
        interval w = wilson(c->hits[k], c->of_class[k], j->options->level);
        sum += p;
        below += (p - w.lo) * (p - w.lo);
        above += (w.hi - p) * (w.hi - p);
        judged++;
    }
    row_key key = key_of(j, "macro_recall", group);
    if (judged < j->o->classes) {
        char reason[96];
        snprintf(reason, sizeof reason, "%d of %d classes have fewer than %d images", j->o->classes - judged,
                 j->o->classes, j->options->minimum);
        result_value(j->x, key, c->n, NAN, (interval){NAN, NAN}, "mover-wilson", reason);
        return;
    }
    double m = sum / judged;
    interval i = {fmax(0, m - sqrt(below) / judged), fmin(1, m + sqrt(above) / judged)};
    result_value(j->x, key, c->n, m, i, "mover-wilson", NULL);
}

static void add_worst_recall(const judge *j, const char *group, const group_counts *c) {
    int worst = -1;
    for (int k = 0; k < j->o->classes; k++) {
        if (c->of_class[k] < j->options->minimum) continue;
        if (worst < 0 ||
            (double)c->hits[k] * (double)c->of_class[worst] < (double)c->hits[worst] * (double)c->of_class[k])
            worst = k;
    }
    char name[160];
    if (worst >= 0)
        add_share(j, class_metric(j, name, sizeof name, "worst_recall", worst), group, c->hits[worst],
                  c->of_class[worst]);
}

static void add_classes(const judge *j, const char *group, const group_counts *c) {
    for (int k = 0; k < j->o->classes; k++) {
        char name[160];
        add_share(j, class_metric(j, name, sizeof name, "recall", k), group, c->hits[k], c->of_class[k]);
        add_share(j, class_metric(j, name, sizeof name, "precision", k), group, c->hits[k], c->predicted[k]);
        add_share(j, class_metric(j, name, sizeof name, "false_positive_rate", k), group,
                  c->predicted[k] - c->hits[k], c->n - c->of_class[k]);
    }
    add_macro_recall(j, group, c);
    add_worst_recall(j, group, c);
}

static void add_group(const judge *j, const char *group, const group_counts *c) {
    add_share(j, "error", group, c->wrong, c->n);
    if (j->o->clean_correct) add_share(j, "attack_success", group, c->broken, c->clean_correct);
    add_classes(j, group, c);
}

static void add_gap(const judge *j, const char *group, const group_counts *c, const group_counts *all) {
    row_key key = key_of(j, "error_gap", group);
    int64_t others = all->n - c->n;
    interval none = {NAN, NAN};
    if (c->n < j->options->minimum || others < j->options->minimum) {
        char reason[128];
        snprintf(reason, sizeof reason, "n = %lld against %lld: below the minimum of %d", (long long)c->n,
                 (long long)others, j->options->minimum);
        result_value(j->x, key, c->n, NAN, none, "newcombe", reason);
        return;
    }
    double gap = (double)c->wrong / (double)c->n - (double)(all->wrong - c->wrong) / (double)others;
    result_value(j->x, key, c->n, gap,
                 newcombe(c->wrong, c->n, all->wrong - c->wrong, others, j->options->level), "newcombe",
                 NULL);
}

static status counts_new(arena *memory, int groups, int classes, group_counts **out, err *e) {
    *out = arena_array(memory, (size_t)groups, sizeof **out);
    for (int g = 0; *out && g < groups; g++) {
        int64_t *block = arena_array(memory, 3 * (size_t)classes, sizeof *block);
        if (!block) return err_set(e, STATUS_NO_MEMORY, "out of memory for %d groups", groups);
        (*out)[g] = (group_counts){
            .of_class = block, .hits = block + classes, .predicted = block + 2 * (size_t)classes};
    }
    return *out ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory for %d groups", groups);
}

/* Counts rows into the groups that `codes` names; NULL puts all into the first. */
static void count_rows(const fairness_outcomes *o, const int32_t *codes, group_counts *counts) {
    for (int row = 0; row < o->n; row++) {
        group_counts *c = &counts[codes ? codes[row] : 0];
        int label = o->labels[row], prediction = o->predictions[row];
        c->n++;
        c->wrong += prediction != label;
        c->of_class[label]++;
        c->hits[label] += prediction == label;
        if (prediction >= 0) c->predicted[prediction]++;
        if (o->clean_correct && o->clean_correct[row]) {
            c->clean_correct++;
            c->broken += prediction != label;
        }
    }
}

/* How the clusters of a group weaken what its images say. */
static void add_cluster_facts(const judge *j, const char *group, int64_t n, const cluster_interval *c) {
    const interval none = {NAN, NAN};
    const char *reason = isnan(c->design_effect) ? "fewer than 2 clusters" : NULL;
    result_value(j->x, key_of(j, "clusters", group), n, c->clusters, none, "count", NULL);
    result_value(j->x, key_of(j, "kish_mean_size", group), n, c->kish, none, "kish", NULL);
    result_value(j->x, key_of(j, "design_effect", group), n, c->design_effect, none, "anova", reason);
}

/* The rows with intervals over resampled clusters, beside those that take images as independent. */
static status add_clustered(const judge *j, const table *t, const partition *groups,
                            const group_counts *counts, const group_counts *all, err *e) {
    enum { FEW = 20 };
    partition clusters = {0};
    arena memory = {0};
    cluster_interval *found = arena_array(&memory, (size_t)groups->n_groups, sizeof *found);
    uint8_t *wrong = arena_array(&memory, (size_t)groups->n_rows, 1);
    status s = found && wrong ? partition_new(t, j->options->cluster, NULL, &clusters, e)
                              : err_set(e, STATUS_NO_MEMORY, "out of memory for the clusters");
    for (int row = 0; s == STATUS_OK && row < groups->n_rows; row++)
        wrong[row] = j->o->predictions[row] != j->o->labels[row];
    if (s == STATUS_OK)
        s = cluster_bootstrap(groups, &clusters, wrong, j->options->bootstrap, j->options->level, j->r, found,
                              e);
    for (int g = 0; s == STATUS_OK && g < groups->n_groups; g++) {
        const group_counts *c = &counts[g];
        int64_t others = all->n - c->n;
        if (c->n < j->options->minimum) continue;
        double share = (double)c->wrong / (double)c->n;
        const char *reason = isnan(found[g].share.lo) ? "fewer than 2 clusters" : NULL;
        result_value(j->x, key_of(j, "error", groups->names[g]), c->n, reason ? NAN : share, found[g].share,
                     "cluster-bootstrap", reason);
        if (others >= j->options->minimum) {
            double gap = share - (double)(all->wrong - c->wrong) / (double)others;
            reason = isnan(found[g].gap.lo) ? "fewer than 2 clusters on one side" : NULL;
            result_value(j->x, key_of(j, "error_gap", groups->names[g]), c->n, reason ? NAN : gap,
                         found[g].gap, "cluster-bootstrap", reason);
        }
        add_cluster_facts(j, groups->names[g], c->n, &found[g]);
        if (found[g].clusters < FEW) {
            char message[160];
            snprintf(message, sizeof message,
                     "%s has only %d clusters: its cluster-bootstrap intervals are too narrow",
                     groups->names[g], found[g].clusters);
            result_warning(j->x, "FEW_CLUSTERS", message, NULL, 0, NULL);
        }
    }
    partition_free(&clusters);
    arena_free(&memory);
    return s;
}

/* Every group of one partition. */
static status judge_partition(const judge *j, const table *t, const char *first, const char *second,
                              const group_counts *all, err *e) {
    partition groups;
    status s = partition_new(t, first, second, &groups, e);
    if (s != STATUS_OK) return s;
    arena memory = {0};
    group_counts *counts = NULL;
    s = counts_new(&memory, groups.n_groups, j->o->classes, &counts, e);
    if (s == STATUS_OK) {
        count_rows(j->o, groups.codes, counts);
        for (int g = 0; g < groups.n_groups; g++) {
            add_group(j, groups.names[g], &counts[g]);
            add_gap(j, groups.names[g], &counts[g], all);
        }
        if (j->options->cluster) s = add_clustered(j, t, &groups, counts, all, e);
    }
    arena_free(&memory);
    partition_free(&groups);
    return s;
}

static status check_rows(const table *groups, const fairness_outcomes *o, err *e) {
    if (groups->n_rows != o->n)
        return err_set(e, STATUS_USAGE, "%d rows of groups for %d predictions", groups->n_rows, o->n);
    for (int row = 0; row < o->n; row++)
        if (o->labels[row] < 0 || o->labels[row] >= o->classes || o->predictions[row] < -1 ||
            o->predictions[row] >= o->classes)
            return err_set(e, STATUS_USAGE, "row %d: label %d, prediction %d, expected 0..%d", row,
                           (int)o->labels[row], (int)o->predictions[row], o->classes - 1);
    return STATUS_OK;
}

status fairness_measure(result *x, const table *groups, const fairness_outcomes *o,
                        const fairness_options *options, const run *r, err *e) {
    judge j = {.x = x, .o = o, .options = options, .r = r};
    arena memory = {0};
    group_counts *all = NULL;
    status s = check_rows(groups, o, e);
    if (s == STATUS_OK) s = counts_new(&memory, 1, o->classes, &all, e);
    if (s == STATUS_OK) {
        count_rows(o, NULL, all);
        add_group(&j, NULL, all);
    }
    for (int a = 0; s == STATUS_OK && a < options->n_columns; a++)
        s = judge_partition(&j, groups, options->columns[a], NULL, all, e);
    for (int a = 0; s == STATUS_OK && options->intersections && a < options->n_columns; a++)
        for (int b = a + 1; s == STATUS_OK && b < options->n_columns; b++)
            s = judge_partition(&j, groups, options->columns[a], options->columns[b], all, e);
    arena_free(&memory);
    return s;
}
