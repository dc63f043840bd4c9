/* Certificates: bounds against points of their boxes, exactness, published figures, the arithmetic of smoothing. */
#include <math.h>

#include "attacks/certify.h"
#include "attacks/certify/bounds_internal.h"
#include "core/rng.h"
#include "core/stats.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

/* --- small random nets --- */

static int one(net_builder *b, const char *name, const char *op, int from, layer_config c) {
    return net_add(b, name, op, &c, 1, &from);
}

static int conv(net_builder *b, const char *name, int from, int out, int kernel, int stride, int pad) {
    return one(b, name, "conv2d", from,
               (layer_config){.out = out,
                              .kernel = {kernel, kernel},
                              .stride = {stride, stride},
                              .pad = {pad, pad, pad, pad},
                              .bias = true});
}

static int two(net_builder *b, const char *name, const char *op, int first, int second) {
    return net_add(b, name, op, NULL, 2, (int[]){first, second});
}

static int simple(net_builder *b, const char *name, const char *op, int from) {
    return net_add(b, name, op, NULL, 1, &from);
}

static int linear(net_builder *b, const char *name, int from, int out) {
    return one(b, name, "linear", from, (layer_config){.out = out, .bias = true});
}

static void build_residual(net_builder *b) {
    int in = one(b, "norm", "normalise", 0, (layer_config){.mean = {.4F, .5F, .6F}, .std = {.3F, .2F, .25F}});
    int stem = simple(b, "r0", "relu", simple(b, "n0", "batch_norm", conv(b, "c0", in, 4, 3, 1, 1)));
    int side = simple(
        b, "n2", "batch_norm",
        conv(b, "c2", simple(b, "r1", "relu", simple(b, "n1", "batch_norm", conv(b, "c1", stem, 4, 3, 1, 1))),
             4, 3, 1, 1));
    int sum = simple(b, "r2", "relu", two(b, "sum", "add", stem, side));
    linear(b, "out", simple(b, "flat", "flatten", simple(b, "mean", "global_avg_pool", sum)), 3);
}

static void build_pooled(net_builder *b) {
    int a = simple(b, "r0", "relu", conv(b, "c0", 0, 6, 3, 1, 1));
    int p = one(b, "max", "max_pool2d", a,
                (layer_config){.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}});
    int q = one(
        b, "avg", "avg_pool2d", a,
        (layer_config){.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1, 1, 1}, .count_include_pad = true});
    int all = two(b, "both", "concat", p, q);
    int g = one(b, "c1", "conv2d", all,
                (layer_config){.out = 6,
                               .kernel = {2, 2},
                               .stride = {1, 1},
                               .groups = 2,
                               .dilation = {2, 2},
                               .pad = {1, 1, 1, 1}});
    linear(b, "out", simple(b, "top", "global_max_pool", g), 3);
}

static void build_dense(net_builder *b) {
    int a = simple(b, "r0", "relu", linear(b, "l0", simple(b, "flat", "flatten", 0), 20));
    int c = simple(b, "r1", "relu", linear(b, "l1", simple(b, "drop", "dropout", a), 20));
    linear(b, "out", c, 3);
}

static void build_smooth(net_builder *b) {
    int a = simple(b, "t0", "tanh", conv(b, "c0", 0, 4, 4, 2, 1));
    int c = simple(b, "s0", "sigmoid", conv(b, "c1", a, 4, 3, 1, 0));
    int f = one(b, "k0", "leaky_relu", linear(b, "l0", simple(b, "flat", "flatten", c), 10),
                (layer_config){.rate = .1F});
    linear(b, "out", simple(b, "x0", "relu6", f), 3);
}

static void build_linear(net_builder *b) {
    linear(b, "out", simple(b, "flat", "flatten", conv(b, "c1", conv(b, "c0", 0, 3, 3, 1, 1), 4, 4, 2, 1)),
           3);
}

static void build_unsupported(net_builder *b) {
    linear(b, "out", simple(b, "gate", "gelu", linear(b, "l0", simple(b, "flat", "flatten", 0), 5)), 3);
}

typedef void builder(net_builder *b);
static builder *const nets[] = {build_residual, build_pooled, build_dense, build_smooth, build_linear};
enum { NETS = sizeof nets / sizeof *nets, PIXELS = 6 * 6 * 3, CLASSES = 3, IMAGES = 6 };

