/* Every layer in every sample configuration and every mode: logits and gradients of a session against central differences of a
 * double reference. The loss is a random weighting of the logits, so its derivative with respect to any one value is a difference of
 * two sums. Where the slopes to the left and right differ there is a kink, and nothing to compare. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/layer_internal.h"
#include "nets/session.h"
#include "nets/zoo.h"
#include "tests/support/reference_net.h"

typedef struct problem {
    net *net;
    weights w;
    run r;
    int samples;
    size_t coordinates;                 /* compared per tensor, spread evenly */
    double *parameters, *x, *cotangent; /* double copies of what the session gets */
    float *xf, *cotangentf, *logits, *grad, *dx;
    int32_t *ids;
    train_context context;
    reference_mode mode;
} problem;

/* Of the logits: heads x samples x classes. */
static size_t outputs(const problem *p) {
    int heads = p->mode == REFERENCE_EVALUATE ? 1 : 1 + p->net->n_aux;
    return (size_t)heads * (size_t)p->samples * (size_t)p->net->classes;
}

static void *room(size_t n, size_t size) {
    void *p = calloc(n ? n : 1, size);
    assert_non_null(p);
    return p;
}

static void fill(rng *r, size_t n, float *f, double *d) {
    for (size_t i = 0; i < n; i++) {
        f[i] = rng_normal(r);
        d[i] = (double)f[i];
    }
}

/* Running variances and norm scales are positive, everything is of order one. */
static void fill_weights(problem *p, rng *r) {
    err e;
    assert_ok(weights_new(p->net, &p->w, &e), e);
    p->parameters = room(p->net->n_floats, sizeof(double));
    for (int k = 0; k < p->net->n_params; k++) {
        const net_param *param = &p->net->params[k];
        bool positive = param->info.kind == BUFFER_VARIANCE || param->info.kind == PARAM_NORM_SCALE;
        float scale = param->info.fan_in ? 1 / sqrtf((float)param->info.fan_in) : .5F;
        for (size_t i = param->offset; i < param->offset + param->size; i++) {
            p->w.data[i] = positive ? rng_range(r, .5F, 2) : scale * rng_normal(r);
            p->parameters[i] = (double)p->w.data[i];
        }
    }
}

static void problem_start(problem *p, net *n, int samples, uint64_t seed) {
    size_t in = (size_t)samples * shape_size(n->input);
    size_t out = (size_t)(1 + n->n_aux) * (size_t)samples * (size_t)n->classes;
    rng r = rng_stream(seed, "test", 0, 0, 0, 0);
    *p = (problem){.net = n, .r = run_default(), .samples = samples};
    p->r.seed = seed;
    p->x = room(in, sizeof(double));
    p->xf = room(in, sizeof(float));
    p->dx = room(in, sizeof(float));
    p->cotangent = room(out, sizeof(double));
    p->cotangentf = room(out, sizeof(float));
    p->logits = room(out, sizeof(float));
    p->grad = room(n->n_trainable, sizeof(float));
    p->ids = room((size_t)samples, sizeof(int32_t));
    for (int i = 0; i < samples; i++)
        p->ids[i] = 100 + 7 * i;
    p->context = (train_context){.ids = p->ids, .epoch = 2, .step = 5};
    fill_weights(p, &r);
    fill(&r, in, p->xf, p->x);
    fill(&r, out, p->cotangentf, p->cotangent);
}

static void problem_end(problem *p) {
    void *owned[] = {p->x,      p->xf,   p->dx,  p->cotangent, p->cotangentf,
                     p->logits, p->grad, p->ids, p->parameters};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    weights_free(&p->w);
    net_free(p->net);
}

static double loss(const problem *p, double *logits) {
    size_t n = outputs(p);
    reference_logits(p->net, p->parameters, p->mode, p->r.seed, &p->context, p->samples, p->x, logits);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += logits[i] * p->cotangent[i];
    return sum;
}

/* Compares `gradient` of n values at `values` with differences; `scale` floors the relative error. */
static void compare_gradient(const problem *p, double *values, const float *gradient, size_t n,
                             const char *what) {
    double *logits = room(outputs(p), sizeof(double));
    double middle = loss(p, logits), h = 1e-5, difference = 0, reference = 0;
    size_t stride = n > p->coordinates ? n / p->coordinates : 1, kinks = 0, tried = 0, worst = 0;
    double worst_gap = -1, worst_slope = 0;
    for (size_t i = 0; i < n; i += stride, tried++) {
        double kept = values[i];
        values[i] = kept + h;
        double right = (loss(p, logits) - middle) / h;
        values[i] = kept - h;
        double left = (middle - loss(p, logits)) / h, slope = (left + right) / 2;
        values[i] = kept;
        if (fabs(right - left) > 1e-2 * (1 + fabs(slope))) {
            kinks++;
            continue;
        }
        double gap = fabs(slope - (double)gradient[i]);
        difference += gap * gap;
        reference += slope * slope;
        if (!(gap <= worst_gap)) {
            worst_gap = gap;
            worst = i;
            worst_slope = slope;
        }
    }
    free(logits);
    if (!(sqrt(difference) <= 1e-4 * sqrt(reference) + 1e-5) || kinks > 1 + tried / 20)
        fail_msg("%s: %s: relative error %g, %zu kinks of %zu; worst at %zu: %g, expected %g", p->net->arch,
                 what, sqrt(difference / fmax(reference, 1e-30)), kinks, tried, worst,
                 (double)gradient[worst], worst_slope);
}

