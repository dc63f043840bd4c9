/* The steps of the Brendel-Bethge and L-BFGS attacks, against what their definitions say. */
#include "attacks/evasion/bb_step_internal.h"

#include <math.h>

#include "attacks/evasion/lbfgs_memory_internal.h"
#include "tests/support/test.h"

enum { D = 6 };

typedef struct scene {
    float x0[D], lb[D], ub[D], x[D], b[D];
    double wanted, radius;
    attack_sample s;
} scene;

/* Some components at 0 or 1; planes and trust regions of any size. */
static void scene_fill(scene *c, norm p, rng *g) {
    for (int i = 0; i < D; i++) {
        c->x0[i] = fminf(fmaxf(rng_range(g, -0.5f, 1.5f), 0), 1);
        c->x[i] = fminf(fmaxf(c->x0[i] + rng_range(g, -0.6f, 0.6f), 0), 1);
        c->b[i] = rng_normal(g);
    }
    c->wanted = rng_range(g, -0.5f, 0.5f);
    c->radius = exp(rng_range(g, -4, 0.5f));
    c->s = (attack_sample){.d = D, .norm = p, .eps = INFINITY, .x0 = c->x0, .lb = c->lb, .ub = c->ub};
    ball_box(NORM_L2, 1, c->x0, D, c->lb, c->ub);
}

static double gain(const scene *c, const float *y) {
    double sum = 0;
    for (int i = 0; i < D; i++)
        sum += (double)c->b[i] * ((double)y[i] - c->x[i]);
    return sum;
}

/* A point near y, in the box; on the plane where that can be reached. */
static void neighbour(const scene *c, const float *y, bool on_plane, rng *g, float *z) {
    float size = expf(rng_range(g, -7, 0));
    for (int i = 0; i < D; i++)
        z[i] = fminf(fmaxf(y[i] + size * rng_normal(g), 0), 1);
    attack_sample flat = c->s;
    flat.norm = NORM_L2;
    if (on_plane) hyperplane_reach(&flat, c->b, c->wanted - gain(c, z), z);
}

/* No feasible point is nearer to the clean image; where the plane is out of reach, none goes farther towards it. */
static void test_step_is_the_best(void **state) {
    (void)state;
    static const norm norms[] = {NORM_LINF, NORM_L2, NORM_L1};
    rng g = rng_stream(5, "test", 0, 0, 0, 0);
    int reached = 0, compared = 0, trials = 0;
    for (int k = 0; k < 3; k++)
        for (int trial = 0; trial < 300; trial++, trials++) {
            scene c;
            float y[D], z[D];
            scene_fill(&c, norms[k], &g);
            memcpy(y, c.x, sizeof y);
            bool there = bb_step(&c.s, c.b, c.wanted, c.radius, y);
            reached += there;
            for (int i = 0; i < D; i++)
                assert_true(y[i] >= 0 && y[i] <= 1);
            if (ball_distance(NORM_L2, c.x, y, D) > c.radius * (1 + 1e-5))
                fail_msg("%s %d: beyond the trust region", norm_name(norms[k]), trial);
            if (there) assert_near(gain(&c, y), c.wanted, 1e-5);
            double least = ball_distance(norms[k], c.x0, y, D), most = fabs(gain(&c, y));
            for (int other = 0; other < 300; other++) {
                neighbour(&c, y, there, &g, z);
                if (ball_distance(NORM_L2, c.x, z, D) > c.radius) continue;
                if (there && fabs(gain(&c, z) - c.wanted) > 1e-5) continue;
                compared++;
                if (there && ball_distance(norms[k], c.x0, z, D) < least - 1e-4)
                    fail_msg("%s %d: %g is nearer than %g", norm_name(norms[k]), trial,
                             ball_distance(norms[k], c.x0, z, D), least);
                if (!there && copysign(1, c.wanted) * gain(&c, z) > most + 1e-4)
                    fail_msg("%s %d: %g is farther than %g", norm_name(norms[k]), trial, gain(&c, z), most);
            }
        }
    assert_true(reached > trials / 4 && reached < trials * 3 / 4 && compared > 20 * trials);
}

