/* ONNX files of others, from ../shared/data: the logits and input gradients of the nets that we make of them, against those of their own
 * framework; and all of it again after an export. */
#include "tests/support/test.h"

#include <math.h>

#include "core/npy.h"
#include "nets/onnx/import.h"
#include "nets/session.h"
#include "tests/support/golden.h"

enum { ENTRIES = 64 };

static const struct {
    const char *name, *array;
} models[] = {
    {"badnet_mnist_trigger_white5_target1", "input"},
    {"kw_fashion_eps0.1", "input"},
    {"kw_mnist_eps0.1", "input"},
    {"mnist_lenet5_advtrained", "input"},
    {"mnist_lenet5_clntrained", "input"},
    {"resnet20-12fca82f", "pixels"},
    {"squeezenet_v1.0", "input"},
};
enum { N_MODELS = sizeof models / sizeof *models };

static const char *data_path(const char *folder, const char *name, const char *end) {
    char text[200];
    snprintf(text, sizeof text, "data/%s/%s%s", folder, name, end);
    return shared_path(text);
}

static model_file import(const char *path) {
    err e;
    onnx_graph g;
    model_file m;
    preprocessing p = preprocessing_default();
    assert_ok(onnx_read(path, &g, &e), e);
    assert_ok(onnx_import(&g, &p, &m, &e), e);
    onnx_graph_free(&g);
    return m;
}

static const npy *find_array(const npz *z, const char *name) {
    for (int i = 0; i < z->n; i++)
        if (!strcmp(z->names[i], name)) return &z->arrays[i];
    fail_msg("no array %s", name);
    return NULL;
}

/* Numbers of an array, bytes as shares of 255. */
static float *numbers(const npz *z, const char *name, size_t *n) {
    const npy *a = find_array(z, name);
    *n = 1;
    for (int k = 0; k < a->rank; k++)
        *n *= (size_t)a->dims[k];
    float *x = malloc(*n * sizeof *x);
    for (size_t i = 0; i < *n; i++)
        x[i] = a->type == NPY_U8 ? (float)((const uint8_t *)a->data)[i] / 255 : ((const float *)a->data)[i];
    return x;
}

static void to_ours(shape s, const float *chw, float *hwc) {
    size_t pixels = (size_t)s.h * (size_t)s.w;
    for (size_t i = 0; i < shape_size(s); i++)
        hwc[i % pixels * (size_t)s.c + i / pixels] = chw[i];
}

static session *open_session(const model_file *m, kernel_choice kernel) {
    err e;
    session *s;
    run r = run_default();
    r.threads = 1;
    r.kernel = kernel;
    assert_ok(session_new(m->net, &m->weights, SESSION_INFER | SESSION_INPUT_GRAD, 0, &r, &s, &e), e);
    return s;
}

/* Compares the logits of all golden images; the difference is a part of the largest logit. */
static void compare_logits(const char *name, const model_file *m, const float *x, const float *expected,
                           size_t n) {
    err e;
    session *s = open_session(m, KERNEL_AUTO);
    size_t size = shape_size(m->net->input), classes = (size_t)m->net->classes;
    float *image = malloc(size * sizeof *image), *logits = malloc(classes * sizeof *logits), worst = 0,
          most = 0;
    for (size_t i = 0; i < n; i++) {
        to_ours(m->net->input, x + i * size, image);
        assert_ok(session_infer(s, 0, 1, image, logits, &e), e);
        for (size_t k = 0; k < classes; k++) {
            worst = fmaxf(worst, fabsf(logits[k] - expected[i * classes + k]));
            most = fmaxf(most, fabsf(expected[i * classes + k]));
        }
    }
    if (!(worst <= 1e-4F * most))
        fail_msg("%s: logits differ by %g, the largest is %g", name, (double)worst, (double)most);
    session_free(s);
    free(image);
    free(logits);
}

static void check_golden(const char *name, const char *array, const model_file *m) {
    err e;
    npz z;
    size_t n, n_logits;
    assert_ok(npz_read_file(data_path("models", name, "_golden.npz"), &z, &e), e);
    float *x = numbers(&z, array, &n), *logits = numbers(&z, "logits", &n_logits);
    n /= shape_size(m->net->input);
    assert_int_equal(n_logits, n * (size_t)m->net->classes);
    compare_logits(name, m, x, logits, n);
    npz_free(&z);
    free(x);
    free(logits);
}

static void golden_logits(void **state) {
    (void)state;
    need_file(shared_path("data/models"));
    for (int k = 0; k < N_MODELS; k++) {
        model_file m = import(data_path("models", models[k].name, ".onnx"));
        check_golden(models[k].name, models[k].array, &m);
        model_file_free(&m);
    }
}