typedef struct subject {
    net *n;
    weights w;
    model *m;
    run r;
    dataset d;
} subject;

/* Images labelled with what the net says. */
static void subject_new(subject *s, builder *build, uint64_t seed, kernel_choice kernel, int threads) {
    *s = (subject){.r = run_default()};
    s->r.kernel = kernel;
    s->r.threads = threads;
    err e = {{0}};
    net_builder *b = net_begin("tiny", (shape){6, 6, 3});
    build(b);
    assert_ok(net_finish(b, &s->n, &e), e);
    assert_ok(weights_new(s->n, &s->w, &e), e);
    weights_init(s->n, &s->w, seed);
    for (int i = 0; i < s->n->n_params; i++) { /* biases, norms and their statistics as after training */
        const net_param *p = &s->n->params[i];
        rng g = rng_stream(seed, "test", 0, (uint32_t)i, 0, 0);
        for (size_t k = 0; k < p->size; k++)
            if (p->info.kind == BUFFER_VARIANCE || p->info.kind == PARAM_NORM_SCALE)
                s->w.data[p->offset + k] = rng_range(&g, .5F, 1.5F);
            else if (p->info.kind != PARAM_WEIGHT)
                s->w.data[p->offset + k] = rng_range(&g, -.3F, .3F);
    }
    s->w.version++;
    assert_ok(model_of_net(s->n, &s->w, true, &s->r, &s->m, &e), e);
    s->d = fake_images(seed, IMAGES, s->n->input, CLASSES, 0, 1);
    int32_t *labels = (int32_t *)s->d.labels;
    for (int row = 0; row < IMAGES; row++) {
        float x[PIXELS], z[CLASSES];
        dataset_image(&s->d, row, x);
        assert_ok(model_forward(s->m, 0, 1, x, false, z, &e), e);
        labels[row] = 0;
        for (int c = 1; c < CLASSES; c++)
            if (z[c] > z[labels[row]]) labels[row] = c;
    }
}

static void subject_free(subject *s) {
    model_free(s->m);
    weights_free(&s->w);
    net_free(s->n);
    dataset_free(&s->d);
}

static certify_result certified(const subject *s, certify_plan plan) {
    certify_subject of = {s->n, &s->w, s->m};
    certify_result c;
    err e = {{0}};
    assert_ok(certify_run(&of, &s->d, &plan, &s->r, &c, &e), e);
    return c;
}

/* --- bounds --- */

/* Corners and inner points of a box, pulled inwards so that they are in it as float32 too. */
static void draw_point(rng *g, const float *x, double eps, bool corner, float *out) {
    for (int i = 0; i < PIXELS; i++) {
        float t = corner ? (rng_uniform(g) < .5F ? -1.F : 1.F) : rng_range(g, -1, 1);
        out[i] = x[i] + t * (float)eps * (1 - 1e-4F);
    }
}

static void check_boxes(const subject *s, double eps, bool crown, slopes k, uint64_t seed) {
    bound_net b;
    bound_work w;
    err e = {{0}};
    assert_ok(bound_net_new(s->n, &s->w, false, &b, &e), e);
    assert_ok(bound_work_new(&b, &w, &e), e);
    for (int row = 0; row < IMAGES; row++) {
        float x[PIXELS], point[PIXELS], z[CLASSES];
        int label = s->d.labels[row];
        dataset_image(&s->d, row, x);
        bound_input(&w, x, eps, false);
        bound_forward(&w, crown, k);
        double margin = bound_margin(&w, crown, k, label);
        const box *out = &w.boxes[b.last];
        rng g = rng_stream(seed, "points", 0, (uint32_t)row, 0, 0);
        for (int i = 0; i < 200; i++) {
            draw_point(&g, x, eps, i % 2, point);
            assert_ok(model_forward(s->m, 0, 1, point, false, z, &e), e);
            for (int c = 0; c < CLASSES; c++) {
                assert_true((double)z[c] >= out->lo[c] - out->error[c]);
                assert_true((double)z[c] <= out->hi[c] + out->error[c]);
                if (c != label) assert_true((double)z[label] - (double)z[c] >= margin);
            }
        }
    }
    bound_work_free(&w);
    bound_net_free(&b);
}

