/* Images of 256 levels: inside the ball in whole levels, wrong as said, and found where a linear model shows that there is one. */
#include "attacks/levels.h"

#include <math.h>

#include "attacks/runner.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {4, 4, 1};
enum { N = 60, SIZE = 16, MOST_CLASSES = 3 };

typedef struct bench {
    fake *f;
    dataset d;
    run r;
    attack_result a; /* examples of floats */
    double eps;
    norm norm;
    int32_t rows[N];
    int n; /* rows that they break */
    float images[N * SIZE], logits[N * MOST_CLASSES];
    uint8_t found[N];
    level_finds finds;
} bench;

static void bench_open(bench *b, fake_kind kind, int classes, const char *method, norm p, double eps) {
    *b = (bench){.f = fake_new(kind, 11, image, classes),
                 .d = fake_pixels(12, N, image, classes),
                 .r = run_default(),
                 .eps = eps,
                 .norm = p};
    fake_label(b->f, &b->d);
    attack_plan plan = {
        .method = attack_find(method), .norm = p, .eps = &b->eps, .n_eps = 1, .keep_examples = true};
    err e = {{0}};
    assert_ok(attack_run(&b->f->m, &b->d, &plan, &b->r, &b->a, &e), e);
    for (int row = 0; row < N; row++)
        if (b->a.broken_at[row] == 0) b->rows[b->n++] = row;
    b->finds = (level_finds){.found = b->found, .images = b->images, .logits = b->logits};
}

static void bench_close(bench *b) {
    attack_result_free(&b->a);
    dataset_free(&b->d);
    fake_free(b->f);
}

static int searched(bench *b) {
    level_plan plan = {.norm = b->norm, .eps = b->eps, .rows = b->rows, .n = b->n, .examples = b->a.examples};
    err e = {{0}};
    int found = 0;
    assert_ok(levels_search(&b->f->m, &b->d, &plan, &b->r, &b->finds, &e), e);
    for (int row = 0; row < N; row++)
        found += b->found[row];
    return found;
}

static int level_of(const bench *b, int row, int k) {
    return b->d.pixels[(size_t)row * SIZE + (size_t)k];
}

/* In whole numbers: how far in levels, squares of them, or values that differ. */
static long change_of(const bench *b, int row) {
    long most = 0, sum = 0;
    for (int k = 0; k < SIZE; k++) {
        float x = b->images[(size_t)row * SIZE + (size_t)k];
        long to = lrint(255.0 * (double)x), by = labs(to - level_of(b, row, k));
        if (!(x == (float)to / 255.0F && to >= 0 && to <= 255))
            fail_msg("row %d: %g is no level", row, (double)x);
        most = by > most ? by : most;
        sum += b->norm == NORM_L2 ? by * by : b->norm == NORM_L0 ? by != 0 : by;
    }
    return b->norm == NORM_LINF ? most : sum;
}

/* The most that a perturbation inside the ball of levels raises the other class of two of a linear model above the label's, from the unchanged image on. */
static double best_gain(const bench *b, int row) {
    double gain[SIZE], sum = 0;
    int room[SIZE], label = b->d.labels[row], left = (int)floor(255 * b->eps + 1e-9), most = left;
    for (int k = 0; k < SIZE; k++) {
        gain[k] = ((double)b->f->w[(1 - label) * SIZE + k] - b->f->w[label * SIZE + k]) / 255;
        room[k] = gain[k] > 0 ? 255 - level_of(b, row, k) : level_of(b, row, k);
        gain[k] = fabs(gain[k]);
        room[k] = room[k] < most ? room[k] : most;
    }
    for (int round = 0; round < SIZE && left > 0; round++) { /* L1: the steepest first */
        int best = 0;
        for (int k = 1; k < SIZE; k++)
            if (gain[k] * (room[k] > 0) > gain[best] * (room[best] > 0)) best = k;
        int take = b->norm == NORM_LINF || room[best] < left ? room[best] : left;
        sum += take * gain[best];
        if (b->norm == NORM_L1) left -= take;
        room[best] = 0;
    }
    return sum;
}

static double clean_gap(const bench *b, int row) {
    const float *z = b->a.clean_logits + (size_t)row * 2;
    int label = b->d.labels[row];
    return (double)z[label] - z[1 - label];
}

/* A linear model of two classes has a best image in the ball: with Linf what it breaks is found, with L1 at least what it breaks by a fifth of its way, and nothing else. An eps of k/255 is k levels, one of (k + 0.9)/255 as many. */
static void finds_all_of_a_linear_model(void **state) {
    (void)state;
    static const norm norms[] = {NORM_LINF, NORM_L1};
    for (int which = 0; which < 2; which++) {
        int possible = 0, impossible = 0, plain = 0;
        for (int k = 1; k <= 24; k++)
            for (int part = 0; part < 2; part++) {
                bench b;
                double levels = (norms[which] == NORM_L1 ? 8 : 1) * k + 0.9 * part;
                bench_open(&b, FAKE_LINEAR, 2, "pgd", norms[which], levels / 255);
                searched(&b);
                for (int i = 0; i < b.n; i++) {
                    int row = b.rows[i];
                    double beyond = best_gain(&b, row) - clean_gap(&b, row);
                    if (fabs(beyond) < 1e-4) continue; /* the sums of float32 decide */
                    if (b.norm == NORM_L1 && beyond > 0 && beyond < 0.2 * best_gain(&b, row)) continue;
                    if (b.found[row] != (beyond > 0))
                        fail_msg(
                            "%s, %g levels, row %d: %s, the best image lies %g of %g behind the boundary",
                            norm_name(b.norm), levels, row, b.found[row] ? "found" : "not found", beyond,
                            best_gain(&b, row));
                    possible += beyond > 0;
                    impossible += beyond <= 0;
                }
                plain += (int)b.finds.backwards;
                bench_close(&b);
            }
        if (!(possible > 100 && impossible > 3 && plain > 10))
            fail_msg("%d %d %d", possible, impossible, plain);
    }
}

