/* Training by interval bounds: its bounds are those that certificates compute, and nets of other kinds are refused. */
#include <math.h>
#include <string.h>

#include "attacks/certify.h"
#include "attacks/train/robust_internal.h"
#include "datasets/open.h"
#include "nets/zoo.h"
#include "tests/support/robust_bench.h"
#include "tests/support/test.h"

static dataset two_shapes(int n) {
    err e;
    dataset all, two;
    open_options o = {.split = "train", .n = 4 * n};
    assert_ok(dataset_open("synth:shapes", &o, &all, &e), e);
    int32_t *rows = calloc((size_t)all.n, sizeof *rows);
    int kept = 0;
    for (int row = 0; row < all.n && kept < n; row++)
        if (all.labels[row] < 2) rows[kept++] = row;
    assert_ok(dataset_select(&all, rows, kept, &two, &e), e);
    free(rows);
    dataset_free(&all);
    two.classes = 2;
    return two;
}

/* The lower bound of the margin of one image of two classes, from the loss log(1 + exp(-margin)). */
static double margin_in_training(objective *goal, const net *n, weights *w, const dataset *d, int row) {
    err e;
    batch_result result;
    float x[32 * 32 * 3], one = 1, targets[2] = {0}, *grad = calloc(n->n_trainable, sizeof *grad);
    int32_t label = d->labels[row], id = d->ids[row];
    targets[label] = 1;
    dataset_image(d, row, x);
    batch b = {.n = 1,
               .x = x,
               .targets = targets,
               .labels = &label,
               .ids = &id,
               .loss_weights = &one,
               .step = 9,
               .steps = 10,
               .update_statistics = true};
    assert_ok(goal->accumulate(goal->self, &b, w, grad, &result, &e), e);
    free(grad);
    double margin = -log(expm1(result.loss));
    assert_int_equal(result.correct, margin > 0);
    return margin;
}

static void bounds_are_those_of_certificates(void **state) {
    (void)state;
    static const char *const archs[] = {"wong-kolter", "linear", "mlp", "lenet5", "madry"};
    const double eps = 0.01;
    dataset d = two_shapes(6);
    for (size_t k = 0; k < sizeof archs / sizeof *archs; k++) {
        err e;
        net *n;
        weights w;
        objective goal;
        certify_result found;
        model *m;
        run r = run_default();
        zoo_options zoo = zoo_options_default();
        zoo.norm = ZOO_NORM_NONE;
        float mean[4] = {.3f}, deviation[4] = {.7f};
        if (k % 2) zoo.mean = mean, zoo.std = deviation;
        assert_ok(zoo_build_with(archs[k], d.image, 2, &zoo, &n, &e), e);
        assert_ok(weights_new(n, &w, &e), e);
        weights_init_as(n, &w, INIT_UNIFORM, 5);
        robust_options o = robust_fill(robust_find("ibp"),
                                       (robust_options){.eps = eps, .warmup = -1, .kappa = 1e-12}, d.image);
        assert_ok(objective_robust(robust_find("ibp"), &o, n, &w, 1, &r, &goal, &e), e);
        certify_plan plan = certify_plan_default();
        plan.method = certificate_find("ibp");
        plan.eps = &eps;
        plan.n_eps = 1;
        plan.real = true;
        assert_ok(model_of_net(n, &w, true, &r, &m, &e), e);
        assert_ok(certify_run(&(certify_subject){n, &w, m}, &d, &plan, &r, &found, &e), e);
        for (int row = 0; row < d.n; row++) {
            double trained = margin_in_training(&goal, n, &w, &d, row), proven = found.margin[row];
            if (fabs(trained - proven) > 1e-4 * (1 + fabs(proven)))
                fail_msg("%s, row %d: margin %.6f in training, %.6f certified", archs[k], row, trained,
                         proven);
        }
        certify_result_free(&found);
        goal.free(goal.self);
        model_free(m);
        weights_free(&w);
        net_free(n);
    }
    dataset_free(&d);
}

static double mean_loss(bench *t, objective *goal, float *grad) {
    err e;
    batch_result result;
    assert_ok(goal->accumulate(goal->self, &t->b, &t->w, grad, &result, &e), e);
    return result.loss / ROWS;
}

/* Parameter by parameter by central differences: |w| bends where w or a difference of two changes its sign, so a few may disagree. */
static void gradients_are_those_of_the_loss(void **state) {
    (void)state;
    const float h = 1e-3f;
    bench *t = bench_begin(2);
    objective goal = bench_objective(t, "ibp", 0.1);
    size_t n = t->net->n_trainable, bent = 0;
    float *grad = calloc(n, sizeof *grad), *other = calloc(n, sizeof *other);
    mean_loss(t, &goal, grad);
    for (size_t i = 0; i < n; i++) {
        float kept = t->w.data[i];
        double loss[2];
        for (int side = 0; side < 2; side++) {
            t->w.data[i] = side ? kept + h : kept - h;
            t->w.version++;
            loss[side] = mean_loss(t, &goal, other);
        }
        t->w.data[i] = kept;
        bent += fabs((loss[1] - loss[0]) / (2 * (double)h) - (double)grad[i]) > 3e-4;
    }
    print_message("%zu of %zu parameters stand at a bend\n", bent, n);
    assert_true(bent * 20 < n);
    free(grad);
    free(other);
    goal.free(goal.self);
    bench_end(t);
}

static void refuses(const char *arch, zoo_norm norm_kind, const char *words) {
    err e;
    net *n;
    weights w;
    objective goal;
    run r = run_default();
    zoo_options zoo = zoo_options_default();
    zoo.norm = norm_kind;
    assert_ok(zoo_build_with(arch, (shape){28, 28, 1}, 10, &zoo, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    robust_options o = robust_fill(robust_find("ibp"), (robust_options){.warmup = -1}, n->input);
    assert_int_equal(objective_robust(robust_find("ibp"), &o, n, &w, 8, &r, &goal, &e), STATUS_USAGE);
    if (!strstr(e.message, words)) fail_msg("'%s' lacks '%s'", e.message, words);
    weights_free(&w);
    net_free(n);
}

static void other_nets_are_refused(void **state) {
    (void)state;
    refuses("small", ZOO_NORM_OWN, "--norm none");
    refuses("mobilenet-0.25", ZOO_NORM_OWN, "layer");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(bounds_are_those_of_certificates),
                                       cmocka_unit_test(gradients_are_those_of_the_loss),
                                       cmocka_unit_test(other_nets_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
