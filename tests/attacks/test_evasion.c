/* The methods against models whose smallest adversarial perturbation is known. */
#include <math.h>

#include "attacks/runner.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {3, 5, 3}; /* not square, three channels */

static attack_result attacked(fake *f, const dataset *d, attack_plan plan) {
    run r = run_default();
    attack_result a;
    err e = {{0}};
    assert_ok(attack_run(&f->m, d, &plan, &r, &a, &e), e);
    return a;
}

static attack_plan plan_of(const char *name, norm p, const double *eps, int n_eps) {
    return (attack_plan){
        .method = attack_find(name), .norm = p, .eps = eps, .n_eps = n_eps, .keep_examples = true};
}

/* |z_y - z_j| / ||w_y - w_j||_dual, the distance of x to where classes y and j are tied. */
static double distance_to(const fake *f, norm p, const float *z, int y, int j) {
    size_t d = shape_size(f->m.input);
    double dual = 0, scale = f->kind == FAKE_SURE ? 1000 : 1;
    for (size_t i = 0; i < d; i++) {
        double w = (double)f->w[(size_t)y * d + i] - f->w[(size_t)j * d + i];
        dual += p == NORM_LINF ? fabs(w) : w * w;
    }
    return ((double)z[y] - z[j]) / scale / (p == NORM_LINF ? dual : sqrt(dual));
}

static int nearest_class(const fake *f, norm p, const float *z, int y) {
    int nearest = y == 0;
    for (int j = 0; j < f->m.classes; j++)
        if (j != y && distance_to(f, p, z, y, j) < distance_to(f, p, z, y, nearest)) nearest = j;
    return nearest;
}

static void check_never_below(const fake *f, norm p, const dataset *d, const attack_result *a,
                              const double *eps) {
    for (int row = 0; row < d->n; row++) {
        const float *z = a->clean_logits + row * d->classes;
        int y = d->labels[row], broken = a->broken_at[row];
        double minimal = distance_to(f, p, z, y, nearest_class(f, p, z, y));
        if (broken < a->n_eps && eps[broken] < minimal * (1 - 1e-5))
            fail_msg("row %d: broken at %g below the minimal norm %g", row, eps[broken], minimal);
    }
}

enum { GRID = 40 };

/* eps from `least` upwards by 4 % each. */
static void fill_grid(double *eps, double least) {
    for (int i = 0; i < GRID; i++)
        eps[i] = least * pow(1.04, i);
}

/* Never broken below the minimal norm, and broken at the first eps of the grid well above it. With more than two classes the
 * attack is aimed at the nearest one: an untargeted one may follow another. */
static void check_oracle(fake_kind kind, norm p, int classes, double least, double slack) {
    enum { N = 60 };
    double eps[GRID];
    fill_grid(eps, least);
    fake *f = fake_new(kind, 7, image, classes);
    dataset d = fake_images(8, N, image, classes, 0.45f, 0.55f);
    fake_label(f, &d);
    attack_plan plan = plan_of("pgd", p, eps, GRID);
    plan.options.restarts = 5;
    attack_result a = attacked(f, &d, plan);
    int32_t targets[N];
    for (int row = 0; row < N; row++)
        targets[row] = nearest_class(f, p, a.clean_logits + row * classes, d.labels[row]);
    if (classes > 2) {
        check_never_below(f, p, &d, &a, eps);
        attack_result_free(&a);
        plan.targets = targets;
        a = attacked(f, &d, plan);
    }
    check_never_below(f, p, &d, &a, eps);
    int tested = 0;
    for (int row = 0; row < N; row++) {
        double minimal = distance_to(f, p, a.clean_logits + row * classes, d.labels[row], targets[row]);
        int broken = a.broken_at[row];
        assert_int_equal(a.clean_correct[row], 1);
        double previous = broken > 0 ? eps[broken - 1] : 0;
        if (previous > minimal * slack)
            fail_msg("row %d: not broken at %g, minimal norm %g", row, previous, minimal);
        if (broken < GRID) assert_true(a.distance[row] <= eps[broken] * (1 + 1e-6));
        tested += broken > 0 && broken < GRID;
    }
    if (tested < N / 3) fail_msg("only %d of %d samples break inside the grid", tested, N);
    assert_int_equal(a.outside.count + a.recheck_failed.count + a.not_finite.count + a.zero_gradient.count,
                     0);
    attack_result_free(&a);
    dataset_free(&d);
    fake_free(f);
}

