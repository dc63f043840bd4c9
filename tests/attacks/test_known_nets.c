/* Attacks on published nets whose robustness others have measured or proven. */
#include <math.h>

#include "attacks/runner.h"
#include "core/npy.h"
#include "core/parallel.h"
#include "datasets/open.h"
#include "nets/model_file.h"
#include "tests/support/test.h"
#include "tests/support/verification.h"

typedef struct subject {
    net *n;
    weights w;
    model *m;
    run r;
} subject;

static int conv(net_builder *b, const char *name, int from, int out, int kernel, int stride, int pad) {
    layer_config c = {.out = out,
                      .kernel = {kernel, kernel},
                      .stride = {stride, stride},
                      .pad = {pad, pad, pad, pad},
                      .bias = true};
    from = net_add(b, name, "conv2d", &c, 1, &from);
    char rectifier[64];
    snprintf(rectifier, sizeof rectifier, "%s.relu", name);
    return net_add(b, rectifier, "relu", NULL, 1, &from);
}

static int pool(net_builder *b, const char *name, const char *op, int from, int side) {
    return net_add(b, name, op, &(layer_config){.kernel = {side, side}}, 1, &from);
}

static int linear(net_builder *b, const char *name, int from, int out) {
    return net_add(b, name, "linear", &(layer_config){.out = out, .bias = true}, 1, &from);
}

static int flatten(net_builder *b, int from) {
    return net_add(b, "flatten", "flatten", NULL, 1, &from);
}

static void relu(net_builder *b, const char *name, int *from) {
    *from = net_add(b, name, "relu", NULL, 1, from);
}

/* Wong and Kolter 2018, the small MNIST net. */
static void build_wong_kolter(net_builder *b) {
    int at = conv(b, "0", 0, 16, 4, 2, 1);
    at = conv(b, "2", at, 32, 4, 2, 1);
    at = linear(b, "5", flatten(b, at), 100);
    relu(b, "6", &at);
    linear(b, "7", at, 10);
}

/* AdverTorch's LeNet5. */
static void build_lenet(net_builder *b) {
    int at = conv(b, "conv1", 0, 32, 3, 1, 1);
    at = conv(b, "conv2", pool(b, "pool1", "max_pool2d", at, 2), 64, 3, 1, 1);
    at = linear(b, "linear1", flatten(b, pool(b, "pool2", "max_pool2d", at, 2)), 200);
    relu(b, "relu3", &at);
    linear(b, "linear2", at, 10);
}

static void build_pooled(net_builder *b, const char *op) {
    int at = conv(b, "conv1.0", 0, 32, 2, 1, 0);
    linear(b, "out", flatten(b, pool(b, "pool", op, at, 4)), 10);
}

static void build_average(net_builder *b) {
    build_pooled(b, "avg_pool2d");
}

static void build_max(net_builder *b) {
    build_pooled(b, "max_pool2d");
}

/* In place, since the model keeps pointers into it. */
static void subject_load(subject *s, void (*build)(net_builder *), const char *file) {
    *s = (subject){.r = run_default()};
    const char *path = shared_path(file);
    need_file(path);
    err e = {{0}};
    net_builder *b = net_begin("known", (shape){28, 28, 1});
    build(b);
    assert_ok(net_finish(b, &s->n, &e), e);
    assert_ok(weights_new(s->n, &s->w, &e), e);
    safetensors tensors;
    assert_ok(safetensors_read_file(path, &tensors, &e), e);
    assert_ok(weights_from_state_dict(s->n, &tensors, &s->w, &e), e);
    safetensors_free(&tensors);
    s->r.threads = parallel_cpus();
    assert_ok(model_of_net(s->n, &s->w, true, &s->r, &s->m, &e), e);
}

static void subject_free(subject *s) {
    model_free(s->m);
    weights_free(&s->w);
    net_free(s->n);
}

static attack_result attacked(subject *s, const dataset *d, attack_plan plan) {
    attack_result a;
    err e = {{0}};
    assert_ok(attack_run(s->m, d, &plan, &s->r, &a, &e), e);
    assert_int_equal(a.outside.count + a.recheck_failed.count + a.not_finite.count, 0);
    return a;
}

static dataset first_rows(const char *specification, int n) {
    open_options o = {.split = "test"};
    dataset whole, part;
    err e = {{0}};
    assert_ok(dataset_open(specification, &o, &whole, &e), e);
    int32_t *rows = calloc((size_t)n, sizeof *rows);
    for (int i = 0; i < n; i++)
        rows[i] = i;
    assert_ok(dataset_select(&whole, rows, n, &part, &e), e);
    free(rows);
    dataset_free(&whole);
    return part;
}

static dataset mnist(int n) {
    char specification[4096];
    need_file(shared_path("data/mnist"));
    snprintf(specification, sizeof specification, "idx:%s", shared_path("data/mnist"));
    return first_rows(specification, n);
}

static double error_percent(const attack_result *a, int i) {
    return 100 - 100.0 * (double)attack_survivors(a, i) / a->n;
}

