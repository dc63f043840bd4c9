/* Classes, pushes, distances, rounding and time from results whose answers are known. */
#include <math.h>

#include "audit/evasion_details.h"
#include "audit/rows.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {4, 4, 1};
enum { N = 80, CLASSES = 3, SIZE = 16 };

typedef struct bench {
    fake *f;
    dataset d;
    run r;
    result *x;
} bench;

static bench bench_new(void) {
    bench b = {fake_new(FAKE_CURVED, 5, image, CLASSES), fake_pixels(6, N, image, CLASSES), run_default(),
               NULL};
    fake_label(b.f, &b.d);
    b.x = result_new("attack", &b.r);
    return b;
}

static void bench_free(bench *b) {
    result_free(b->x);
    dataset_free(&b->d);
    fake_free(b->f);
}

static evasion attacked(bench *b, const evasion_plan *p) {
    evasion v;
    err e = {{0}};
    assert_ok(evasion_run(&b->f->m, &b->d, p, &b->r, &v, &e), e);
    return v;
}

static const json *body(const bench *b) {
    return json_get(result_json(b->x), "body");
}

static const json *need_row(const bench *b, const char *metric, const char *name, const char *group,
                            double eps) {
    row_query q = {.metric = metric, .attack = name, .group = group, .eps = eps};
    const json *row = row_find(body(b), &q);
    if (!row) fail_msg("no row %s %s %s %g", metric, name, group, eps);
    return row;
}

/* --- what was run ---------------------------------------------------------------------------------------- */

static const double sweep[] = {2.0 / 255, 8.0 / 255, 0.05};

static evasion_plan plan_of(const char *first, const char *second) {
    return (evasion_plan){.methods = {attack_find(first), second ? attack_find(second) : NULL},
                          .n_methods = second ? 2 : 1,
                          .eps = sweep,
                          .n_eps = 3,
                          .keep_best = true};
}

/* The best of two methods is what their union says, and its examples are what they are said to be. */
static void best_is_the_union(void **state) {
    (void)state;
    bench b = bench_new();
    evasion_plan p = plan_of("noise", "pgd");
    evasion v = attacked(&b, &p);
    uint8_t correct[N];
    for (int i = 0; i < 3; i++)
        assert_int_equal(evasion_correct(&v, EVASION_UNION, i, correct), attack_survivors(&v.best, i));
    assert_true(attack_survivors(&v.best, 2) < N);
    for (int row = 0; row < N; row++) {
        const float *x = v.best.examples + (size_t)row * SIZE;
        float x0[SIZE];
        dataset_image(&b.d, row, x0);
        if (v.best.broken_at[row] < 3)
            assert_near(ball_distance(NORM_LINF, x0, x, SIZE), (double)v.best.distance[row], 1e-7);
        else
            assert_memory_equal(x, x0, sizeof x0);
    }
    evasion_free(&v);
    bench_free(&b);
}

/* Images and survivors of the classes sum to those of all. */
static void classes_sum_to_all(void **state) {
    (void)state;
    bench b = bench_new();
    evasion_plan p = plan_of("noise", "pgd");
    evasion v = attacked(&b, &p);
    evasion_record_classes(b.x, &b.d, &p, &v);
    for (int i = 0; i < 3; i++) {
        double survivors = 0;
        int64_t n = 0;
        for (int class = 0; class < CLASSES; class ++) {
            char group[32];
            snprintf(group, sizeof group, "class=%d", class);
            const json *row = need_row(&b, "accuracy", "union", group, sweep[i]);
            survivors += row_value(row) * (double)row_n(row);
            n += row_n(row);
            assert_near(row_value(need_row(&b, "accuracy", "none", group, NAN)), 1, 0);
        }
        assert_int_equal(n, N);
        assert_near(survivors, (double)attack_survivors(&v.best, i), 1e-6);
    }
    evasion_free(&v);
    bench_free(&b);
}

/* Every broken image is in one pair, and no pair leads home. */
static void pushes_count_what_is_broken(void **state) {
    (void)state;
    bench b = bench_new();
    evasion_plan p = plan_of("pgd", NULL);
    evasion v = attacked(&b, &p);
    evasion_record_pushed(b.x, &b.d, &p, &v);
    const json *pushed = json_get(json_get(body(&b), "extra"), "pushed"), *list = json_get(pushed, "eps");
    assert_string_equal(json_as_string(json_get(pushed, "attack")), "pgd");
    assert_int_equal(json_count(list), 3);
    for (size_t i = 0; i < 3; i++) {
        const json *pairs = json_get(json_at(list, i), "pairs");
        int64_t sum = 0;
        for (size_t k = 0; k < json_count(pairs); k++) {
            const json *pair = json_at(pairs, k);
            assert_true(json_as_int(json_at(pair, 0), 9) != json_as_int(json_at(pair, 1), 9));
            sum += json_as_int(json_at(pair, 2), 0);
        }
        assert_int_equal(sum, N - attack_survivors(&v.best, (int)i));
        assert_int_equal(sum, json_as_int(json_get(json_at(list, i), "n"), -1));
    }
    evasion_free(&v);
    bench_free(&b);
}