/* The most that changing the floats of `set` alone gains, all others being as in the clean image. */
static double gain_of_set(const scene *c, unsigned set) {
    double sum = 0;
    for (int i = 0; i < D; i++) {
        double end = c->b[i] > 0 ? 1 : 0, to = set >> i & 1 ? end : (double)c->x0[i];
        sum += (double)c->b[i] * (to - (double)c->x[i]);
    }
    return sum;
}

/* By trying every set; D + 1 where none reaches the plane. */
static int fewest(const scene *c) {
    int best = D + 1;
    for (unsigned set = 0; set < 1u << D; set++) {
        int count = __builtin_popcount(set);
        if (count < best && gain_of_set(c, set) >= c->wanted) best = count;
    }
    return best;
}

/* Where the trust region is wide the fewest floats that reach the plane are changed; in any case the step stays inside, and says truly whether it reached. */
static void test_sparse_step_is_the_fewest(void **state) {
    (void)state;
    rng g = rng_stream(7, "test", 0, 0, 0, 0);
    int counts[D + 2] = {0}, narrow = 0;
    for (int trial = 0; trial < 2000; trial++) {
        scene c;
        float y[D];
        scene_fill(&c, NORM_L0, &g);
        if (trial % 2 == 0) c.radius = 2 * D;
        memcpy(y, c.x, sizeof y);
        bool there = bb_step_sparse(&c.s, c.b, c.wanted, c.radius, y);
        int least = fewest(&c), count = (int)ball_distance(NORM_L0, c.x0, y, D);
        for (int i = 0; i < D; i++)
            assert_true(y[i] >= 0 && y[i] <= 1);
        assert_true(ball_distance(NORM_L2, c.x, y, D) <= c.radius * (1 + 1e-5));
        if (there && gain(&c, y) < c.wanted - 1e-5) fail_msg("trial %d: the plane is not reached", trial);
        if (there && count < least) fail_msg("trial %d: %d floats changed, %d needed", trial, count, least);
        if (trial % 2 == 0 && there != (least <= D))
            fail_msg("trial %d: reached %d, %d needed", trial, there, least);
        if (trial % 2 == 0 && there && count != least)
            fail_msg("trial %d: %d floats changed, %d needed", trial, count, least);
        if (trial % 2 == 0) counts[least]++;
        narrow += trial % 2 == 1 && there;
    }
    for (int k = 0; k < 3; k++)
        assert_true(counts[k] > 30);
    assert_true(narrow > 200);
}

/* H maps the newest change of the gradient to the step that made it, and what is held stays. */
static void test_memory_keeps_the_secant(void **state) {
    (void)state;
    float pairs[2 * LBFGS_PAIRS * D], step[D], change[D], v[D];
    bool all[D], some[D];
    lbfgs_memory m = {.d = D, .pairs = pairs};
    rng g = rng_stream(6, "test", 0, 0, 0, 0);
    for (int k = 0; k < 9; k++) {
        for (int i = 0; i < D; i++) {
            step[i] = rng_normal(&g);
            change[i] = (float)(i + 1) * step[i];
            all[i] = true;
            some[i] = i % 2 == 0;
        }
        lbfgs_memory_add(&m, step, change);
        assert_int_equal(m.count, k < LBFGS_PAIRS ? k + 1 : LBFGS_PAIRS);
        for (int i = 0; i < D; i++)
            v[i] = -change[i];
        lbfgs_memory_direction(&m, 1, all, v);
        for (int i = 0; i < D; i++)
            assert_near(v[i], step[i], 1e-4);
        for (int i = 0; i < D; i++)
            v[i] = some[i] ? -change[i] : 0;
        lbfgs_memory_direction(&m, 1, some, v);
        for (int i = 0; i < D; i++)
            assert_near(v[i], some[i] ? step[i] : 0, 1e-4);
    }
    for (int i = 0; i < D; i++)
        change[i] = -step[i];
    lbfgs_memory before = m;
    lbfgs_memory_add(&m, step, change);
    assert_int_equal(m.next, before.next);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_step_is_the_best),
                                       cmocka_unit_test(test_sparse_step_is_the_fewest),
                                       cmocka_unit_test(test_memory_keeps_the_secant)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
