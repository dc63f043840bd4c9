/* Turned and shifted images: where pixels go, and the search of the grid against trying everything. */
#include <math.h>

#include "attacks/changed.h"
#include "attacks/spatial.h"
#include "nets/loss.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {6, 5, 1};
enum { N = 40, CLASSES = 3, D = 30 };

static const spatial_plan usual = {.degrees = 30, .shift = 0.2, .angles = 5, .shifts = 3, .random = 4};

typedef struct bench {
    fake *f;
    dataset d;
    run r;
    spatial_plan p;
} bench;

static bench bench_new(fake_kind kind) {
    bench b = {fake_new(kind, 61, image, CLASSES), fake_images(62, N, image, CLASSES, 0, 1), run_default(),
               usual};
    fake_label(b.f, &b.d);
    return b;
}

static void bench_free(bench *b) {
    dataset_free(&b->d);
    fake_free(b->f);
}

static void apply(spatial_plan p, spatial_move move, shape s, float *x) {
    float scratch[64];
    spatial_apply(&p, move, s, x, scratch);
}

/* A dot goes right and down by whole pixels, a quarter turn clockwise takes what is above to the right, and turning comes before shifting. */
static void pixels_go_where_they_should(void **state) {
    (void)state;
    const shape five = {5, 5, 1};
    static const struct {
        spatial_move move;
        int from, to;
    } cases[] = {{{0, 1, 2}, 12, 19},
                 {{0, -2, 0}, 12, 2},
                 {{90, 0, 0}, 2, 14},
                 {{-90, 0, 0}, 2, 10},
                 {{90, 1, 0}, 2, 19}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float x[25] = {0};
        x[cases[i].from] = 1;
        apply(usual, cases[i].move, five, x);
        for (int k = 0; k < 25; k++)
            assert_near(x[k], k == cases[i].to, 1e-5);
    }
}

/* A grey image stays grey where its border goes on, and darkens where black comes in. */
static void padding_is_what_it_says(void **state) {
    (void)state;
    const shape five = {5, 5, 1};
    spatial_plan edge = usual;
    edge.edge = true;
    float black[25], on[25], sum = 0;
    for (int i = 0; i < 25; i++)
        black[i] = on[i] = 0.5F;
    apply(edge, (spatial_move){17, 1.3F, -2.1F}, five, on);
    apply(usual, (spatial_move){17, 1.3F, -2.1F}, five, black);
    for (int i = 0; i < 25; i++) {
        assert_near(on[i], 0.5, 1e-6);
        assert_true(black[i] <= 0.5F + 1e-6F);
        sum += black[i];
    }
    assert_true(sum < 10);           /* of 12.5 */
    assert_near(black[14], 0, 1e-6); /* the middle of the right border */
}

static bool right_after(const bench *b, int row, const spatial_move *move) {
    float x[D], scratch[D], logits[CLASSES];
    err e = {{0}};
    dataset_image(&b->d, row, x);
    if (move) spatial_apply(&b->p, *move, image, x, scratch);
    assert_ok(model_forward(&b->f->m, 0, 1, x, false, logits, &e), e);
    return logits_correct(logits, CLASSES, b->d.labels[row]);
}

static double size_of(const bench *b, const spatial_move *m) {
    double a = (double)m->degrees / b->p.degrees, v = (double)m->down / (b->p.shift * image.h),
           h = (double)m->right / (b->p.shift * image.w);
    return a * a + v * v + h * h;
}

/* Every verdict is that of trying every move; and trying them all costs more. */
static void search_finds_what_is_there(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CURVED);
    int32_t *labels = (int32_t *)b.d.labels;
    spatial_result a;
    err e = {{0}};
    labels[3] = (labels[3] + 1) % CLASSES; /* wrong unchanged */
    assert_ok(spatial_run(&b.f->m, &b.d, &b.p, &b.r, &a, &e), e);
    assert_int_equal(a.grid, 45);
    assert_near(size_of(&b, &a.moves[0]), 0, 0);
    for (int i = 1; i < a.grid; i++)
        assert_true(size_of(&b, &a.moves[i]) >= size_of(&b, &a.moves[i - 1]) - 1e-6);
    int survivors = 0, broken = 0;
    for (int row = 0; row < N; row++) {
        int least = a.grid, random = 0, shifts = 1;
        bool clean = right_after(&b, row, NULL);
        for (int i = a.grid - 1; i >= 0; i--) {
            bool right = right_after(&b, row, &a.moves[i]);
            if (!right) least = i;
            if (a.moves[i].degrees == 0) shifts &= right;
        }
        for (int i = 0; i < b.p.random; i++) {
            spatial_move move = spatial_random(&b.p, image, b.r.seed, b.d.ids[row], i);
            assert_true(fabsf(move.degrees) <= 30 && fabsf(move.down) <= 1.2F && fabsf(move.right) <= 1);
            random += right_after(&b, row, &move);
        }
        for (int i = 0; i < b.p.angles; i++) {
            spatial_move move = {.degrees = (float)spatial_angle(&b.p, i)};
            assert_int_equal(a.angle_right[row * b.p.angles + i], right_after(&b, row, &move));
        }
        assert_int_equal(a.finished[row], 1);
        assert_int_equal(a.clean[row], clean);
        assert_int_equal(a.random_right[row], random);
        assert_int_equal(a.shift_right[row], shifts);
        assert_int_equal(a.least[row], clean ? least : -1);
        survivors += clean && least == a.grid;
        broken += clean && least < a.grid;
    }
    assert_int_equal(a.least[3], -1);
    assert_true(survivors + broken == N - 1 && broken > N / 2); /* else the test says little */
    assert_true(a.forwards < (uint64_t)N * (1 + 4 + 45));
    spatial_free(&a);
    bench_free(&b);
}