static void exported_again(void **state) {
    (void)state;
    need_file(shared_path("data/models"));
    for (int k = 0; k < N_MODELS; k++) {
        err e;
        model_file m = import(data_path("models", models[k].name, ".onnx"));
        assert_ok(onnx_export(temporary_path("again.onnx"), m.net, &m.weights, &e), e);
        model_file again = import(temporary_path("again.onnx"));
        check_golden(models[k].name, models[k].array, &again);
        assert_int_equal(again.net->n_trainable, m.net->n_trainable);
        model_file_free(&m);
        model_file_free(&again);
    }
}

static void verified_nets(void **state) {
    (void)state;
    need_file(shared_path("data/verification"));
    static const char *const names[] = {"Convnet_avgpool", "Convnet_maxpool"};
    err e;
    npz z;
    size_t n, n_logits;
    assert_ok(npz_read_file(shared_path("data/verification/2021_verivital.npz"), &z, &e), e);
    float *x = numbers(&z, "x0", &n), *logits = numbers(&z, "logits", &n_logits);
    const npy *nets = find_array(&z, "net");
    size_t wide = (size_t)nets->item_size, seen = 0;
    for (int k = 0; k < 2; k++) {
        char file[40];
        snprintf(file, sizeof file, "2021_%s", names[k]);
        model_file m = import(data_path("verification", file, ".onnx"));
        for (size_t i = 0; i < n / 784; i++) {
            const uint32_t *letters = (const uint32_t *)(const void *)((const char *)nets->data + i * wide);
            bool ours = true;
            for (size_t c = 0; names[k][c]; c++)
                ours &= letters[c] == (uint32_t)names[k][c];
            if (!ours) continue;
            compare_logits(names[k], &m, x + i * 784, logits + i * 10, 1);
            seen++;
        }
        model_file_free(&m);
    }
    assert_int_equal(seen, n / 784);
    npz_free(&z);
    free(x);
    free(logits);
}

/* Of the first golden image, with cotangents from the formula. */
static float *gradient_of(const char *name, const char *array, const model_file *m, kernel_choice kernel) {
    err e;
    npz z;
    size_t n, size = shape_size(m->net->input), pixels = (size_t)m->net->input.h * (size_t)m->net->input.w;
    assert_ok(npz_read_file(data_path("models", name, "_golden.npz"), &z, &e), e);
    float *x = numbers(&z, array, &n), *image = malloc(size * sizeof *image), *dx = malloc(size * sizeof *dx);
    float *logits = malloc((size_t)m->net->classes * sizeof *logits);
    to_ours(m->net->input, x, image);
    session *s = open_session(m, kernel);
    assert_ok(session_forward(s, 0, 1, image, logits, &e), e);
    for (int k = 0; k < m->net->classes; k++)
        logits[k] = golden_unit(golden_key("logits"), (uint32_t)k);
    assert_ok(session_input_grad(s, 0, 1, logits, image, &e), e);
    for (size_t i = 0; i < size; i++)
        dx[i] = image[i % pixels * (size_t)m->net->input.c + i / pixels];
    session_free(s);
    npz_free(&z);
    free(x);
    free(image);
    free(logits);
    return dx;
}

/* Where two values are almost equal, one rounding decides which of them a rectifier or a maximum passes on, and the gradient jumps:
 * Winograd's roundings are larger, so that on one of these images one maximum falls otherwise. */
static void check_gradient(const npz *golden, int k, const model_file *m, kernel_choice kernel,
                           double tolerance) {
    char array[100];
    size_t size = shape_size(m->net->input), stride = size / ENTRIES;
    float *dx = gradient_of(models[k].name, models[k].array, m, kernel);
    snprintf(array, sizeof array, "%s/dx", models[k].name);
    double *expected = golden_array(golden, array, ENTRIES), worst = 0, norm = 0;
    snprintf(array, sizeof array, "%s/norm", models[k].name);
    double *expected_norm = golden_array(golden, array, 1);
    for (size_t i = 0; i < size; i++)
        norm += (double)dx[i] * (double)dx[i];
    for (size_t i = 0; i < ENTRIES; i++)
        worst = fmax(worst, fabs((double)dx[i * stride] - expected[i]));
    printf("%s, kernel %s: gradient of norm %g, largest difference %g\n", models[k].name,
           kernel_choice_name(kernel), sqrt(norm), worst);
    assert_near(sqrt(norm) / expected_norm[0], 1, tolerance);
    assert_near(worst / expected_norm[0], 0, tolerance);
    free(dx);
    free(expected);
    free(expected_norm);
}

static void golden_gradients(void **state) {
    (void)state;
    need_file(shared_path("data/models"));
    npz z = golden_open("onnx_gradients.npz");
    for (int k = 0; k < N_MODELS; k++) {
        model_file m = import(data_path("models", models[k].name, ".onnx"));
        check_gradient(&z, k, &m, KERNEL_DIRECT, 1e-4); /* float32 against float64 */
        check_gradient(&z, k, &m, KERNEL_AUTO, 1e-2);
        model_file_free(&m);
    }
    npz_free(&z);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_logits),
        cmocka_unit_test(golden_gradients),
        cmocka_unit_test(verified_nets),
        cmocka_unit_test(exported_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