/* In every norm: levels, inside in whole numbers, and wrong when asked anew. */
static void finds_lie_in_the_ball(void **state) {
    (void)state;
    static const struct {
        norm norm;
        const char *method;
        double eps[3];
    } cases[] = {{NORM_LINF, "pgd", {0.012, 0.02, 8.0 / 255}},
                 {NORM_L2, "fmn", {0.03, 0.05, 0.1}},
                 {NORM_L1, "fmn", {0.1, 0.2, 0.4}},
                 {NORM_L0, "fmn", {1, 2, 4}}};
    for (size_t c = 0; c < 4; c++)
        for (int i = 0; i < 3; i++) {
            bench b;
            bench_open(&b, FAKE_CURVED, 3, cases[c].method, cases[c].norm, cases[c].eps[i]);
            int found = searched(&b);
            double most = b.norm == NORM_L0 ? b.eps : 255 * b.eps;
            if (b.norm == NORM_L2) most *= most;
            for (int row = 0; row < N; row++) {
                float z[MOST_CLASSES];
                err e = {{0}};
                if (!b.found[row]) continue;
                if ((double)change_of(&b, row) > most * (1 + 1e-12))
                    fail_msg("row %d: %ld > %g", row, change_of(&b, row), most);
                assert_ok(model_forward(&b.f->m, 0, 1, b.images + (size_t)row * SIZE, false, z, &e), e);
                assert_memory_equal(z, b.logits + (size_t)row * 3, sizeof z);
                attack_sample s = {.classes = 3, .label = b.d.labels[row], .target = -1};
                assert_true(attack_succeeds(&s, z));
            }
            if (!(b.n > 5 && found > b.n * 2 / 3))
                fail_msg("%s %g: %d of %d", norm_name(b.norm), b.eps, found, b.n);
            bench_close(&b);
        }
}

static void same_for_any_threads(void **state) {
    (void)state;
    for (int k = NORM_LINF; k <= NORM_L1; k++) {
        bench one, four;
        const double sizes[] = {0.02, 0.05, 0.2};
        bench_open(&one, FAKE_CURVED, 3, "pgd", (norm)k, sizes[k]);
        bench_open(&four, FAKE_CURVED, 3, "pgd", (norm)k, sizes[k]);
        one.r.threads = 1;
        four.r.threads = 4;
        searched(&one);
        searched(&four);
        assert_memory_equal(one.found, four.found, sizeof one.found);
        assert_memory_equal(one.images, four.images, sizeof one.images);
        assert_memory_equal(one.logits, four.logits, sizeof one.logits);
        assert_int_equal(one.finds.forwards, four.finds.forwards);
        assert_int_equal(one.finds.backwards, four.finds.backwards);
        bench_close(&one);
        bench_close(&four);
    }
}

/* Without a gradient only the example itself and the edge of the ball are tried: one or two questions a row. */
static void no_gradient_no_walk(void **state) {
    (void)state;
    bench b;
    bench_open(&b, FAKE_CURVED, 3, "pgd", NORM_LINF, 0.0115);
    model_ops blind = *b.f->m.ops;
    const model_ops *whole = b.f->m.ops;
    blind.vjp = NULL;
    b.f->m.ops = &blind;
    int found = searched(&b);
    assert_int_equal(b.finds.backwards, 0);
    assert_in_range(b.finds.forwards, (uint64_t)b.n, 2 * (uint64_t)b.n);
    b.f->m.ops = whole;
    memset(b.found, 0, sizeof b.found);
    int more = searched(&b);
    assert_true(more > found);
    bench_close(&b);
}

/* A zero gradient ends a walk at once; a ball without another level costs nothing. */
static void hopeless_walks_are_cheap(void **state) {
    (void)state;
    bench b;
    bench_open(&b, FAKE_QUANTISED, 3, "square", NORM_LINF, 0.06);
    b.eps = 0.02;
    for (size_t i = 0; i < (size_t)N * SIZE; i++) {
        float x0 = (float)b.d.pixels[i] / 255.0F;
        b.a.examples[i] = fminf(fmaxf(b.a.examples[i], x0 - 0.02f), x0 + 0.02f);
    }
    searched(&b);
    assert_true(b.finds.backwards <= (uint64_t)b.n && b.finds.forwards <= 3 * (uint64_t)b.n);
    b.finds.forwards = 0;
    b.eps = 0.0039;
    searched(&b);
    assert_int_equal(b.finds.forwards, 0);
    bench_close(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_all_of_a_linear_model), cmocka_unit_test(finds_lie_in_the_ball),
        cmocka_unit_test(same_for_any_threads), cmocka_unit_test(no_gradient_no_walk),
        cmocka_unit_test(hopeless_walks_are_cheap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
