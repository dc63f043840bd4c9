/* Nets that others trained, from ../shared/data/models: our logits against those of their own framework. */
#include "tests/support/test.h"

#include <math.h>

#include "core/npy.h"
#include "nets/model_file.h"
#include "nets/session.h"
#include "nets/zoo.h"

typedef struct chain {
    net_builder *b;
    int at;
} chain;

static void conv(chain *c, const char *name, int out, int kernel, int stride, int pad, bool bias) {
    layer_config config = {.out = out,
                           .kernel = {kernel, kernel},
                           .stride = {stride, stride},
                           .pad = {pad, pad, pad, pad},
                           .bias = bias};
    c->at = net_add(c->b, name, "conv2d", &config, 1, &c->at);
}

static void linear(chain *c, const char *name, int out) {
    c->at = net_add(c->b, name, "linear", &(layer_config){.out = out, .bias = true}, 1, &c->at);
}

static void pool(chain *c, const char *name, const char *op, int kernel) {
    c->at = net_add(c->b, name, op, &(layer_config){.kernel = {kernel, kernel}}, 1, &c->at);
}

static void plain(chain *c, const char *name, const char *op) {
    c->at = net_add(c->b, name, op, NULL, 1, &c->at);
}

static void normalise(chain *c, float mean, float std) {
    c->at = net_add(c->b, "normalise", "normalise", &(layer_config){.mean = {mean}, .std = {std}}, 1, &c->at);
}

static net *finish(chain *c) {
    err e;
    net *n;
    assert_ok(net_finish(c->b, &n, &e), e);
    return n;
}

static net *wong_kolter(void) {
    chain c = {net_begin("kw", (shape){28, 28, 1}), 0};
    conv(&c, "0", 16, 4, 2, 1, true);
    plain(&c, "1", "relu");
    conv(&c, "2", 32, 4, 2, 1, true);
    plain(&c, "3", "relu");
    plain(&c, "4", "flatten");
    linear(&c, "5", 100);
    plain(&c, "6", "relu");
    linear(&c, "7", 10);
    return finish(&c);
}

static net *advertorch_lenet5(void) {
    chain c = {net_begin("lenet5", (shape){28, 28, 1}), 0};
    conv(&c, "conv1", 32, 3, 1, 1, true);
    plain(&c, "relu1", "relu");
    pool(&c, "pool1", "max_pool2d", 2);
    conv(&c, "conv2", 64, 3, 1, 1, true);
    plain(&c, "relu2", "relu");
    pool(&c, "pool2", "max_pool2d", 2);
    plain(&c, "flatten", "flatten");
    linear(&c, "linear1", 200);
    plain(&c, "relu3", "relu");
    linear(&c, "linear2", 10);
    return finish(&c);
}

static net *badnet(void) {
    chain c = {net_begin("badnet", (shape){28, 28, 1}), 0};
    normalise(&c, .5F, .5F);
    conv(&c, "conv1.0", 16, 5, 1, 0, true);
    plain(&c, "conv1.1", "relu");
    pool(&c, "conv1.2", "avg_pool2d", 2);
    conv(&c, "conv2.0", 32, 5, 1, 0, true);
    plain(&c, "conv2.1", "relu");
    pool(&c, "conv2.2", "avg_pool2d", 2);
    plain(&c, "flatten", "flatten");
    linear(&c, "fc1.0", 512);
    plain(&c, "fc1.1", "relu");
    linear(&c, "fc2.0", 10);
    return finish(&c);
}

static npy *golden(npz *z, const char *model) {
    err e;
    char name[200];
    snprintf(name, sizeof name, "data/models/%s_golden.npz", model);
    need_file(shared_path(name));
    assert_ok(npz_read_file(shared_path(name), z, &e), e);
    return z->arrays;
}

static safetensors tensors_of(const char *model) {
    err e;
    char name[200];
    safetensors s;
    snprintf(name, sizeof name, "data/models/%s.safetensors", model);
    need_file(shared_path(name));
    assert_ok(safetensors_read_file(shared_path(name), &s, &e), e);
    return s;
}

