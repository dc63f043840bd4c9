#include <math.h>

#include "attacks/evasion/evasion_internal.h"
#include "tests/support/test.h"

enum { D = 40 };

typedef struct scene {
    float x0[D], lb[D], ub[D];
    attack_options options;
    attack_sample s;
} scene;

static void scene_box(scene *c, norm p, double eps) {
    c->s =
        (attack_sample){.d = D, .norm = p, .eps = eps, .x0 = c->x0, .lb = c->lb, .ub = c->ub, .target = -1};
    ball_box(p, eps, c->x0, D, c->lb, c->ub);
}

/* As in MNIST: many components at 0 or 1. */
static void scene_fill(scene *c, rng *g) {
    for (int i = 0; i < D; i++)
        c->x0[i] = fminf(fmaxf(rng_range(g, -1, 2), 0), 1);
}

static bool inside(const scene *c, const float *x) {
    return ball_contains(c->s.norm, c->s.eps, c->x0, c->lb, c->ub, x, D);
}

static void test_every_move_stays_inside(void **state) {
    (void)state;
    const double radii[] = {1e-9, 1e-4, 0.01, 8.0 / 255, 0.3, 2, 100};
    rng g = rng_stream(1, "test", 0, 0, 0, 0);
    for (int trial = 0; trial < 300; trial++) {
        scene c;
        scene_fill(&c, &g);
        for (int e = 0; e < 7; e++)
            for (int p = NORM_LINF; p <= NORM_L2; p++) {
                float x[D], gradient[D];
                scene_box(&c, (norm)p, radii[e]);
                ball_random(&c.s, &g, x);
                if (!inside(&c, x)) fail_msg("%s eps %g: random start outside", norm_name((norm)p), radii[e]);
                for (int step = 0; step < 5; step++) {
                    for (int i = 0; i < D; i++)
                        gradient[i] = rng_normal(&g);
                    ball_ascend(&c.s, 0.7, gradient, x);
                    if (!inside(&c, x))
                        fail_msg("%s eps %g: step %d outside", norm_name((norm)p), radii[e], step);
                }
            }
    }
}

static void test_random_linf_is_uniform(void **state) {
    (void)state;
    enum { DRAWS = 2000, BINS = 10 };
    rng g = rng_stream(2, "test", 0, 0, 0, 0);
    scene c;
    int counts[BINS] = {0};
    for (int i = 0; i < D; i++)
        c.x0[i] = 0.5f;
    scene_box(&c, NORM_LINF, 0.25);
    for (int draw = 0; draw < DRAWS; draw++) {
        float x[D];
        ball_random(&c.s, &g, x);
        for (int i = 0; i < D; i++)
            counts[(int)fmin((x[i] - 0.25) * 2 * BINS, BINS - 1)]++;
    }
    double expected = DRAWS * D / (double)BINS, chi2 = 0;
    for (int bin = 0; bin < BINS; bin++)
        chi2 += (counts[bin] - expected) * (counts[bin] - expected) / expected;
    if (chi2 > 27.9) fail_msg("chi-square %g with 9 degrees of freedom, p < .001", chi2);
}

/* In the uniform ball, (distance / eps)^d is uniform on [0, 1] and every direction is alike. */
static void test_random_l2_is_uniform(void **state) {
    (void)state;
    enum { DRAWS = 20000, BINS = 10 };
    rng g = rng_stream(3, "test", 0, 0, 0, 0);
    scene c;
    int counts[BINS] = {0};
    double sum = 0;
    for (int i = 0; i < D; i++)
        c.x0[i] = 0.5f;
    scene_box(&c, NORM_L2, 0.25);
    for (int draw = 0; draw < DRAWS; draw++) {
        float x[D];
        ball_random(&c.s, &g, x);
        double u = pow(ball_distance(NORM_L2, c.x0, x, D) / 0.25, D);
        counts[(int)fmin(u * BINS, BINS - 1)]++;
        sum += (x[0] - 0.5) / 0.25;
    }
    double expected = DRAWS / (double)BINS, chi2 = 0;
    for (int bin = 0; bin < BINS; bin++)
        chi2 += (counts[bin] - expected) * (counts[bin] - expected) / expected;
    if (chi2 > 27.9) fail_msg("chi-square %g with 9 degrees of freedom, p < .001", chi2);
    assert_near(sum / DRAWS, 0, 4 / sqrt((double)DRAWS * D));
}