static void bounds_contain_what_the_net_gives(void **state) {
    (void)state;
    static const double sizes[] = {0, .003, .03, .2};
    for (int k = 0; k < NETS; k++)
        for (uint64_t seed = 1; seed <= 3; seed++) {
            subject s;
            subject_new(&s, nets[k], seed, KERNEL_AUTO, 1);
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                check_boxes(&s, sizes[i], false, SLOPES_ADAPTIVE, seed);
                check_boxes(&s, sizes[i], true, SLOPES_ADAPTIVE, seed);
                check_boxes(&s, sizes[i], true, SLOPES_KW, seed);
            }
            subject_free(&s);
        }
}

/* No kernel's rounding is above what the boxes allow for it. */
static void errors_cover_every_kernel(void **state) {
    (void)state;
    static const kernel_choice kernels[] = {KERNEL_AUTO, KERNEL_DIRECT, KERNEL_OPENBLAS, KERNEL_PORTABLE};
    for (int k = 0; k < NETS; k++)
        for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
            subject s;
            subject_new(&s, nets[k], 7, kernels[i], 1);
            bound_net b;
            bound_work w;
            err e = {{0}};
            assert_ok(bound_net_new(s.n, &s.w, false, &b, &e), e);
            assert_ok(bound_work_new(&b, &w, &e), e);
            for (int row = 0; row < IMAGES; row++) {
                float x[PIXELS], z[CLASSES];
                dataset_image(&s.d, row, x);
                bound_input(&w, x, 0, false);
                bound_forward(&w, false, SLOPES_ADAPTIVE);
                assert_ok(model_forward(s.m, 0, 1, x, false, z, &e), e);
                const box *out = &w.boxes[b.last];
                for (int c = 0; c < CLASSES; c++) {
                    assert_true(fabs((double)z[c] - out->mid[c]) <= out->error[c]);
                    assert_true(out->error[c] < 1e-2 * (1 + fabs(out->mid[c]))); /* and is no excuse */
                }
            }
            bound_work_free(&w);
            bound_net_free(&b);
            subject_free(&s);
        }
}

/* Without rectifiers backward substitution gives the margin's least value itself. */
static void bounds_of_a_linear_net_are_exact(void **state) {
    (void)state;
    const double eps = .1;
    subject s;
    subject_new(&s, build_linear, 3, KERNEL_PORTABLE, 1);
    certify_plan plan = certify_plan_default();
    plan.method = certificate_find("crown");
    plan.eps = &eps;
    plan.n_eps = 1;
    plan.no_clip = true;
    certify_result c = certified(&s, plan);
    float zero[PIXELS] = {0}, base[CLASSES], z[PIXELS][CLASSES];
    err e = {{0}};
    assert_ok(model_forward(s.m, 0, 1, zero, false, base, &e), e);
    for (int i = 0; i < PIXELS; i++) {
        float unit[PIXELS] = {0};
        unit[i] = 1;
        assert_ok(model_forward(s.m, 0, 1, unit, false, z[i], &e), e);
    }
    for (int row = 0; row < IMAGES; row++) {
        float x[PIXELS], clean[CLASSES];
        int y = s.d.labels[row];
        double least = INFINITY;
        dataset_image(&s.d, row, x);
        assert_ok(model_forward(s.m, 0, 1, x, false, clean, &e), e);
        for (int j = 0; j < CLASSES; j++) {
            double margin = (double)clean[y] - (double)clean[j];
            for (int i = 0; i < PIXELS; i++)
                margin -= eps * fabs((double)(z[i][y] - base[y]) - (double)(z[i][j] - base[j]));
            if (j != y && margin < least) least = margin;
        }
        assert_true(c.margin[row] <= least + 1e-4);
        if (!(least > 0 && c.margin[row] > 0))
            assert_near(c.margin[row], least, 4e-3); /* float32 is allowed for */
        assert_int_equal(c.certified[row], c.margin[row] > 0);
    }
    certify_result_free(&c);
    subject_free(&s);
}