/* Sample i of an N,C,H,W array as H,W,C floats, times scale. */
static void to_nhwc(const npy *a, int64_t i, shape s, double scale, float *out) {
    for (int y = 0; y < s.h; y++)
        for (int x = 0; x < s.w; x++)
            for (int c = 0; c < s.c; c++)
                *out++ = (float)(npy_number(a, ((i * s.c + c) * s.h + y) * s.w + x) * scale);
}

/* `pixels` of the file times `scale` plus `shift` are what the net takes. */
static void compare(const net *n, const weights *w, const npy *input, const npy *logits, double scale,
                    float shift) {
    err e;
    session *s;
    run r = run_default();
    assert_ok(session_new(n, w, SESSION_INFER, 0, &r, &s, &e), e);
    size_t size = shape_size(n->input);
    float *x = malloc(size * sizeof *x), z[1024], expected[1024];
    for (int64_t i = 0; i < input->dims[0]; i++) {
        to_nhwc(input, i, n->input, scale, x);
        for (size_t k = 0; k < size; k++)
            x[k] += shift;
        assert_ok(session_infer(s, 0, 1, x, z, &e), e);
        for (int k = 0; k < n->classes; k++)
            expected[k] = (float)npy_number(logits, i * n->classes + k);
        assert_relative(z, expected, (size_t)n->classes, 1e-4);
    }
    free(x);
    session_free(s);
}

/* Built once its files are known to be there: a test that skips leaves nothing behind. */
static void check_model(const char *model, net *(*build)(void), double scale, float shift) {
    err e;
    npz z;
    weights w;
    golden(&z, model);
    safetensors tensors = tensors_of(model);
    net *n = build();
    assert_ok(weights_new(n, &w, &e), e);
    assert_ok(weights_from_state_dict(n, &tensors, &w, &e), e);
    compare(n, &w, npz_find(&z, "input"), npz_find(&z, "logits"), scale, shift);
    weights_free(&w);
    safetensors_free(&tensors);
    npz_free(&z);
    net_free(n);
}

static void test_wong_kolter(void **state) {
    (void)state;
    check_model("kw_mnist_eps0.1", wong_kolter, 1, 0);
    check_model("kw_fashion_eps0.1", wong_kolter, 1, 0);
}

static void test_lenet5(void **state) {
    (void)state;
    check_model("mnist_lenet5_clntrained", advertorch_lenet5, 1, 0);
    check_model("mnist_lenet5_advtrained", advertorch_lenet5, 1, 0);
}

/* The golden input is already normalised; the net of ours wants pixels. */
static void test_badnet(void **state) {
    (void)state;
    check_model("badnet_mnist_trigger_white5_target1", badnet, .5, .5F);
}

/* Shortcut A takes every second pixel and puts zero channels around: a fixed 1x1 convolution here. */
static void resnet_block(chain *c, const char *name, int in, int out) {
    char part[64];
    int from = c->at, stride = in == out ? 1 : 2;
#define PART(suffix) (snprintf(part, sizeof part, "%s.%s", name, suffix), part)
    conv(c, PART("conv1"), out, 3, stride, 1, false);
    plain(c, PART("bn1"), "batch_norm");
    plain(c, PART("relu1"), "relu");
    conv(c, PART("conv2"), out, 3, 1, 1, false);
    plain(c, PART("bn2"), "batch_norm");
    int inside = c->at;
    c->at = from;
    if (in != out) conv(c, PART("shortcut"), out, 1, stride, 0, false);
    c->at = net_add(c->b, PART("add"), "add", NULL, 2, (int[]){inside, c->at});
    plain(c, PART("relu2"), "relu");
#undef PART
}

static net *resnet20_a(void) {
    chain c = {net_begin("resnet20-a", (shape){32, 32, 3}), 0};
    layer_config norm = {.mean = {.485F, .456F, .406F}, .std = {.229F, .224F, .225F}};
    c.at = net_add(c.b, "normalise", "normalise", &norm, 1, &c.at);
    conv(&c, "conv1", 16, 3, 1, 1, false);
    plain(&c, "bn1", "batch_norm");
    plain(&c, "relu1", "relu");
    for (int stage = 1; stage <= 3; stage++)
        for (int k = 0; k < 3; k++) {
            char name[32];
            snprintf(name, sizeof name, "layer%d.%d", stage, k);
            resnet_block(&c, name, stage > 1 && k == 0 ? 4 << stage : 8 << stage, 8 << stage);
        }
    plain(&c, "avgpool", "global_avg_pool");
    linear(&c, "linear", 10);
    return finish(&c);
}