static void test_linear_two_classes(void **state) {
    (void)state;
    check_oracle(FAKE_LINEAR, NORM_LINF, 2, 0.002, 1.001);
    check_oracle(FAKE_LINEAR, NORM_L2, 2, 0.01, 1.001);
}

/* Cross entropy pushes towards all classes at once; with large logits that is the best of them, as the oracle wants. */
static void test_linear_many_classes(void **state) {
    (void)state;
    check_oracle(FAKE_SURE, NORM_LINF, 5, 0.002, 1.04);
    check_oracle(FAKE_SURE, NORM_L2, 5, 0.01, 1.04);
}

/* Aimed at the class nearest by, it succeeds where an untargeted one can; a class far away needs its own distance. */
static void test_targeted(void **state) {
    (void)state;
    enum { N = 40, CLASSES = 4 };
    double eps[GRID];
    fill_grid(eps, 0.002);
    fake *f = fake_new(FAKE_LINEAR, 9, image, CLASSES);
    dataset d = fake_images(10, N, image, CLASSES, 0.45f, 0.55f);
    fake_label(f, &d);
    int32_t targets[N];
    for (int row = 0; row < N; row++)
        targets[row] = (d.labels[row] + 1 + row % (CLASSES - 1)) % CLASSES;
    attack_plan plan = plan_of("pgd", NORM_LINF, eps, GRID);
    plan.targets = targets;
    attack_result a = attacked(f, &d, plan);
    int hits = 0;
    for (int row = 0; row < N; row++) {
        if (a.broken_at[row] == GRID) continue;
        const float *z = a.example_logits + row * CLASSES;
        for (int c = 0; c < CLASSES; c++)
            assert_true(c == targets[row] || z[targets[row]] > z[c]);
        double least = distance_to(f, NORM_LINF, a.clean_logits + row * CLASSES, d.labels[row], targets[row]);
        if (eps[a.broken_at[row]] < least * (1 - 1e-5))
            fail_msg("row %d: target %d reached at %g below %g", row, targets[row], eps[a.broken_at[row]],
                     least);
        hits++;
    }
    assert_true(hits > N / 4);
    attack_result_free(&a);
    dataset_free(&d);
    fake_free(f);
}

static void assert_same(const attack_result *a, const attack_result *b, size_t d) {
    assert_memory_equal(a->broken_at, b->broken_at, (size_t)a->n * sizeof *a->broken_at);
    assert_memory_equal(a->examples, b->examples, (size_t)a->n * d * sizeof(float));
}

static void test_fgsm_is_one_step_of_bim(void **state) {
    (void)state;
    const double eps[] = {0.005, 0.01, 0.03};
    fake *f = fake_new(FAKE_CURVED, 1, image, 3);
    dataset d = fake_images(2, 50, image, 3, 0, 1);
    for (int p = NORM_LINF; p <= NORM_L2; p++) {
        attack_plan bim = plan_of("bim", (norm)p, eps, 3);
        bim.options.steps = 1;
        bim.options.step_size = 1;
        attack_result a = attacked(f, &d, plan_of("fgsm", (norm)p, eps, 3)), b = attacked(f, &d, bim);
        assert_same(&a, &b, shape_size(image));
        attack_result_free(&a);
        attack_result_free(&b);
    }
    dataset_free(&d);
    fake_free(f);
}