/* --- distances of a made-up result ----------------------------------------------------------------------- */

/* Distances 1..n of n images, in mixed order, those above `largest` not broken. */
static evasion made_up(int n, int largest) {
    evasion v = {.n_done = 1};
    attack_result *a = &v.results[0];
    *a = (attack_result){.n = n, .n_eps = 1, .classes = CLASSES};
    a->clean_correct = malloc((size_t)n);
    a->broken_at = malloc((size_t)n * sizeof *a->broken_at);
    a->distance = malloc((size_t)n * sizeof *a->distance);
    for (int i = 0; i < n; i++) {
        int distance = i * 7 % n + 1;
        a->clean_correct[i] = 1;
        a->broken_at[i] = distance > largest;
        a->distance[i] = distance > largest ? NAN : (float)distance;
    }
    v.best = *a;
    return v;
}

static void distances_of(bench *b, const char *method, int n, int largest) {
    const double eps = largest;
    evasion_plan p = {
        .methods = {attack_find(method)}, .n_methods = 1, .norm = NORM_L2, .eps = &eps, .n_eps = 1};
    evasion v = made_up(n, largest);
    dataset d = {.n = n, .classes = CLASSES};
    evasion_record_distances(b->x, &d, &p, &v);
    v.best = (attack_result){0}; /* shares the arrays */
    evasion_free(&v);
}

static void quantiles_are_order_statistics(void **state) {
    (void)state;
    bench b = bench_new();
    distances_of(&b, "fmn", 100, 100);
    const json *row = need_row(&b, "distance_median", "fmn", "all", NAN);
    assert_near(row_value(row), 50, 0);
    assert_near(row_interval(row).lo, 40, 0); /* the ranks of the tables for n = 100 */
    assert_near(row_interval(row).hi, 61, 0);
    assert_near(row_value(need_row(&b, "distance_q10", "fmn", "all", NAN)), 10, 0);
    assert_near(row_value(need_row(&b, "distance_q90", "fmn", "all", NAN)), 90, 0);
    const json *one = json_at(json_get(json_get(body(&b), "extra"), "distances"), 0),
               *curve = json_get(one, "curve");
    assert_true(json_as_bool(json_get(one, "walk"), false));
    assert_int_equal(json_count(curve), 101);
    assert_near(json_as_real(json_at(json_at(curve, 50), 1), NAN), 0.5, 1e-9);
    bench_free(&b);
}

/* What the largest eps did not break lies beyond it: never a number. */
static void survivors_are_censored(void **state) {
    (void)state;
    bench b = bench_new();
    distances_of(&b, "pgd", 100, 55);
    const json *row = need_row(&b, "distance_median", "pgd", "all", NAN);
    assert_near(row_value(row), 50, 0);
    assert_near(row_interval(row).lo, 40, 0);
    assert_true(isnan(row_interval(row).hi));
    row = need_row(&b, "distance_q90", "pgd", "all", NAN);
    assert_true(isnan(row_value(row)));
    assert_string_equal(row_text(row, "reason"), "beyond the largest eps, 55");
    const json *one = json_at(json_get(json_get(body(&b), "extra"), "distances"), 0);
    assert_false(json_as_bool(json_get(one, "walk"), true));
    assert_int_equal(json_as_int(json_get(one, "beyond"), 0), 45);
    err e;
    assert_ok(result_check(result_json(b.x), "result", &e), e);
    bench_free(&b);
}

/* --- rounding -------------------------------------------------------------------------------------------- */

static void assert_levels_in_ball(const bench *b, const evasion_plan *p, const attack_result *a) {
    for (int row = 0; row < N; row++) {
        float x0[SIZE];
        const float *x = a->examples + (size_t)row * SIZE;
        dataset_image(&b->d, row, x0);
        for (int k = 0; k < SIZE; k++)
            assert_true(x[k] == (float)lrintf(255 * x[k]) / 255.0F);
        if (a->broken_at[row] == p->n_eps)
            assert_memory_equal(x, x0, sizeof x0);
        else
            assert_true((double)a->distance[row] <= p->eps[a->broken_at[row]]);
    }
}