/* What does not look cannot be broken. */
static void blind_model_is_never_broken(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CONSTANT);
    spatial_result a;
    err e = {{0}};
    assert_ok(spatial_run(&b.f->m, &b.d, &b.p, &b.r, &a, &e), e);
    for (int row = 0; row < N; row++) {
        assert_int_equal(a.least[row], a.grid);
        assert_int_equal(a.random_right[row], b.p.random);
    }
    assert_int_equal(a.forwards, N * (1 + 4 + 45));
    spatial_free(&a);
    bench_free(&b);
}

/* Models that give no answer are told from those that give a wrong one. */
static void no_answer_is_told(void **state) {
    (void)state;
    const struct {
        fake_kind kind;
        int32_t answer;
    } cases[] = {{FAKE_TIED, ANSWER_TIED}, {FAKE_NAN, ANSWER_NOT_FINITE}, {FAKE_CONSTANT, 1}};
    for (int i = 0; i < 3; i++) {
        bench b = bench_new(FAKE_LINEAR);
        spatial_result a;
        err e = {{0}};
        b.f->kind = cases[i].kind;
        assert_ok(spatial_run(&b.f->m, &b.d, &b.p, &b.r, &a, &e), e);
        for (int row = 0; row < N; row++)
            assert_int_equal(a.answers[row], cases[i].answer);
        spatial_free(&a);
        bench_free(&b);
    }
}

static void threads_change_nothing(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CURVED);
    spatial_result one, four;
    err e = {{0}};
    b.p.edge = true;
    assert_ok(spatial_run(&b.f->m, &b.d, &b.p, &b.r, &one, &e), e);
    b.r.threads = 4;
    assert_ok(spatial_run(&b.f->m, &b.d, &b.p, &b.r, &four, &e), e);
    assert_memory_equal(one.least, four.least, N * sizeof *one.least);
    assert_memory_equal(one.random_right, four.random_right, N * sizeof *one.random_right);
    assert_memory_equal(one.angle_right, four.angle_right, (size_t)(N * b.p.angles));
    assert_int_equal(one.forwards, four.forwards);
    spatial_free(&one);
    spatial_free(&four);
    bench_free(&b);
}

static void refused(const bench *b, spatial_plan p, const char *message) {
    spatial_result a;
    err e = {{0}};
    assert_int_equal(spatial_run(&b->f->m, &b->d, &p, &b->r, &a, &e), STATUS_USAGE);
    if (!strstr(e.message, message)) fail_msg("\"%s\" does not say \"%s\"", e.message, message);
    assert_null(a.least);
}

static void nonsense_is_refused(void **state) {
    (void)state;
    bench b = bench_new(FAKE_LINEAR);
    spatial_plan p = usual;
    p.degrees = NAN;
    refused(&b, p, "largest angle nan");
    p = usual;
    p.shift = 1.5;
    refused(&b, p, "largest shift 1.5");
    p = usual;
    p.angles = 4;
    refused(&b, p, "expected odd numbers");
    p = usual;
    p.angles = 65535;
    refused(&b, p, "at most 65536 moves");
    p = usual;
    p.random = 0;
    refused(&b, p, "0 random moves");
    b.f->m.classes = 9;
    refused(&b, usual, "knows 9 classes");
    bench_free(&b);
}

static void cancelled_keeps_what_is_done(void **state) {
    (void)state;
    bench b = bench_new(FAKE_CONSTANT);
    volatile sig_atomic_t cancel = 0;
    spatial_result a;
    err e = {{0}};
    int done = 0;
    b.r.cancel = b.f->cancel = &cancel;
    b.f->cancel_after = 50;
    assert_int_equal(spatial_run(&b.f->m, &b.d, &b.p, &b.r, &a, &e), STATUS_CANCELLED);
    for (int row = 0; row < N; row++) {
        done += a.finished[row];
        if (!a.finished[row]) assert_true(a.least[row] == -1 && a.random_right[row] == 0 && !a.clean[row]);
    }
    assert_true(done > 0 && done < N);
    spatial_free(&a);
    bench_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_go_where_they_should), cmocka_unit_test(padding_is_what_it_says),
        cmocka_unit_test(search_finds_what_is_there),  cmocka_unit_test(blind_model_is_never_broken),
        cmocka_unit_test(no_answer_is_told),           cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(nonsense_is_refused),         cmocka_unit_test(cancelled_keeps_what_is_done)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