/* Where the model is so sure that p - 1 is 0 in float32, the attack goes as without the factor 1000. */
static void test_sure_model_does_not_hide_its_gradient(void **state) {
    (void)state;
    const double eps[] = {0.01, 0.03, 0.1};
    fake *plain = fake_new(FAKE_LINEAR, 3, image, 2), *sure = fake_new(FAKE_SURE, 3, image, 2);
    dataset d = fake_images(4, 50, image, 2, 0, 1);
    fake_label(plain, &d);
    attack_result a = attacked(plain, &d, plan_of("pgd", NORM_LINF, eps, 3));
    attack_result b = attacked(sure, &d, plan_of("pgd", NORM_LINF, eps, 3));
    assert_same(&a, &b, shape_size(image));
    assert_int_equal(b.zero_gradient.count, 0);
    assert_true(attack_survivors(&a, 2) < 50);
    attack_result_free(&a);
    attack_result_free(&b);
    dataset_free(&d);
    fake_free(plain);
    fake_free(sure);
}

/* The loss and its direction, as a method sees them: finite differences of the loss. */
typedef struct probe {
    float gradient[45];
    float loss;
    int step;
} probe;

static size_t probe_bytes(const attack_sample *s) {
    (void)s;
    return sizeof(probe);
}

static ask probe_start(const attack_sample *s, void *state, float *x) {
    ((probe *)state)->step = 0;
    memcpy(x, s->x0, s->d * sizeof *x);
    x[0] += 0.01f;
    return ASK_GRADIENT;
}

static ask probe_step(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    probe *p = state;
    const float h = 1e-3f;
    if (p->step == 0) {
        memcpy(p->gradient, a->gradient, s->d * sizeof *x);
        p->loss = a->loss;
    } else {
        int i = p->step - 1;
        int aim = s->target >= 0 ? s->target : s->label;
        double sum = 0, most = -INFINITY;
        for (int c = 0; c < s->classes; c++)
            most = fmax(most, a->logits[c]);
        for (int c = 0; c < s->classes; c++)
            sum += exp(a->logits[c] - most);
        double p_aim = exp(a->logits[aim] - most) / sum, expected = p->gradient[i] * (1 - p_aim);
        if (s->target < 0) assert_near(a->loss, -log(p_aim), 1e-4);
        if (s->target >= 0) assert_near(a->loss, log(p_aim), 1e-4);
        assert_near((a->loss - p->loss) / h, expected, 0.05 + 0.05 * fabs(expected));
        x[i] -= h;
    }
    if (p->step == (int)s->d) return ASK_DONE;
    x[p->step++] += h;
    return ASK_FORWARD;
}

static const attack probe_attack = {.name = "probe",
                                    .norms = 3,
                                    .needs_gradient = true,
                                    .defaults = {.steps = 1, .restarts = 1},
                                    .reach = 1,
                                    .state_bytes = probe_bytes,
                                    .start = probe_start,
                                    .step = probe_step};

static void test_direction_is_that_of_cross_entropy(void **state) {
    (void)state;
    const double eps[] = {0.5};
    fake *f = fake_new(FAKE_LINEAR, 5, image, 3);
    dataset d = fake_images(6, 1, image, 3, 0.5f, 0.51f);
    int32_t target = (d.labels[0] + 1) % 3;
    fake_label(f, &d);
    attack_plan plan = {.method = &probe_attack, .eps = eps, .n_eps = 1, .no_drop = true};
    attack_result a = attacked(f, &d, plan);
    attack_result_free(&a);
    target = (d.labels[0] + 1) % 3;
    plan.targets = &target;
    a = attacked(f, &d, plan);
    attack_result_free(&a);
    dataset_free(&d);
    fake_free(f);
}

