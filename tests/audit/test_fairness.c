/* Fairness rows against published tables and hand-made cases, cluster intervals against a simulation, bad input. */
#include "tests/support/test.h"

#include <math.h>

#include "audit/clusters.h"
#include "audit/fairness.h"
#include "audit/rows.h"
#include "core/rng.h"

typedef struct people {
    int n;
    int32_t labels[4096], predictions[4096];
    const char *groups[4096], *clusters[4096];
} people;

static void add_people(people *p, int n, int label, int prediction, const char *group) {
    for (int i = 0; i < n; i++, p->n++) {
        p->labels[p->n] = label;
        p->predictions[p->n] = prediction;
        p->groups[p->n] = group;
    }
}

static result *measure(const people *p, int classes, const char *cluster, int minimum) {
    table t = {.n_rows = p->n};
    err e;
    run r = run_default();
    assert_ok(table_add_texts(&t, "group", p->groups, &e), e);
    if (cluster) assert_ok(table_add_texts(&t, cluster, p->clusters, &e), e);
    const char *const columns[] = {"group"};
    fairness_options o = fairness_options_default();
    o.columns = columns;
    o.n_columns = 1;
    o.cluster = cluster;
    o.minimum = minimum;
    fairness_outcomes outcomes = {
        .n = p->n, .classes = classes, .labels = p->labels, .predictions = p->predictions, .eps = NAN};
    result *x = result_new("fairness", &r);
    assert_ok(fairness_measure(x, &t, &outcomes, &o, &r, &e), e);
    table_free(&t);
    return x;
}

static const json *row_of(result *x, const char *metric, const char *group, const char *method) {
    row_query q = {.metric = metric, .group = group, .method = method, .eps = NAN};
    const json *row = row_find(json_get(result_json(x), "body"), &q);
    if (!row) fail_msg("no row %s of %s by %s", metric, group, method ? method : "any method");
    return row;
}

static void check(result *x, const char *metric, const char *group, double value, double lo, double hi) {
    const json *row = row_of(x, metric, group, NULL);
    assert_near(row_value(row), value, 5e-4);
    assert_near(row_interval(row).lo, lo, 5e-4);
    assert_near(row_interval(row).hi, hi, 5e-4);
}

/* Gender Shades (Buolamwini & Gebru 2018), IBM: errors of 271 darker females and 296 lighter females; the interval is Newcombe's. */
static void gender_shades(void **state) {
    (void)state;
    static people p;
    p.n = 0;
    add_people(&p, 271 - 94, 0, 0, "darker female");
    add_people(&p, 94, 0, 1, "darker female");
    add_people(&p, 384, 1, 1, "lighter male");
    add_people(&p, 1, 1, 0, "lighter male");
    result *x = measure(&p, 2, NULL, 30);
    check(x, "error", "group=darker female", .3469, .2927, .4053);
    check(x, "error_gap", "group=darker female", .344, .289, .403);
    check(x, "error_gap", "group=lighter male", -.344, -.403, -.289);
    assert_int_equal(row_n(row_of(x, "error", "all", NULL)), 656);
    result_free(x);
}

/* Fairlearn's 18-row example: recall of a, b, c is .5, .6, .4, false positive rate 1, 0, .6667; n 4, 6, 8. */
static void fairlearn_example(void **state) {
    (void)state;
    static const struct {
        const char *group;
        int tp, fn, fp, tn;
        double recall, fpr;
    } rows[] = {{"a", 1, 1, 2, 0, .5, 1}, {"b", 3, 2, 0, 1, .6, 0}, {"c", 2, 3, 2, 1, .4, 2. / 3}};
    static people p;
    p.n = 0;
    for (int i = 0; i < 3; i++) {
        add_people(&p, rows[i].tp, 1, 1, rows[i].group);
        add_people(&p, rows[i].fn, 1, 0, rows[i].group);
        add_people(&p, rows[i].fp, 0, 1, rows[i].group);
        add_people(&p, rows[i].tn, 0, 0, rows[i].group);
    }
    result *x = measure(&p, 2, NULL, 1);
    for (int i = 0; i < 3; i++) {
        char group[32];
        snprintf(group, sizeof group, "group=%s", rows[i].group);
        assert_near(row_value(row_of(x, "recall:1", group, NULL)), rows[i].recall, 1e-9);
        assert_near(row_value(row_of(x, "false_positive_rate:1", group, NULL)), rows[i].fpr, 1e-9);
    }
    result_free(x);
}

/* Empty and small denominators are null with a reason; missing groups are shown; no answer counts as wrong. */
static void nulls_and_missing(void **state) {
    (void)state;
    static people p;
    p.n = 0;
    add_people(&p, 40, 0, 0, "x");
    add_people(&p, 10, 0, -1, "x");
    add_people(&p, 5, 1, 1, "y");
    add_people(&p, 35, 1, 1, NULL);
    result *x = measure(&p, 3, NULL, 30);
    assert_near(row_value(row_of(x, "error", "group=x", NULL)), .2, 1e-9);
    assert_true(isnan(row_value(row_of(x, "error", "group=y", NULL))));
    assert_non_null(strstr(row_text(row_of(x, "error", "group=y", NULL), "reason"), "minimum of 30"));
    assert_true(isnan(row_value(row_of(x, "recall:1", "group=x", NULL))));
    assert_near(row_value(row_of(x, "error", "group=(missing)", NULL)), 0, 1e-9);
    assert_true(isnan(row_value(row_of(x, "macro_recall", "group=x", NULL))));
    result_free(x);
}

/* Properties: renaming groups changes nothing; doubling the data keeps the value and narrows the interval; the macro recall of equal classes is
 * the accuracy. */