static void load_resnet(const net *n, const safetensors *tensors, weights *w) {
    err e;
    for (int k = 0; k < n->n_params; k++) {
        const net_param *p = &n->params[k];
        float *to = w->data + p->offset;
        const st_tensor *t = safetensors_find(tensors, p->name);
        float *values = calloc(p->size, sizeof *values);
        if (t) {
            assert_int_equal(t->count, p->size);
            assert_ok(st_tensor_floats(t, values, &e), e);
            param_from_pytorch(n, p, values, to);
        } else { /* [1][1][in][out]: channel i goes to i + in / 2 */
            assert_non_null(strstr(p->name, "shortcut"));
            int in = p->info.dims[2], out = p->info.dims[3];
            for (int i = 0; i < in; i++)
                to[i * out + i + (out - in) / 2] = 1;
        }
        free(values);
    }
    w->version++;
}

static void test_resnet20(void **state) {
    (void)state;
    err e;
    npz z;
    weights w;
    golden(&z, "resnet20-12fca82f");
    safetensors tensors = tensors_of("resnet20-12fca82f");
    net *n = resnet20_a();
    assert_ok(weights_new(n, &w, &e), e);
    load_resnet(n, &tensors, &w);
    compare(n, &w, npz_find(&z, "pixels"), npz_find(&z, "logits"), 1 / 255.0, 0);
    weights_free(&w);
    safetensors_free(&tensors);
    npz_free(&z);
    net_free(n);
}

/* The file has no names but numbers; its tensors are in the order of ours. The mean over the map comes before the last of them,
 * a 1x1 convolution to which our linear layer is equal. */
static void load_mobilenet(const net *n, const safetensors *tensors, weights *w) {
    err e;
    for (int p = 0; p < n->n_params; p++) {
        const net_param *param = &n->params[p];
        int k = p / 2; /* weight and bias each */
        char name[32];
        snprintf(name, sizeof name, "%02d.%s.%s", k == 27 ? 28 : k, k % 2 && k < 27 ? "DWCONV" : "CONV",
                 param->info.suffix);
        const st_tensor *t = safetensors_find(tensors, name);
        if (!t) fail_msg("no tensor %s for %s", name, param->name);
        assert_int_equal(t->count, param->size);
        float *values = calloc(param->size, sizeof *values);
        assert_ok(st_tensor_floats(t, values, &e), e);
        param_from_pytorch(n, param, values, w->data + param->offset);
        free(values);
    }
    w->version++;
}

/* The zoo's own net, its norms folded into the convolutions: 1000 classes and the background. */
static void test_mobilenet(void **state) {
    (void)state;
    err e;
    npz z;
    weights w;
    net *n;
    zoo_options o = zoo_options_default();
    o.norm = ZOO_NORM_NONE;
    golden(&z, "mobilenet_v1_0.25_128_quant");
    safetensors tensors = tensors_of("mobilenet_v1_0.25_128_quant_dequant");
    assert_ok(zoo_build_with("mobilenet-0.25", (shape){128, 128, 3}, 1001, &o, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    load_mobilenet(n, &tensors, &w);
    npy one = *npz_find(&z, "input"), logits = *npz_find(&z, "logits");
    one.rank = 4;
    memmove(one.dims + 1, one.dims, 3 * sizeof *one.dims);
    one.dims[0] = 1;
    compare(n, &w, &one, &logits, 1, 0);
    weights_free(&w);
    safetensors_free(&tensors);
    npz_free(&z);
    net_free(n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wong_kolter), cmocka_unit_test(test_lenet5),    cmocka_unit_test(test_badnet),
        cmocka_unit_test(test_resnet20),    cmocka_unit_test(test_mobilenet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
