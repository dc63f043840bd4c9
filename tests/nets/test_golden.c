/* Logits, loss, every gradient, running statistics and a training curve of zoo nets against PyTorch in
 * float64. The weights come from the formula in tests/golden/make_golden.py, by the parameters' names. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/loss.h"
#include "nets/model_file.h"
#include "nets/optim.h"
#include "nets/train.h"
#include "nets/zoo.h"
#include "tests/support/golden.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, SQUARES = SIDE / 2, CLASSES = 10 };
enum {
    GRADIENT_BATCH = 8,
    SAMPLES = 64,
    STRIDE = 1000003,
    CURVE_STEPS = 10,
    CURVE_BATCH = 32,
    CURVE_CYCLE = 2
};

static const double TOLERANCE = 1e-4, CURVE_TOLERANCE = 1e-3;

typedef struct fixture {
    const char *arch;
    kernel_choice kernel;
    npz golden;
    net *net;
    weights w;
    float x[CURVE_BATCH * PIXELS];
    int32_t labels[CURVE_BATCH];
} fixture;

static double parameter_value(const net_param *p, uint32_t i) {
    double u = (double)golden_unit(golden_key(p->name), i);
    switch (p->info.kind) {
    case PARAM_WEIGHT:
        return u * sqrt(6.0 / p->info.fan_in);
    case PARAM_NORM_SCALE:
        return 1 + 0.25 * u;
    case BUFFER_VARIANCE:
        return 4 + u;
    default:
        return 0.1 * u;
    }
}

static float *new_floats(size_t n) {
    float *x = calloc(n, sizeof *x);
    assert_non_null(x);
    return x;
}

static fixture fixture_of(const char *arch, kernel_choice kernel) {
    err e;
    char file[64];
    fixture f = {.arch = arch, .kernel = kernel};
    snprintf(file, sizeof file, "%s.npz", arch);
    f.golden = golden_open(file);
    assert_ok(zoo_build(arch, (shape){SIDE, SIDE, 1}, CLASSES, NULL, NULL, &f.net, &e), e);
    assert_ok(weights_new(f.net, &f.w, &e), e);
    for (int p = 0; p < f.net->n_params; p++) {
        const net_param *param = &f.net->params[p];
        float *values = new_floats(param->size);
        for (size_t i = 0; i < param->size; i++) {
            values[i] = (float)parameter_value(param, (uint32_t)i);
        }
        param_from_pytorch(f.net, param, values, f.w.data + param->offset);
        free(values);
    }
    return f;
}

static run run_of(const fixture *f) {
    run r = run_default();
    r.kernel = f->kernel;
    return r;
}

static void fixture_free(fixture *f) {
    npz_free(&f->golden);
    net_free(f->net);
    weights_free(&f->w);
}

static float square(const char *key, int picture, int y, int x) {
    return golden_unit(golden_key(key), (uint32_t)((picture * SQUARES + y / 2) * SQUARES + x / 2)) + 1;
}

/* images() of make_golden.py. */
static void set_images(fixture *f, int first, int n) {
    for (int i = 0; i < n; i++) {
        int label = (int)((golden_unit(golden_key("label"), (uint32_t)(first + i)) + 1) * 5);
        f->labels[i] = label;
        for (int p = 0; p < PIXELS; p++) {
            int y = p / SIDE, x = p % SIDE;
            f->x[i * PIXELS + p] =
                0.25f * square("own", first + i, y, x) + 0.25f * square("class", label, y, x);
        }
    }
}

/* Mean cross entropy of n rows and its gradient. */
static double mean_loss(const fixture *f, const float *logits, int n, float *dlogits) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += (double)cross_entropy(logits + i * CLASSES, CLASSES, f->labels[i], dlogits + i * CLASSES);
    }
    for (int i = 0; i < n * CLASSES; i++) {
        dlogits[i] /= (float)n;
    }
    return sum / n;
}

static void check_relative(const float *got, const double *expected, int n, const char *mode,
                           const char *what) {
    double difference = 0, reference = 0;
    for (int i = 0; i < n; i++) {
        double d = (double)got[i] - expected[i];
        difference += d * d;
        reference += expected[i] * expected[i];
    }
    double error = sqrt(difference) / sqrt(reference);
    if (!(error <= TOLERANCE))
        fail_msg("%s: %s: relative error %g, allowed %g", mode, what, error, TOLERANCE);
}

/* A tensor in PyTorch's layout against its golden entries. */
static void check_entries(const float *got, size_t size, const double *golden, const char *mode,
                          const char *what) {
    float at[SAMPLES];
    int n = size < SAMPLES ? (int)size : SAMPLES;
    for (int k = 0; k < n; k++) {
        at[k] = got[size < SAMPLES ? (size_t)k : (size_t)k * STRIDE % size];
    }
    check_relative(at, golden, n, mode, what);
}