/* In every norm: levels, inside, broken as asked anew, and never more of them than before. */
static void rounded_images_are_levels_in_the_ball(void **state) {
    (void)state;
    static const char *const methods[] = {"pgd", "fmn", "pgd", "fmn"};
    static const double sizes[][3] = {{2.0 / 255, 0.02, 0.05}, {0.05, 0.1, 0.2}, {0.1, 0.3, 0.6}, {1, 2, 4}};
    for (int k = NORM_LINF; k <= NORM_L0; k++) {
        bench b = bench_new();
        evasion_plan p = plan_of(methods[k], NULL);
        p.norm = (norm)k;
        p.eps = sizes[k];
        evasion v = attacked(&b, &p);
        attack_result rounded;
        err e = {{0}};
        assert_ok(evasion_round(&b.f->m, &b.d, &p, &v.best, &b.r, &rounded, &e), e);
        assert_levels_in_ball(&b, &p, &rounded);
        int kept = 0, broken = 0;
        for (int row = 0; row < N; row++) {
            broken += v.best.broken_at[row] < 3;
            kept += rounded.broken_at[row] < 3;
            assert_true(rounded.broken_at[row] >= v.best.broken_at[row]);
        }
        if (!(broken > N / 8 && kept > broken / 2))
            fail_msg("%s: %d of %d stay broken", norm_name(p.norm), kept, broken);
        evasion_record_rounded(b.x, &p, &v, &rounded);
        double share = row_value(need_row(&b, "uint8_accuracy", methods[k], "all", sizes[k][2]));
        assert_near(share, 1 - (double)kept / N, 1e-12);
        attack_result_free(&rounded);
        evasion_free(&v);
        bench_free(&b);
    }
}

static void floats_have_no_levels(void **state) {
    (void)state;
    bench b = bench_new();
    dataset floats = fake_images(3, N, image, CLASSES, 0, 1);
    evasion_plan p = plan_of("noise", NULL);
    evasion v = attacked(&b, &p);
    attack_result rounded;
    err e = {{0}};
    assert_int_equal(evasion_round(&b.f->m, &floats, &p, &v.best, &b.r, &rounded, &e), STATUS_USAGE);
    assert_null(rounded.examples);
    dataset_free(&floats);
    evasion_free(&v);
    bench_free(&b);
}

/* --- time ------------------------------------------------------------------------------------------------ */

/* No time at all: every image that is right counts as right, and the base is complete. */
static void no_time_gives_the_clean_bound(void **state) {
    (void)state;
    bench b = bench_new();
    evasion_plan p = plan_of("pgd", "bim");
    p.seconds = 1e-9;
    evasion v = attacked(&b, &p);
    assert_true(v.out_of_time && v.cut_short);
    assert_int_equal(v.n_done, 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(attack_survivors(&v.best, i), N);
    evasion_record(b.x, &b.d, &p, &v);
    evasion_record_time(b.x, &b.d, &p, &v);
    assert_near(row_value(need_row(&b, "accuracy", "pgd", "all", sweep[2])), 1, 0);
    const json *finished = need_row(&b, "finished_accuracy", "pgd", "all", sweep[0]);
    assert_int_equal(row_n(finished), 0); /* all are right and none was carried to its end */
    assert_true(isnan(row_value(finished)));
    const json *warning = json_at(json_get(body(&b), "warnings"), 0);
    assert_string_equal(row_text(warning, "code"), "TIME_BUDGET");
    evasion_free(&v);
    bench_free(&b);
}

/* Time enough changes no figure. */
static void enough_time_changes_nothing(void **state) {
    (void)state;
    bench b = bench_new();
    evasion_plan p = plan_of("noise", "pgd");
    evasion alone = attacked(&b, &p);
    p.seconds = 1000;
    evasion v = attacked(&b, &p);
    assert_false(v.out_of_time || v.cut_short);
    assert_memory_equal(v.best.broken_at, alone.best.broken_at, N * sizeof *v.best.broken_at);
    evasion_record(b.x, &b.d, &p, &v);
    evasion_record_time(b.x, &b.d, &p, &v);
    assert_int_equal(json_count(json_get(body(&b), "warnings")), 0);
    assert_near(json_as_real(json_get(json_get(body(&b), "settings"), "time_budget"), 0), 1000, 0);
    evasion_free(&alone);
    evasion_free(&v);
    bench_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(best_is_the_union),
                                       cmocka_unit_test(classes_sum_to_all),
                                       cmocka_unit_test(pushes_count_what_is_broken),
                                       cmocka_unit_test(quantiles_are_order_statistics),
                                       cmocka_unit_test(survivors_are_censored),
                                       cmocka_unit_test(rounded_images_are_levels_in_the_ball),
                                       cmocka_unit_test(floats_have_no_levels),
                                       cmocka_unit_test(no_time_gives_the_clean_bound),
                                       cmocka_unit_test(enough_time_changes_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