/* The projection x of z on a convex set is the member with (z - x) (y - x) <= 0 for every member y. */
static void test_l2_projection_is_the_nearest_point(void **state) {
    (void)state;
    rng g = rng_stream(4, "test", 0, 0, 0, 0);
    for (int trial = 0; trial < 300; trial++) {
        scene c;
        float z[D], x[D], y[D], zeros[D] = {0};
        scene_fill(&c, &g);
        scene_box(&c, NORM_L2, 0.5 + rng_uniform(&g));
        for (int i = 0; i < D; i++)
            z[i] = x[i] = c.x0[i] + rng_normal(&g);
        ball_ascend(&c.s, 1, zeros, x);
        for (int other = 0; other < 200; other++) {
            double product = 0;
            ball_random(&c.s, &g, y);
            for (int i = 0; i < D; i++)
                product += ((double)z[i] - x[i]) * ((double)y[i] - x[i]);
            if (product > 1e-5) fail_msg("trial %d: a member lies nearer, product %g", trial, product);
        }
    }
}

static void test_l2_uses_the_whole_radius(void **state) {
    (void)state;
    scene c;
    float x[D], gradient[D];
    for (int i = 0; i < D; i++) {
        c.x0[i] = i < D / 2 ? 0 : 0.5f;
        gradient[i] = i < D / 2 ? -1 : 1; /* half of it leads out of the box */
    }
    scene_box(&c, NORM_L2, 1);
    memcpy(x, c.x0, sizeof x);
    ball_ascend(&c.s, 3, gradient, x);
    assert_near(ball_distance(NORM_L2, c.x0, x, D), 1, 1e-5);
}

static void test_useless_gradients_move_nothing(void **state) {
    (void)state;
    scene c;
    float x[D], zeros[D] = {0}, nans[D];
    for (int i = 0; i < D; i++) {
        c.x0[i] = 0.5f;
        nans[i] = NAN;
    }
    for (int p = NORM_LINF; p <= NORM_L2; p++) {
        scene_box(&c, (norm)p, 0.1);
        memcpy(x, c.x0, sizeof x);
        ball_ascend(&c.s, 1, zeros, x);
        assert_memory_equal(x, c.x0, sizeof x);
        ball_ascend(&c.s, 1, nans, x);
        assert_memory_equal(x, c.x0, sizeof x);
    }
}

/* Gradients near the end of float32 keep their direction. */
static void test_l2_direction_of_tiny_gradients(void **state) {
    (void)state;
    scene c;
    float x[D], gradient[D] = {3e-30f, 4e-30f};
    for (int i = 0; i < D; i++)
        c.x0[i] = 0.5f;
    scene_box(&c, NORM_L2, 0.1);
    memcpy(x, c.x0, sizeof x);
    ball_ascend(&c.s, 0.5, gradient, x);
    assert_near(x[0], 0.53, 1e-6);
    assert_near(x[1], 0.54, 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_move_stays_inside),
        cmocka_unit_test(test_random_linf_is_uniform),
        cmocka_unit_test(test_random_l2_is_uniform),
        cmocka_unit_test(test_l2_projection_is_the_nearest_point),
        cmocka_unit_test(test_l2_uses_the_whole_radius),
        cmocka_unit_test(test_useless_gradients_move_nothing),
        cmocka_unit_test(test_l2_direction_of_tiny_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