static void properties(void **state) {
    (void)state;
    static people once, twice, renamed;
    once.n = twice.n = renamed.n = 0;
    for (int k = 0; k < 3; k++) {
        add_people(&once, 90, k, k, "u");
        add_people(&once, 10, k, (k + 1) % 3, "u");
        add_people(&once, 50, k, k, "v");
        add_people(&once, 50, k, (k + 2) % 3, "v");
    }
    renamed = once;
    for (int i = 0; i < renamed.n; i++)
        renamed.groups[i] = strcmp(once.groups[i], "u") == 0 ? "z" : "a";
    for (int copy = 0; copy < 2; copy++)
        for (int i = 0; i < once.n; i++)
            add_people(&twice, 1, once.labels[i], once.predictions[i], once.groups[i]);
    result *a = measure(&once, 3, NULL, 30), *b = measure(&twice, 3, NULL, 30),
           *c = measure(&renamed, 3, NULL, 30);
    const json *gap = row_of(a, "error_gap", "group=v", NULL),
               *doubled = row_of(b, "error_gap", "group=v", NULL);
    assert_near(row_value(gap), .4, 1e-9);
    assert_near(row_value(doubled), .4, 1e-9);
    assert_true(row_interval(doubled).hi - row_interval(doubled).lo <
                row_interval(gap).hi - row_interval(gap).lo);
    assert_near(row_interval(row_of(c, "error_gap", "group=a", NULL)).lo, row_interval(gap).lo, 1e-12);
    assert_near(row_value(row_of(a, "macro_recall", "group=u", NULL)), .9, 1e-9);
    result_free(a);
    result_free(b);
    result_free(c);
}

/* 40 clusters that are all right or all wrong: the design effect is the cluster size, and the cluster interval is about its square root times
 * wider than the one that takes images as independent. */
static void clusters_widen(void **state) {
    (void)state;
    static people p;
    static char names[80][8];
    p.n = 0;
    for (int cluster = 0; cluster < 80; cluster++) {
        snprintf(names[cluster], sizeof names[cluster], "w%d", cluster);
        int first = p.n;
        add_people(&p, 25, 0, cluster % 4 == 0, cluster < 40 ? "old" : "young");
        for (int i = first; i < p.n; i++)
            p.clusters[i] = names[cluster];
    }
    result *x = measure(&p, 2, "writer", 30);
    assert_near(row_value(row_of(x, "design_effect", "group=old", NULL)), 25, 1e-6);
    assert_near(row_value(row_of(x, "clusters", "group=old", NULL)), 40, 1e-9);
    interval naive = row_interval(row_of(x, "error", "group=old", "wilson"));
    interval honest = row_interval(row_of(x, "error", "group=old", "cluster-bootstrap"));
    double ratio = (honest.hi - honest.lo) / (naive.hi - naive.lo);
    if (ratio < 4 || ratio > 6)
        fail_msg("cluster interval is %.2f times the naive one, expected about 5", ratio);
    result_free(x);
}

/* Independent images, one a cluster: the bootstrap agrees with Newcombe, and threads do not matter. */
static void independent_clusters_agree(void **state) {
    (void)state;
    enum { N = 2000 };
    static uint8_t outcome[N];
    static int32_t half[N], own[N];
    static const char *halves[] = {"a", "b"};
    static const char *owners[N];
    rng random = rng_stream(7, "test", 0, 0, 0, 0);
    int wrong[2] = {0, 0};
    for (int i = 0; i < N; i++) {
        half[i] = i % 2;
        own[i] = i;
        outcome[i] = rng_uniform(&random) < (half[i] ? .2f : .1f);
        wrong[half[i]] += outcome[i];
    }
    partition groups = {.n_rows = N, .n_groups = 2, .codes = half, .names = halves};
    partition clusters = {.n_rows = N, .n_groups = N, .codes = own, .names = owners};
    cluster_interval one[2], eight[2];
    run r = run_default();
    err e;
    assert_ok(cluster_bootstrap(&groups, &clusters, outcome, 2000, .95, &r, one, &e), e);
    r.threads = 8;
    assert_ok(cluster_bootstrap(&groups, &clusters, outcome, 2000, .95, &r, eight, &e), e);
    assert_memory_equal(&one[1].gap, &eight[1].gap, sizeof one[1].gap);
    interval expected = newcombe(wrong[1], N / 2, wrong[0], N / 2, .95);
    assert_near(one[1].gap.lo, expected.lo, .006);
    assert_near(one[1].gap.hi, expected.hi, .006);
}

static void bad_input(void **state) {
    (void)state;
    static people p;
    p.n = 0;
    add_people(&p, 3, 0, 0, "x");
    table t = {.n_rows = 3};
    err e;
    run r = run_default();
    assert_ok(table_add_texts(&t, "group", p.groups, &e), e);
    const char *const columns[] = {"sex"};
    fairness_options o = fairness_options_default();
    o.columns = columns;
    o.n_columns = 1;
    fairness_outcomes outcomes = {
        .n = 3, .classes = 1, .labels = p.labels, .predictions = p.predictions, .eps = NAN};
    result *x = result_new("fairness", &r);
    assert_int_equal(fairness_measure(x, &t, &outcomes, &o, &r, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "group"));
    outcomes.n = 2;
    assert_int_equal(fairness_measure(x, &t, &outcomes, &o, &r, &e), STATUS_USAGE);
    outcomes.n = 3;
    p.predictions[1] = 5;
    assert_int_equal(fairness_measure(x, &t, &outcomes, &o, &r, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "row 1"));
    result_free(x);
    table_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gender_shades),     cmocka_unit_test(fairlearn_example),
        cmocka_unit_test(nulls_and_missing), cmocka_unit_test(properties),
        cmocka_unit_test(clusters_widen),    cmocka_unit_test(independent_clusters_agree),
        cmocka_unit_test(bad_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