static void compare_logits(const problem *p, const char *what) {
    size_t n = outputs(p);
    double *expected = room(n, sizeof(double)), difference = 0, reference = 0;
    loss(p, expected);
    for (size_t i = 0; i < n; i++) {
        difference += ((double)p->logits[i] - expected[i]) * ((double)p->logits[i] - expected[i]);
        reference += expected[i] * expected[i];
    }
    free(expected);
    if (!(sqrt(difference) <= 2e-6 * sqrt(reference) + 1e-6))
        fail_msg("%s: %s: logits have relative error %g", p->net->arch, what,
                 sqrt(difference / fmax(reference, 1e-30)));
}

static void check_training(problem *p, bool frozen) {
    err e;
    session *s;
    p->mode = frozen ? REFERENCE_TRAIN_FROZEN : REFERENCE_TRAIN;
    p->context.frozen_norm = frozen;
    const char *what = frozen ? "training with frozen norms" : "training";
    assert_ok(session_new(p->net, &p->w, SESSION_TRAIN, p->samples, &p->r, &s, &e), e);
    assert_ok(session_train_forward(s, &p->w, p->samples, p->xf, &p->context, p->logits, &e), e);
    memset(p->grad, 0xff, p->net->n_trainable * sizeof(float)); /* NaN: everything must be written */
    assert_ok(session_train_backward(s, &p->w, p->samples, p->cotangentf, p->grad, p->dx, &e), e);
    compare_logits(p, what);
    compare_gradient(p, p->x, p->dx, (size_t)p->samples * shape_size(p->net->input), what);
    for (int k = 0; k < p->net->n_params; k++) {
        const net_param *param = &p->net->params[k];
        char name[200];
        snprintf(name, sizeof name, "%s, %s", what, param->name);
        if (param->offset < p->net->n_trainable)
            compare_gradient(p, p->parameters + param->offset, p->grad + param->offset, param->size, name);
    }
    session_free(s);
}

static void check_tiles(problem *p) {
    err e;
    session *s;
    size_t in = shape_size(p->net->input), out = (size_t)p->net->classes;
    p->mode = REFERENCE_EVALUATE;
    assert_ok(session_new(p->net, &p->w, SESSION_INFER | SESSION_INPUT_GRAD, 0, &p->r, &s, &e), e);
    for (int first = 0; first < p->samples; first += SESSION_TILE) {
        int n = p->samples - first < SESSION_TILE ? p->samples - first : SESSION_TILE;
        size_t at_in = (size_t)first * in, at_out = (size_t)first * out;
        assert_ok(session_infer(s, 0, n, p->xf + at_in, p->logits + at_out, &e), e);
    }
    compare_logits(p, "inference");
    for (int first = 0; first < p->samples; first += SESSION_TILE) {
        int n = p->samples - first < SESSION_TILE ? p->samples - first : SESSION_TILE;
        size_t at_in = (size_t)first * in, at_out = (size_t)first * out;
        assert_ok(session_forward(s, 0, n, p->xf + at_in, p->logits + at_out, &e), e);
        assert_ok(session_input_grad(s, 0, n, p->cotangentf + at_out, p->dx + at_in, &e), e);
        memset(p->dx + at_in, 0xff, (size_t)n * in * sizeof(float));
        assert_ok(session_input_grad(s, 0, n, p->cotangentf + at_out, p->dx + at_in, &e), e);
    }
    compare_logits(p, "forward for gradients");
    compare_gradient(p, p->x, p->dx, (size_t)p->samples * in, "input gradient");
    session_free(s);
}

static void check_net(net *n, int samples, size_t coordinates, kernel_choice kernel) {
    problem p;
    problem_start(&p, n, samples, 17);
    p.r.kernel = kernel;
    p.coordinates = coordinates;
    check_tiles(&p);
    check_training(&p, false);
    check_training(&p, true);
    problem_end(&p);
}

/* The layer alone; several inputs come from 1x1 convolutions of one, pooled where they are one pixel. The flatten behind it makes logits of whatever it gives. */
static net *net_of_sample(const layer *l, int index) {
    const layer_sample *sample = &l->samples[index];
    char arch[64], name[16];
    int inputs[LAYER_MOST_INPUTS] = {0};
    snprintf(arch, sizeof arch, "%s-%d", layer_name(l), index);
    net_builder *b = net_begin(arch, sample->in[0]);
    for (int k = 0; sample->n_inputs > 1 && k < sample->n_inputs; k++) {
        snprintf(name, sizeof name, "in%d", k);
        layer_config c = {.out = sample->in[k].c, .kernel = {1, 1}};
        inputs[k] = net_add(b, name, "conv2d", &c, 1, (int[]){0});
        bool pooled = sample->in[0].h > 1 && shape_equal(sample->in[k], (shape){1, 1, sample->in[k].c});
        if (pooled) inputs[k] = net_add(b, "gate", "global_avg_pool", NULL, 1, &inputs[k]);
    }
    int at = net_add(b, "layer", layer_name(l), &sample->config, sample->n_inputs, inputs);
    net_add(b, "flatten", "flatten", NULL, 1, &at);
    err e;
    net *n;
    assert_ok(net_finish(b, &n, &e), e);
    return n;
}

