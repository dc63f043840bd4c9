/* Group DRO where a cue that mostly goes with the class is easier to see than the class itself (as in Sagawa et al. 2020): minimising the mean loss
 * relies on the cue, and fails where it misleads. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/loss.h"
#include "nets/train.h"
#include "nets/zoo.h"

enum { SIDE = 4, PIXELS = SIDE * SIDE, CLASSES = 2, GROUPS = 4 };
static const shape image = {SIDE, SIDE, 1};
static const char *const group_names[GROUPS] = {"0 dark", "0 light", "1 dark", "1 light"};

/* The lower half tells the class, in noise (d' = 1.9: 83 % at best); the upper half is light for class 1, dark for class 0, or the other way round
 * in a share of the images. */
static dataset draw(uint64_t seed, int n, float misled) {
    err e = {{0}};
    dataset d = {.name = "cue", .split = "train", .n = n, .classes = CLASSES, .image = image};
    float *values = arena_array(&d.memory, (size_t)n * PIXELS, sizeof *values);
    int32_t *labels = arena_array(&d.memory, (size_t)n, sizeof *labels);
    const char **groups = calloc((size_t)n, sizeof *groups);
    assert_true(values && labels && groups);
    rng r = rng_stream(seed, "test", 0, 0, 0, 0);
    for (int i = 0; i < n; i++) {
        int class = labels[i] = i % 2, light = rng_uniform(&r) < misled ? !class : class;
        groups[i] = group_names[2 * class + light];
        for (int p = 0; p < PIXELS; p++) {
            float noise = 0.3F * rng_normal(&r);
            float value = p < PIXELS / 2 ? 0.2F + 0.6F * (float)light : 0.4F + 0.2F * (float)class + noise;
            values[i * PIXELS + p] = value < 0 ? 0 : value > 1 ? 1 : value;
        }
    }
    d.values = values;
    d.labels = labels;
    assert_ok(dataset_finish(&d, &e), e);
    d.columns.n_rows = n;
    assert_ok(table_add_texts(&d.columns, "group", groups, &e), e);
    free(groups);
    return d;
}

/* The accuracies of the groups of `test` after training on `d`; returns the smallest. */
static double worst_group(const dataset *d, const dataset *test, double rate, int threads, float *kept) {
    err e;
    net *n;
    weights w;
    objective goal;
    train_options o = train_options_default();
    run r = run_default();
    int counts[GROUPS] = {0}, correct[GROUPS] = {0};
    const column *groups = table_find(&test->columns, "group");
    r.threads = threads;
    o.epochs = 30;
    o.batch = 100;
    o.weight_decay = 0;
    o.schedule = schedule_default(SCHEDULE_CONSTANT, 0.2);
    o.group_dro_rate = rate;
    o.group_column = "group";
    assert_ok(zoo_build("linear", image, CLASSES, NULL, NULL, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    assert_ok(objective_plain(n, &w, o.batch, &r, &goal, &e), e);
    assert_ok(train(n, &w, d, &o, &goal, &r, NULL, &e), e);
    if (rate > 0) {
        double sum = 0;
        for (size_t g = 0; g < goal.n_state; g++)
            sum += (double)goal.state[g];
        assert_near(sum, 1, 1e-5); /* the state that a checkpoint keeps is the distribution over groups */
        assert_true(goal.state[1] + goal.state[2] > 0.25F); /* their share of the images is .05 */
    }
    memcpy(kept, w.data, w.n * sizeof *kept);
    session *s;
    assert_ok(session_new(n, &w, SESSION_INFER, 0, &r, &s, &e), e);
    for (int i = 0; i < test->n; i++) {
        float x[PIXELS], z[CLASSES] = {0};
        dataset_image(test, i, x);
        assert_ok(session_infer(s, 0, 1, x, z, &e), e);
        counts[groups->codes[i]]++;
        correct[groups->codes[i]] += logits_correct(z, CLASSES, test->labels[i]);
    }
    session_free(s);
    goal.free(goal.self);
    weights_free(&w);
    net_free(n);
    double worst = 1;
    for (int g = 0; g < GROUPS; g++) {
        print_message("rate %g, %s: %.1f %% of %d\n", rate, groups->levels[g], 100.0 * correct[g] / counts[g],
                      counts[g]);
        worst = fmin(worst, (double)correct[g] / counts[g]);
    }
    return worst;
}

static void the_worst_group_gets_better(void **state) {
    (void)state;
    float plain[64], robust[64], again[64];
    dataset d = draw(1, 4000, 0.05F), test = draw(2, 2000, 0.5F);
    double before = worst_group(&d, &test, 0, 2, plain), after = worst_group(&d, &test, 0.05, 2, robust);
    assert_true(before < 0.5);
    assert_true(after > 0.7);
    worst_group(&d, &test, 0.05, 1, again);
    assert_memory_equal(robust, again, (PIXELS * CLASSES + CLASSES) * sizeof *again);
    dataset_free(&d);
    dataset_free(&test);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_group_gets_better),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
