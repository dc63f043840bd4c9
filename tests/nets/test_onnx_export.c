/* Every layer in every sample configuration: exported, read again and imported, it gives the same logits; python3-onnx finds no fault with the
 * files, where it is installed. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/layer_internal.h"
#include "nets/onnx/import.h"
#include "nets/session.h"
#include "nets/zoo.h"

enum { CLASSES = 3 };

/* A colour image, 1x1 convolutions to what the layer takes, the layer, and three logits. */
static net *net_of_sample(const layer *l, int index) {
    const layer_sample *sample = &l->samples[index];
    char arch[64], name[32];
    int inputs[LAYER_MOST_INPUTS];
    snprintf(arch, sizeof arch, "%s-%d", layer_name(l), index);
    net_builder *b = net_begin(arch, (shape){sample->in[0].h, sample->in[0].w, 3});
    for (int k = 0; k < sample->n_inputs; k++) {
        layer_config c = {.out = sample->in[k].c, .kernel = {1, 1}, .bias = true};
        snprintf(name, sizeof name, "in%d", k);
        inputs[k] = net_add(b, name, "conv2d", &c, 1, (int[]){0});
        snprintf(name, sizeof name, "gate%d", k);
        if (sample->in[k].h < sample->in[0].h)
            inputs[k] = net_add(b, name, "global_avg_pool", NULL, 1, &inputs[k]);
    }
    int at = net_add(b, "layer", layer_name(l), &sample->config, sample->n_inputs, inputs);
    at = net_add(b, "flatten", "flatten", NULL, 1, &at);
    net_add(b, "head", "linear", &(layer_config){.out = CLASSES, .bias = true}, 1, &at);
    err e;
    net *n;
    assert_ok(net_finish(b, &n, &e), e);
    return n;
}

static weights random_weights(const net *n) {
    err e;
    weights w;
    assert_ok(weights_new(n, &w, &e), e);
    weights_init(n, &w, 3);
    rng r = rng_stream(5, "test", 0, 0, 0, 0);
    for (int k = 0; k < n->n_params; k++) /* what initialisation leaves at 0 and 1 must count too */
        for (size_t i = 0; i < n->params[k].size && n->params[k].info.kind != PARAM_WEIGHT; i++)
            w.data[n->params[k].offset + i] += rng_range(&r, .1F, .4F);
    return w;
}

static void infer(const net *n, const weights *w, const float *image, float *logits) {
    err e;
    session *s;
    run r = run_default();
    r.threads = 1;
    assert_ok(session_new(n, w, SESSION_INFER, 0, &r, &s, &e), e);
    assert_ok(session_infer(s, 0, 1, image, logits, &e), e);
    session_free(s);
}

/* Takes over both. */
static void check_export(net *n, weights w, const char *file) {
    err e;
    onnx_graph g;
    model_file m;
    preprocessing p = preprocessing_default();
    status s = onnx_export(temporary_path(file), n, &w, &e);
    if (s == STATUS_OK) s = onnx_read(temporary_path(file), &g, &e);
    if (s != STATUS_OK) fail_msg("%s: %s", n->arch, e.message);
    s = onnx_import(&g, &p, &m, &e);
    if (s != STATUS_OK) fail_msg("%s, read again: %s", n->arch, e.message);
    assert_true(shape_equal(n->input, m.net->input));
    assert_int_equal(n->classes, m.net->classes);
    size_t size = shape_size(n->input), classes = (size_t)n->classes;
    float *image = malloc(size * sizeof *image), *before = malloc(classes * sizeof *before),
          *after = malloc(classes * sizeof *after);
    rng r = rng_stream(9, "test", 0, 0, 0, 0);
    for (size_t i = 0; i < size; i++)
        image[i] = rng_uniform(&r);
    infer(n, &w, image, before);
    infer(m.net, &m.weights, image, after);
    printf("%s\n", n->arch);
    assert_relative(after, before, classes, 1e-5);
    free(image);
    free(before);
    free(after);
    onnx_graph_free(&g);
    model_file_free(&m);
    weights_free(&w);
    net_free(n);
}

static void layers(void **state) {
    (void)state;
    for (int k = 0; layer_at(k); k++)
        for (int i = 0; i < layer_at(k)->n_samples; i++) {
            char file[80];
            net *n = net_of_sample(layer_at(k), i);
            snprintf(file, sizeof file, "%s.onnx", n->arch);
            check_export(n, random_weights(n), file);
        }
}

static void zoo(void **state) {
    (void)state;
    const float mean[4] = {.4F, .5F, .6F}, std[4] = {.5F, .25F, .3F};
    static const char *const names[] = {"linear", "small", "lenet5", "resnet8"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        err e;
        net *n;
        char file[80];
        assert_ok(zoo_build(names[k], (shape){16, 16, 3}, 5, mean, std, &n, &e), e);
        snprintf(file, sizeof file, "zoo-%s.onnx", names[k]);
        check_export(n, random_weights(n), file);
    }
}

static void checked_by_python(void **state) {
    (void)state;
    if (system("/usr/bin/python3 -c 'import onnx.checker' 2>/dev/null")) {
        printf("skipped: python3-onnx is not installed\n");
        skip();
    }
    char command[600];
    snprintf(command, sizeof command,
             "/usr/bin/python3 -c 'import glob, onnx, onnx.checker\n"
             "files = glob.glob(\"%s/*.onnx\")\n"
             "assert len(files) > 50, len(files)\n"
             "for f in files: print(f); onnx.checker.check_model(onnx.load(f), full_check=True)' "
             "> %s/checked 2>&1 || { tail -5 %s/checked; exit 1; }",
             temporary_folder(), temporary_folder(), temporary_folder());
    if (system(command)) fail_msg("python3-onnx finds fault with the last file named above");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers),
        cmocka_unit_test(zoo),
        cmocka_unit_test(checked_by_python),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