static void check_norm(const float *got, size_t size, double golden, const char *mode, const char *what) {
    double sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum += (double)got[i] * (double)got[i];
    }
    if (!(fabs(sqrt(sum) - golden) <= TOLERANCE * golden)) {
        fail_msg("%s: norm of %s: %.9g, PyTorch %.9g", mode, what, sqrt(sum), golden);
    }
}

/* The net's parameters in the order of a golden list of names; fails unless all are there. Returns how many;
 * the caller frees. */
static int listed_params(const fixture *f, const char *list, const net_param ***out) {
    const npy *text = npz_find(&f->golden, list);
    assert_non_null(text);
    char *names = malloc((size_t)text->count + 1), *rest = names;
    *out = calloc((size_t)f->net->n_params, sizeof **out);
    assert_non_null(names);
    assert_non_null(*out);
    memcpy(names, text->data, (size_t)text->count);
    names[text->count] = '\0';
    int n = 0;
    for (char *name = strtok_r(names, "\n", &rest); name; name = strtok_r(NULL, "\n", &rest)) {
        const net_param *found = NULL;
        for (int i = 0; i < f->net->n_params && !found; i++) {
            if (strcmp(f->net->params[i].name, name) == 0) found = &f->net->params[i];
        }
        if (!found || n == f->net->n_params) fail_msg("%s has no parameter %s", f->arch, name);
        (*out)[n++] = found;
    }
    free(names);
    return n;
}

static float *in_pytorch_layout(const fixture *f, const net_param *p, const float *block) {
    float *out = new_floats(p->size);
    param_to_pytorch(f->net, p, block + p->offset, out);
    return out;
}

static double *mode_array(const fixture *f, const char *mode, const char *what, int count) {
    char name[64];
    snprintf(name, sizeof name, "%s/%s", mode, what);
    return golden_array(&f->golden, name, count);
}

static void check_logits(const fixture *f, const char *mode, const float *logits) {
    double *golden = mode_array(f, mode, "logits", GRADIENT_BATCH * CLASSES);
    check_relative(logits, golden, GRADIENT_BATCH * CLASSES, mode, "logits");
    free(golden);
}

/* Every parameter gradient, then the input's. */
static void check_gradients(const fixture *f, const char *mode, const float *grad, const float *dx) {
    const net_param **params;
    int n = listed_params(f, "parameters", &params);
    double *norms = mode_array(f, mode, "norms", n + 1);
    double *samples = mode_array(f, mode, "samples", (n + 1) * SAMPLES);
    size_t floats = 0;
    for (int i = 0; i < n; i++) {
        float *got = in_pytorch_layout(f, params[i], grad);
        check_norm(got, params[i]->size, norms[i], mode, params[i]->name);
        check_entries(got, params[i]->size, samples + (size_t)i * SAMPLES, mode, params[i]->name);
        floats += params[i]->size;
        free(got);
    }
    assert_int_equal(floats, f->net->n_trainable);
    check_norm(dx, GRADIENT_BATCH * PIXELS, norms[n], mode, "the input's gradient");
    check_entries(dx, GRADIENT_BATCH * PIXELS, samples + (size_t)n * SAMPLES, mode, "the input's gradient");
    free(params);
    free(norms);
    free(samples);
}

/* Running statistics after one forward pass in training mode. */
static void check_buffers(const fixture *f) {
    const net_param **params;
    int n = listed_params(f, "buffers", &params);
    double *samples = mode_array(f, "train", "buffers", n * SAMPLES);
    for (int i = 0; i < n; i++) {
        float *got = in_pytorch_layout(f, params[i], f->w.data);
        check_entries(got, params[i]->size, samples + (size_t)i * SAMPLES, "train", params[i]->name);
        free(got);
    }
    free(params);
    free(samples);
}

/* Forward and backward of TRAIN, in training mode or with frozen norms, which is PyTorch's evaluation mode.
 */
static void check_train_session(fixture *f, const char *mode, bool frozen) {
    err e;
    run r = run_of(f);
    r.threads = 2;
    session *s;
    float logits[GRADIENT_BATCH * CLASSES], dlogits[GRADIENT_BATCH * CLASSES];
    float *grad = new_floats(f->net->n_trainable), *dx = new_floats(GRADIENT_BATCH * PIXELS);
    int32_t ids[GRADIENT_BATCH] = {0, 1, 2, 3, 4, 5, 6, 7};
    train_context c = {.ids = ids, .update_statistics = !frozen, .frozen_norm = frozen};
    set_images(f, 0, GRADIENT_BATCH);
    assert_ok(session_new(f->net, &f->w, SESSION_TRAIN, GRADIENT_BATCH, &r, &s, &e), e);
    assert_ok(session_train_forward(s, &f->w, GRADIENT_BATCH, f->x, &c, logits, &e), e);
    check_logits(f, mode, logits);
    double *loss = mode_array(f, mode, "loss", 1);
    assert_near(mean_loss(f, logits, GRADIENT_BATCH, dlogits), *loss, 1e-5);
    assert_ok(session_train_backward(s, &f->w, GRADIENT_BATCH, dlogits, grad, dx, &e), e);
    check_gradients(f, mode, grad, dx);
    if (!frozen) check_buffers(f);
    session_free(s);
    free(loss);
    free(grad);
    free(dx);
}