static void test_restarts_only_help(void **state) {
    (void)state;
    enum { N = 80 };
    const double eps[] = {0.002, 0.005, 0.01};
    const char *const names[] = {"pgd", "noise"};
    fake *f = fake_new(FAKE_CURVED, 11, image, 3);
    dataset d = fake_images(12, N, image, 3, 0, 1);
    fake_label(f, &d);
    for (int name = 0; name < 2; name++) {
        attack_plan plan = plan_of(names[name], NORM_LINF, eps, 3);
        plan.options.steps = name == 0 ? 2 : 0;
        attack_result once = attacked(f, &d, plan);
        plan.options.restarts = 6;
        attack_result often = attacked(f, &d, plan);
        int better = 0;
        for (int row = 0; row < N; row++) {
            if (often.broken_at[row] > once.broken_at[row])
                fail_msg("%s: row %d broken at %d once, at %d in six starts", names[name], row,
                         once.broken_at[row], often.broken_at[row]);
            better += often.broken_at[row] < once.broken_at[row];
        }
        assert_true(better > 0);
        attack_result_free(&once);
        attack_result_free(&often);
    }
    dataset_free(&d);
    fake_free(f);
}

static void test_options_are_filled_in(void **state) {
    (void)state;
    const attack *pgd = attack_find("pgd"), *bim = attack_find("bim");
    attack_options o = attack_options_fill(pgd, (attack_options){.steps = 20});
    assert_true(o.falling && o.random_start && o.steps == 20 && o.restarts == 1);
    assert_near(o.step_size * 20, pgd->reach, 1e-12);
    o = attack_options_fill(pgd, (attack_options){.step_size = 0.25, .restarts = 3});
    assert_true(!o.falling && o.steps == 40 && o.step_size == 0.25 && o.restarts == 3);
    o = attack_options_fill(bim, (attack_options){.restarts = 3});
    assert_true(!o.falling && !o.random_start && o.restarts == 1);
    o = attack_options_fill(bim, (attack_options){.restarts = 3, .random_start = true});
    assert_true(o.random_start && o.restarts == 3);
}

/* On a linear model every gradient points one way, so the length of the path shows: without the ball it is the reach. */
static double path_length;

static ask walk_start(const attack_sample *s, void *state, float *x) {
    path_length = 0;
    return attack_find("pgd")->start(s, state, x);
}

static ask walk_step(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    float before = x[0];
    ask next = attack_find("pgd")->step(s, state, a, x);
    path_length += fabs((double)x[0] - before) / s->eps;
    return next;
}

static void test_falling_steps_add_up_to_the_reach(void **state) {
    (void)state;
    const double eps[] = {0.1};
    attack walk = *attack_find("pgd");
    walk.reach = 0.5; /* stays inside the ball */
    walk.defaults.random_start = false;
    walk.start = walk_start;
    walk.step = walk_step;
    fake *f = fake_new(FAKE_LINEAR, 3, image, 2);
    dataset d = fake_images(6, 1, image, 2, 0.5f, 0.51f);
    fake_label(f, &d);
    for (int steps = 1; steps <= 16; steps *= 4) {
        attack_plan plan = {
            .method = &walk, .eps = eps, .n_eps = 1, .no_drop = true, .options = {.steps = steps}};
        attack_result a = attacked(f, &d, plan);
        assert_near(path_length, 0.5, 1e-4);
        attack_result_free(&a);
    }
    dataset_free(&d);
    fake_free(f);
}

static void test_registry(void **state) {
    (void)state;
    assert_null(attack_find("nonsense"));
    assert_null(attack_at(-1));
    int count = 0;
    for (const attack *a; (a = attack_at(count)); count++) {
        assert_ptr_equal(attack_find(a->name), a);
        assert_true(a->title && a->norms && a->defaults.steps >= 1 && a->defaults.restarts >= 1 &&
                    (a->reach > 0 || a->defaults.step_size > 0));
    }
    assert_true(count >= 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_two_classes),
        cmocka_unit_test(test_linear_many_classes),
        cmocka_unit_test(test_targeted),
        cmocka_unit_test(test_fgsm_is_one_step_of_bim),
        cmocka_unit_test(test_sure_model_does_not_hide_its_gradient),
        cmocka_unit_test(test_direction_is_that_of_cross_entropy),
        cmocka_unit_test(test_restarts_only_help),
        cmocka_unit_test(test_options_are_filled_in),
        cmocka_unit_test(test_falling_steps_add_up_to_the_reach),
        cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
