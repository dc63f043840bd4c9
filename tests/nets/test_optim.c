/* Optimisers against PyTorch's over ten steps, and against themselves with other numbers of threads. */
#include "tests/support/test.h"

#include <math.h>

#include "nets/optim.h"
#include "tests/support/golden.h"

enum { STEPS = 10, TENSORS = 3, FLOATS = 12 + 5 + 4 };

/* The tensors of make_golden.py: one that decays and two that must not. */
static const struct {
    const char *name;
    param_kind kind;
    int size;
} golden_tensors[TENSORS] = {
    {"weight", PARAM_WEIGHT, 12}, {"bias", PARAM_BIAS, 5}, {"scale", PARAM_NORM_SCALE, 4}};

static void check_against(const npz *z, optim_kind kind) {
    net_param params[TENSORS] = {0};
    net n = {.params = params, .n_params = TENSORS, .n_trainable = FLOATS, .n_floats = FLOATS};
    float data[FLOATS], grad[FLOATS];
    size_t offset = 0;
    for (int p = 0; p < TENSORS; p++) {
        params[p].info.kind = golden_tensors[p].kind;
        params[p].offset = offset;
        params[p].size = (size_t)golden_tensors[p].size;
        for (size_t i = 0; i < params[p].size; i++) {
            data[offset++] = golden_unit(golden_key(golden_tensors[p].name), (uint32_t)i);
        }
    }

    err e;
    optim o;
    weights w = {.data = data, .n = FLOATS};
    run r = run_default();
    assert_ok(optim_new(kind, &n, &o, &e), e);
    o.weight_decay = 0.05;
    double *golden = golden_array(z, optim_name(kind), STEPS * FLOATS);
    for (int step = 0; step < STEPS; step++) {
        for (int p = 0; p < TENSORS; p++) {
            char name[32];
            snprintf(name, sizeof name, "%s.grad", golden_tensors[p].name);
            for (size_t i = 0; i < params[p].size; i++) {
                grad[params[p].offset + i] =
                    golden_unit(golden_key(name), (uint32_t)((size_t)step * params[p].size + i));
            }
        }
        assert_ok(optim_step(&o, &n, &w, grad, 0.1 / (step + 1), 0.9, &r), e);
        for (int i = 0; i < FLOATS; i++) {
            double expected = golden[step * FLOATS + i];
            if (fabs((double)data[i] - expected) > 1e-6) {
                fail_msg("%s, step %d, value %d: %.9g, PyTorch %.9g", optim_name(kind), step, i,
                         (double)data[i], expected);
            }
        }
    }
    assert_int_equal(w.version, STEPS);
    free(golden);
    optim_free(&o);
}

static void test_ten_steps_equal_pytorch(void **state) {
    (void)state;
    npz z = golden_open("optim.npz");
    check_against(&z, OPTIM_SGD);
    check_against(&z, OPTIM_NESTEROV);
    check_against(&z, OPTIM_ADAMW);
    npz_free(&z);
}

/* Three steps on parameters that do not end where the parallel ranges do; buffers behind them must stay. */
static float *large_steps(optim_kind kind, int threads, size_t *count) {
    enum { FIRST = 70001, SECOND = 30, BUFFER = 100, ALL = FIRST + SECOND + BUFFER };
    net_param params[3] = {{.info.kind = PARAM_WEIGHT, .offset = 0, .size = FIRST},
                           {.info.kind = PARAM_BIAS, .offset = FIRST, .size = SECOND},
                           {.info.kind = BUFFER_MEAN, .offset = FIRST + SECOND, .size = BUFFER}};
    net n = {.params = params, .n_params = 3, .n_trainable = FIRST + SECOND, .n_floats = ALL};
    float *data = malloc(ALL * sizeof *data), *grad = malloc(ALL * sizeof *grad);
    assert_non_null(data);
    assert_non_null(grad);
    for (uint32_t i = 0; i < ALL; i++) {
        data[i] = golden_unit(1, i);
        grad[i] = golden_unit(2, i);
    }
    err e;
    optim o;
    run r = run_default();
    sig_atomic_t cancelled = 1;
    r.threads = threads;
    r.cancel = &cancelled; /* a step is never left half-way */
    weights w = {.data = data, .n = ALL};
    assert_ok(optim_new(kind, &n, &o, &e), e);
    for (int step = 0; step < 3; step++) {
        assert_ok(optim_step(&o, &n, &w, grad, 0.01, 0.9, &r), e);
    }
    for (uint32_t i = 0; i < ALL; i++) {
        bool changed = data[i] != golden_unit(1, i);
        if (changed != (i < FIRST + SECOND)) fail_msg("value %u: changed %d", i, changed);
    }
    optim_free(&o);
    free(grad);
    *count = ALL;
    return data;
}

static void test_threads_do_not_change_a_bit(void **state) {
    (void)state;
    for (int kind = OPTIM_SGD; kind <= OPTIM_ADAMW; kind++) {
        size_t n;
        float *one = large_steps((optim_kind)kind, 1, &n);
        for (int threads = 2; threads <= 8; threads *= 4) {
            float *many = large_steps((optim_kind)kind, threads, &n);
            assert_memory_equal(one, many, n * sizeof *one);
            free(many);
        }
        free(one);
    }
}

static void test_names(void **state) {
    (void)state;
    err e;
    optim_kind kind;
    for (int k = OPTIM_SGD; k <= OPTIM_ADAMW; k++) {
        assert_ok(optim_parse(optim_name((optim_kind)k), &kind, &e), e);
        assert_int_equal(kind, k);
    }
    assert_int_equal(optim_parse("nestrov", &kind, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "did you mean \"nesterov\"?"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_steps_equal_pytorch),
        cmocka_unit_test(test_threads_do_not_change_a_bit),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