/* Logits of INFER, logits and input gradient of INPUT_GRAD. */
static void check_tiles(fixture *f) {
    err e;
    run r = run_of(f);
    session *s;
    float logits[GRADIENT_BATCH * CLASSES], dlogits[GRADIENT_BATCH * CLASSES];
    float *dx = new_floats(GRADIENT_BATCH * PIXELS);
    assert_true((int)GRADIENT_BATCH <= (int)SESSION_TILE);
    set_images(f, 0, GRADIENT_BATCH);
    assert_ok(session_new(f->net, &f->w, SESSION_INFER | SESSION_INPUT_GRAD, 0, &r, &s, &e), e);
    assert_ok(session_infer(s, 0, GRADIENT_BATCH, f->x, logits, &e), e);
    check_logits(f, "eval", logits);
    assert_ok(session_forward(s, 0, GRADIENT_BATCH, f->x, logits, &e), e);
    check_logits(f, "eval", logits);
    mean_loss(f, logits, GRADIENT_BATCH, dlogits);
    assert_ok(session_input_grad(s, 0, GRADIENT_BATCH, dlogits, dx, &e), e);
    const npy *norms = npz_find(&f->golden, "eval/norms");
    assert_non_null(norms);
    int last = (int)norms->count - 1; /* behind the parameters */
    double *samples = mode_array(f, "eval", "samples", (last + 1) * SAMPLES);
    check_norm(dx, GRADIENT_BATCH * PIXELS, npy_number(norms, last), "tiles", "the input's gradient");
    check_entries(dx, GRADIENT_BATCH * PIXELS, samples + (size_t)last * SAMPLES, "tiles",
                  "the input's gradient");
    free(samples);
    session_free(s);
    free(dx);
}

/* Ten steps of Nesterov with decayed weights, through the objective and the optimiser that training uses. */
static void check_curve(fixture *f) {
    err e;
    run r = run_of(f);
    r.threads = 2;
    objective goal;
    optim o;
    float targets[CURVE_BATCH * CLASSES], ones[CURVE_BATCH];
    int32_t ids[CURVE_BATCH];
    float *grad = new_floats(f->net->n_trainable);
    double *rate = mode_array(f, "curve", "rate", 1),
           *golden = mode_array(f, "curve", "float64", CURVE_STEPS);
    assert_ok(objective_plain(f->net, &f->w, CURVE_BATCH, &r, &goal, &e), e);
    assert_ok(optim_new(OPTIM_NESTEROV, f->net, &o, &e), e);
    for (int step = 0; step < CURVE_STEPS; step++) {
        int first = step % CURVE_CYCLE * CURVE_BATCH;
        set_images(f, first, CURVE_BATCH);
        for (int i = 0; i < CURVE_BATCH; i++) {
            ids[i] = first + i;
            ones[i] = 1;
            for (int k = 0; k < CLASSES; k++) {
                targets[i * CLASSES + k] = k == f->labels[i];
            }
        }
        batch b = {.n = CURVE_BATCH,
                   .x = f->x,
                   .targets = targets,
                   .labels = f->labels,
                   .loss_weights = ones,
                   .ids = ids,
                   .step = step,
                   .update_statistics = true};
        batch_result result;
        assert_ok(goal.accumulate(goal.self, &b, &f->w, grad, &result, &e), e);
        assert_ok(optim_step(&o, f->net, &f->w, grad, *rate, 0.9, &r), e);
        double loss = result.loss / CURVE_BATCH;
        if (!(fabs(loss - golden[step]) <= CURVE_TOLERANCE)) {
            fail_msg("%s: loss of step %d: %.7g, PyTorch %.7g", f->arch, step, loss, golden[step]);
        }
    }
    goal.free(goal.self);
    optim_free(&o);
    free(grad);
    free(rate);
    free(golden);
}

static void check_net(const char *arch, kernel_choice kernel) {
    fixture f = fixture_of(arch, kernel);
    check_tiles(&f);
    check_train_session(&f, "eval", true);
    check_train_session(&f, "train", false);
    fixture_free(&f);

    f = fixture_of(arch, kernel);
    check_curve(&f);
    fixture_free(&f);
}

static void test_madry_equals_pytorch(void **state) {
    (void)state;
    check_net("madry", KERNEL_DIRECT);
    check_net("madry", KERNEL_AUTO);
}

static void test_resnet20_equals_pytorch(void **state) {
    (void)state;
    check_net("resnet20", KERNEL_DIRECT);
    check_net("resnet20", KERNEL_AUTO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_madry_equals_pytorch),
        cmocka_unit_test(test_resnet20_equals_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