static void check_layers(kernel_choice kernel, int samples) {
    for (int k = 0; layer_at(k); k++) {
        assert_true(layer_at(k)->n_samples > 0);
        for (int i = 0; i < layer_at(k)->n_samples; i++)
            check_net(net_of_sample(layer_at(k), i), samples, 16, kernel);
    }
}

static void test_layers(void **state) {
    (void)state;
    check_layers(KERNEL_AUTO, 9); /* two chunks, two tiles */
}

static void test_layers_portable(void **state) {
    (void)state;
    check_layers(KERNEL_PORTABLE, 3);
}

static net *zoo(const char *name, shape input) {
    err e;
    net *n;
    const float mean[4] = {.4F, .5F, .6F}, std[4] = {.5F, .25F, .3F};
    assert_ok(zoo_build(name, input, 5, mean, std, &n, &e), e);
    return n;
}

static void test_zoo(void **state) {
    (void)state;
    check_net(zoo("linear", (shape){3, 4, 2}), 9, 16, KERNEL_AUTO);
    check_net(zoo("small", (shape){8, 8, 1}), 9, 3, KERNEL_AUTO);
    check_net(zoo("resnet8", (shape){8, 8, 3}), 9, 1, KERNEL_AUTO);
}

/* A residual net with everything that the zoo can put into it. */
static void test_zoo_options(void **state) {
    (void)state;
    err e;
    net *n;
    zoo_options o = zoo_options_default();
    o.norm = ZOO_NORM_GROUP;
    o.activation = "gelu";
    o.dropout = .3;
    o.spatial_dropout = .2;
    o.drop_path = .5;
    o.zero_gamma = true;
    assert_ok(zoo_build_with("resnet8", (shape){8, 8, 1}, 5, &o, &n, &e), e);
    check_net(n, 3, 2, KERNEL_AUTO);
    o = (zoo_options){.activation = "gelu", .dropout = .3, .spatial_dropout = .2};
    assert_ok(zoo_build_with("wrn-10-1", (shape){8, 8, 1}, 5, &o, &n, &e), e);
    check_net(n, 3, 2, KERNEL_AUTO);
    assert_ok(zoo_build_with("plain8-aux", (shape){8, 8, 1}, 5, &o, &n, &e), e);
    check_net(n, 3, 2, KERNEL_AUTO);
}

/* Auxiliary heads of all kinds: a branch with batch norm and dropout; one that ends in a ReLU; a map that the main path reads too. */
static net *with_heads(void) {
    err e;
    net *n;
    net_builder *b = net_begin("heads", (shape){6, 6, 2});
    int at = net_add(b, "conv1", "conv2d", &(layer_config){.out = 8, .kernel = {3, 3}}, 1, (int[]){0});
    at = net_add(b, "bn1", "batch_norm", NULL, 1, &at);
    at = net_add(b, "relu1", "relu", NULL, 1, &at);
    int aux = net_add(b, "aux1.conv", "conv2d", &(layer_config){.out = 3, .kernel = {1, 1}}, 1, &at);
    aux = net_add(b, "aux1.bn", "batch_norm", NULL, 1, &aux);
    aux = net_add(b, "aux1.flatten", "flatten", NULL, 1, &aux);
    aux = net_add(b, "aux1.dropout", "dropout", &(layer_config){.rate = .3F}, 1, &aux);
    aux = net_add(b, "aux1.fc", "linear", &(layer_config){.out = 8, .bias = true}, 1, &aux);
    net_mark_aux(b, aux);
    at = net_add(b, "conv2", "conv2d", &(layer_config){.out = 8, .kernel = {3, 3}}, 1, &at);
    at = net_add(b, "pool", "global_avg_pool", NULL, 1, &at);
    int fc2 = net_add(b, "aux2.fc", "linear", &(layer_config){.out = 8, .bias = true}, 1, &at);
    net_mark_aux(b, net_add(b, "aux2.relu", "relu", NULL, 1, &fc2));
    net_mark_aux(b, at);
    net_add(b, "fc", "linear", &(layer_config){.out = 8}, 1, &at);
    assert_ok(net_finish(b, &n, &e), e);
    assert_int_equal(n->n_aux, 3);
    return n;
}

static void test_auxiliary_heads(void **state) {
    (void)state;
    check_net(with_heads(), 9, 16, KERNEL_AUTO);
    check_net(with_heads(), 3, 16, KERNEL_PORTABLE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_layers_portable),
        cmocka_unit_test(test_zoo),
        cmocka_unit_test(test_zoo_options),
        cmocka_unit_test(test_auxiliary_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