/* Published: error 1.80 %, FGSM at .1 3.90 %, and no attack at .1 can exceed 5.82 %. */
static void test_wong_kolter_mnist(void **state) {
    (void)state;
    const double eps[] = {0, 0.1};
    subject s;
    subject_load(&s, build_wong_kolter, "data/models/kw_mnist_eps0.1.safetensors");
    dataset d = mnist(10000);
    attack_plan plan = {.method = attack_find("fgsm"), .eps = eps, .n_eps = 2};
    attack_result a = attacked(&s, &d, plan);
    assert_near(error_percent(&a, 0), 1.80, 0.011);
    assert_near(error_percent(&a, 1), 3.90, 0.021);
    attack_result_free(&a);
    plan.method = attack_find("pgd");
    plan.options.steps = 5;
    a = attacked(&s, &d, plan);
    assert_true(error_percent(&a, 1) <= 5.82);
    attack_result_free(&a);
    dataset_free(&d);
    subject_free(&s);
}

/* Published: error 21.73 %, FGSM at .1 31.21 %. */
static void test_wong_kolter_fashion(void **state) {
    (void)state;
    const double eps[] = {0, 0.1};
    need_file("/usr/share/datasets/fashion-mnist");
    subject s;
    subject_load(&s, build_wong_kolter, "data/models/kw_fashion_eps0.1.safetensors");
    dataset d = first_rows("fashion-mnist", 10000);
    attack_result a = attacked(&s, &d, (attack_plan){.method = attack_find("fgsm"), .eps = eps, .n_eps = 2});
    assert_near(error_percent(&a, 0), 21.73, 0.011);
    assert_near(error_percent(&a, 1), 31.21, 0.021);
    attack_result_free(&a);
    dataset_free(&d);
    subject_free(&s);
}

/* Published: PGD-40 at .3 leaves nothing of the plain net, and 93.5 % of the adversarially trained one. */
static void test_advertorch(void **state) {
    (void)state;
    const double eps[] = {0.3};
    dataset d = mnist(100);
    attack_plan plan = {.method = attack_find("pgd"), .eps = eps, .n_eps = 1};
    subject plain;
    subject_load(&plain, build_lenet, "data/models/mnist_lenet5_clntrained.safetensors");
    attack_result a = attacked(&plain, &d, plan);
    assert_int_equal(attack_survivors(&a, 0), 0);
    attack_result_free(&a);
    subject_free(&plain);
    subject hardened;
    subject_load(&hardened, build_lenet, "data/models/mnist_lenet5_advtrained.safetensors");
    a = attacked(&hardened, &d, plan);
    assert_in_range(attack_survivors(&a, 0), 85, 100);
    attack_result_free(&a);
    subject_free(&hardened);
    dataset_free(&d);
}

/* No method at all, with a few steps or queries each, finds an example where there is none. */
static void never_breaks(subject *s, const dataset *d, double eps) {
    const attack *method;
    for (int i = 0; (method = attack_at(i)); i++) {
        if (!(method->norms & 1u << NORM_LINF)) continue;
        attack_plan plan = {.method = method, .eps = &eps, .n_eps = 1};
        if (method->defaults.steps > 20) plan.options.steps = 20;
        attack_result a = attacked(s, d, plan);
        if (attack_survivors(&a, 0) == 0)
            fail_msg("%s breaks a proven instance at %g, distance %g", method->name, eps,
                     (double)a.distance[0]);
        assert_int_equal(a.outside.count + a.recheck_failed.count, 0);
        attack_result_free(&a);
    }
}

/* Instances of the VNN competition 2021: no attack may succeed on a proven one, and this one finds the known counterexamples. The
 * published boxes are up to 1e-5 smaller or larger than the nominal ball. */
static void test_verified_instances(void **state) {
    (void)state;
    const char *path = shared_path("data/verification/2021_verivital.npz");
    need_file(path);
    subject average;
    subject_load(&average, build_average, "data/verification/2021_Convnet_avgpool.safetensors");
    subject max;
    subject_load(&max, build_max, "data/verification/2021_Convnet_maxpool.safetensors");
    npz z;
    arena memory = {0};
    err e = {{0}};
    assert_ok(npz_read_file(path, &z, &e), e);
    int64_t count = npz_find(&z, "label")->count, broken = 0, proven = 0;
    for (int64_t i = 0; i < count; i++) {
        const char *name;
        assert_ok(npy_text(npz_find(&z, "net"), i, &memory, &name, &e), e);
        bool robust = npy_number(npz_find(&z, "verdict"), i) == 1;
        double eps = npy_number(npz_find(&z, "eps"), i) - (robust ? 1e-5 : 0);
        dataset d = verification_instance(&z, i);
        attack_plan plan = {.method = attack_find("pgd"), .eps = &eps, .n_eps = 1};
        plan.options = (attack_options){.steps = 100, .restarts = 5};
        attack_result a = attacked(strstr(name, "avgpool") ? &average : &max, &d, plan);
        assert_int_equal(a.clean_correct[0], 1);
        if (robust && attack_survivors(&a, 0) == 0)
            fail_msg("instance %d: broken at %g, but proven robust", (int)i, eps);
        if (robust) never_breaks(strstr(name, "avgpool") ? &average : &max, &d, eps);
        if (!robust && attack_survivors(&a, 0) == 1)
            fail_msg("instance %d: not broken at %g, but a counterexample is known", (int)i, eps);
        broken += !robust;
        proven += robust;
        attack_result_free(&a);
        dataset_free(&d);
    }
    assert_int_equal(broken, 7);
    assert_int_equal(proven, 53);
    arena_free(&memory);
    npz_free(&z);
    subject_free(&average);
    subject_free(&max);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wong_kolter_mnist),
        cmocka_unit_test(test_wong_kolter_fashion),
        cmocka_unit_test(test_advertorch),
        cmocka_unit_test(test_verified_instances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