/* Attacks never succeed where a certificate stands, and crown is never behind ibp. */
static void attacks_do_not_contradict(void **state) {
    (void)state;
    static const double eps[] = {.001, .002, .004, .008, .015, .03, .06, .12, .25};
    enum { N = sizeof eps / sizeof *eps };
    int proven = 0, broken = 0;
    for (int k = 0; k < NETS; k++)
        for (uint64_t seed = 10; seed < 13; seed++) {
            subject s;
            subject_new(&s, nets[k], seed, KERNEL_AUTO, 1);
            attack_plan pgd = {.method = attack_find("pgd"), .eps = eps, .n_eps = N};
            attack_result a;
            err e = {{0}};
            assert_ok(attack_run(s.m, &s.d, &pgd, &s.r, &a, &e), e);
            certify_plan plan = certify_plan_default();
            plan.eps = eps;
            plan.n_eps = N;
            plan.method = certificate_find("ibp");
            certify_result ibp = certified(&s, plan);
            plan.method = certificate_find("crown");
            certify_result adaptive = certified(&s, plan);
            plan.slopes = SLOPES_KW;
            certify_result kw = certified(&s, plan);
            int32_t ids[4];
            assert_int_equal(certify_violations(&ibp, &a, &s.d, ids, 4), 0);
            assert_int_equal(certify_violations(&adaptive, &a, &s.d, ids, 4), 0);
            assert_int_equal(certify_violations(&kw, &a, &s.d, ids, 4), 0);
            for (int row = 0; row < IMAGES; row++) {
                assert_true(adaptive.certified[row] >= ibp.certified[row]);
                assert_true(kw.certified[row] >= ibp.certified[row]);
                proven += adaptive.certified[row];
                broken += N - a.broken_at[row];
            }
            certify_result_free(&ibp);
            certify_result_free(&adaptive);
            certify_result_free(&kw);
            attack_result_free(&a);
            subject_free(&s);
        }
    if (proven <= 100 || broken <= 100)
        fail_msg("%d proven, %d broken", proven, broken); /* there was something to contradict */
}

static void violations_are_found(void **state) {
    (void)state;
    int32_t at[] = {2, 0, 1, 3}, broken[] = {1, 0, 1, 3}, ids[2] = {0};
    uint8_t done[] = {1, 1, 1, 1}, clean[] = {1, 0, 1, 0};
    certify_result c = {.n = 4, .n_eps = 3, .certified = at, .finished = done};
    attack_result a = {.n = 4, .n_eps = 3, .broken_at = broken, .finished = done, .clean_correct = clean};
    dataset d = fake_images(1, 4, (shape){1, 1, 1}, 2, 0, 1);
    assert_int_equal(certify_violations(&c, &a, &d, ids, 2), 2); /* broken below a radius; wrong unchanged */
    assert_int_equal(ids[0], d.ids[0]);
    assert_int_equal(ids[1], d.ids[3]);
    assert_int_equal(certify_count(&c, 0), 3);
    assert_int_equal(certify_count(&c, 2), 1);
    dataset_free(&d);
}

static void threads_change_nothing(void **state) {
    (void)state;
    static const double eps[] = {.001, .01, .1};
    for (int m = 0; certificate_at(m); m++) {
        certify_result c[2];
        for (int i = 0; i < 2; i++) {
            subject s;
            subject_new(&s, build_residual, 5, KERNEL_AUTO, i == 0 ? 1 : 3);
            certify_plan plan = certify_plan_default();
            plan.method = certificate_at(m);
            plan.eps = eps;
            plan.n_eps = 3;
            c[i] = certified(&s, plan);
            subject_free(&s);
        }
        assert_memory_equal(c[0].certified, c[1].certified, IMAGES * sizeof(int32_t));
        assert_memory_equal(c[0].margin, c[1].margin, IMAGES * sizeof(double));
        assert_memory_equal(c[0].radius, c[1].radius, IMAGES * sizeof(double));
        certify_result_free(&c[0]);
        certify_result_free(&c[1]);
    }
}

static void refused(const subject *s, certify_plan plan, status expected, const char *message) {
    certify_subject of = {s->n, &s->w, s->m};
    certify_result c;
    err e = {{0}};
    assert_int_equal(certify_run(&of, &s->d, &plan, &s->r, &c, &e), expected);
    if (!strstr(e.message, message)) fail_msg("'%s' does not say '%s'", e.message, message);
}

static void bad_input_is_refused(void **state) {
    (void)state;
    static const double falling[] = {.1, .05}, negative[] = {-.1}, fine[] = {.1};
    subject s;
    subject_new(&s, build_unsupported, 1, KERNEL_AUTO, 1);
    certify_plan plan = certify_plan_default();
    plan.method = certificate_find("crown");
    plan.eps = fine;
    plan.n_eps = 1;
    refused(&s, plan, STATUS_UNSUPPORTED, "gate: there are no bounds of the layer gelu");
    plan.method = certificate_find("smoothing");
    plan.sigma = 0;
    refused(&s, plan, STATUS_USAGE, "sigma 0");
    plan.sigma = .1;
    plan.samples = 0;
    refused(&s, plan, STATUS_USAGE, "0 noisy copies");
    plan.samples = 10;
    plan.alpha = 1;
    refused(&s, plan, STATUS_USAGE, "alpha 1");
    plan.eps = negative;
    refused(&s, plan, STATUS_USAGE, "eps -0.1");
    plan.eps = falling;
    plan.n_eps = 2;
    refused(&s, plan, STATUS_USAGE, "ascending");
    assert_null(certificate_find("hope"));
    subject_free(&s);
}

/* --- smoothing --- */

static void radii_are_those_of_the_paper(void **state) {
    (void)state;
    /* n of n: the lower bound is alpha^(1/n). With 100,000 copies the largest radius is about 3.8 sigma (Cohen et al. 2019, 3.2.2). */
    assert_near(normal_cdf(certify_smoothed_radius(1000, 1000, 1, .001)), pow(.001, 1e-3), 1e-12);
    assert_near(certify_smoothed_radius(100000, 100000, .5, .001), .5 * 3.8115, 1e-3);
    assert_near(certify_smoothed_radius(990, 1000, .25, .001),
                .25 * normal_quantile(clopper_pearson_lower(990, 1000, .001)), 1e-12);
    assert_near(certify_smoothed_radius(530, 1000, 1, .001), 0, 0); /* .53 - 3.09 * .0158 < 1/2: abstains */
    assert_true(certify_smoothed_radius(560, 1000, 1, .001) > 0);
    assert_near(certify_smoothed_radius(0, 1000, 1, .001), 0, 0);
}

/* The smoothed twin of a linear classifier of two classes is that classifier, so that radii approach the distance from the line. */
static void radii_of_a_linear_model_are_distances(void **state) {
    (void)state;
    const double eps = .01;
    shape image = {3, 3, 1};
    fake *f = fake_new(FAKE_LINEAR, 4, image, 2);
    dataset d = fake_images(4, 12, image, 2, .3F, .7F);
    fake_label(f, &d);
    certify_plan plan = certify_plan_default();
    plan.method = certificate_find("smoothing");
    plan.eps = &eps;
    plan.n_eps = 1;
    plan.selections = 2000;
    plan.samples = 20000;
    certify_result c;
    run r = run_default();
    err e = {{0}};
    assert_ok(certify_run(&(certify_subject){.m = &f->m}, &d, &plan, &r, &c, &e), e);
    double length = 0;
    for (int i = 0; i < 9; i++)
        length += pow((double)(f->w[i] - f->w[9 + i]), 2);
    for (int row = 0; row < d.n; row++) {
        float x[9], z[2];
        dataset_image(&d, row, x);
        assert_ok(model_forward(&f->m, 0, 1, x, false, z, &e), e);
        double distance = fabs((double)(z[0] - z[1])) / sqrt(length);
        assert_true(c.radius[row] <= distance);
        if (distance < .5) assert_near(c.radius[row], distance, .03);
        assert_int_equal(c.certified[row], c.radius[row] > eps);
        assert_int_equal(c.predicted[row], c.radius[row] > 0 ? d.labels[row] : -1);
    }
    certify_result_free(&c);
    dataset_free(&d);
    fake_free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_contain_what_the_net_gives),
        cmocka_unit_test(errors_cover_every_kernel),
        cmocka_unit_test(bounds_of_a_linear_net_are_exact),
        cmocka_unit_test(attacks_do_not_contradict),
        cmocka_unit_test(violations_are_found),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(radii_are_those_of_the_paper),
        cmocka_unit_test(radii_of_a_linear_model_are_distances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
