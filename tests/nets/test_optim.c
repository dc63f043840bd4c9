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
        params[p].info = (layer_param){.kind = golden_tensors[p].kind, .rank = 1};
        params[p].offset = offset;
        params[p].size = (size_t)golden_tensors[p].size;
        for (size_t i = 0; i < params[p].size; i++) {
            data[offset++] = golden_unit(golden_key(golden_tensors[p].name), (uint32_t)i);
        }
    }

    params[0].info = (layer_param){.kind = PARAM_WEIGHT, .rank = 2, .dims = {3, 4}};

    err e;
    optim o;
    weights w = {.data = data, .n = FLOATS};
    run r = run_default();
    assert_ok(optim_new(kind, &n, &o, &e), e);
    o.weight_decay = 0.05;
    o.trust = 0.1;
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
    for (int kind = 0; kind < OPTIM_KINDS; kind++) {
        check_against(&z, (optim_kind)kind);
    }
    npz_free(&z);
}

/* One step of muon from zeros with rate 1 and no momentum moves a convolution by 0.2 * sqrt(18) times the orthogonal matrix, whose
 * singular values are near 1: its squares sum to about 6, where those of the normed gradient sum to 1. */
static void test_muon_turns_filters_as_pytorch_flattens_them(void **state) {
    (void)state;
    enum { SIZE = 3 * 3 * 2 * 6 };
    npz z = golden_open("optim.npz");
    double *golden = golden_array(&z, "muon-filters", SIZE), squares = 0;
    net_param param = {.info = {.kind = PARAM_WEIGHT, .rank = 4, .dims = {3, 3, 2, 6}}, .size = SIZE};
    net n = {.params = &param, .n_params = 1, .n_trainable = SIZE, .n_floats = SIZE};
    float data[SIZE] = {0}, grad[SIZE];
    for (uint32_t i = 0; i < SIZE; i++) {
        grad[i] = golden_unit(golden_key("filters"), i);
    }
    err e;
    optim o;
    run r = run_default();
    weights w = {.data = data, .n = SIZE};
    assert_ok(optim_new(OPTIM_MUON, &n, &o, &e), e);
    assert_ok(optim_step(&o, &n, &w, grad, 1, 0, &r), e);
    for (int i = 0; i < SIZE; i++) {
        double turned = -(double)data[i] / (0.2 * sqrt(18));
        squares += turned * turned;
        if (fabs(turned - golden[i]) > 2e-6) fail_msg("value %d: %.9g, float64 %.9g", i, turned, golden[i]);
    }
    assert_true(squares > 6 * 0.5 && squares < 6 * 1.4);
    optim_free(&o);
    free(golden);
    npz_free(&z);
}

/* The weights that make logits are not turned: their step is AdamW's, even where layers without weights follow. */
static void test_muon_leaves_logits_to_adamw(void **state) {
    (void)state;
    net_param params[2] = {
        {.node = 1, .info = {.kind = PARAM_WEIGHT, .rank = 2, .dims = {2, 2}}, .size = 4},
        {.node = 2, .info = {.kind = PARAM_WEIGHT, .rank = 2, .dims = {2, 2}}, .offset = 4, .size = 4}};
    net_node nodes[4] = {{0},
                         {.n_inputs = 1, .n_params = 1},
                         {.n_inputs = 1, .inputs = {1}, .n_params = 1},
                         {.n_inputs = 1, .inputs = {2}}};
    net n = {.nodes = nodes, .n_nodes = 4, .params = params, .n_params = 2, .n_trainable = 8, .n_floats = 8};
    float data[8] = {0}, grad[8] = {3, 1, 0, 2, 3, 1, 0.5f, -2};
    err e;
    optim o;
    run r = run_default();
    weights w = {.data = data, .n = 8};
    assert_ok(optim_new(OPTIM_MUON, &n, &o, &e), e);
    assert_ok(optim_step(&o, &n, &w, grad, 0.1, 0.9, &r), e);
    for (int i = 0; i < 4; i++) {
        assert_near(data[4 + i], grad[4 + i] > 0 ? -0.1 : 0.1, 1e-6); /* AdamW's first step */
        assert_true(fabs((double)data[i]) < 0.05);
    }
    optim_free(&o);
}

/* Rates scale the step of a parameter; rate 0 leaves weights and state as they were, bit for bit, decay or not. */
static void test_rates_of_parameters(void **state) {
    (void)state;
    for (int kind = 0; kind < OPTIM_KINDS; kind++) {
        net_param params[3] = {0};
        float data[3][4], grad[12];
        const float start[4] = {0.5f, -1, -0.0f, 2}, rates[3] = {1, 0, 0.25f};
        for (int p = 0; p < 3; p++) {
            params[p] = (net_param){.info = {.kind = PARAM_WEIGHT, .rank = 2, .dims = {2, 2}},
                                    .offset = 4 * (size_t)p,
                                    .size = 4};
            memcpy(data[p], start, sizeof start);
            for (int i = 0; i < 4; i++)
                grad[4 * p + i] = golden_unit(3, (uint32_t)i);
        }
        net n = {.params = params, .n_params = 3, .n_trainable = 12, .n_floats = 12};
        err e;
        optim o;
        run r = run_default();
        weights w = {.data = data[0], .n = 12};
        assert_ok(optim_new((optim_kind)kind, &n, &o, &e), e);
        o.rates = rates;
        assert_ok(optim_step(&o, &n, &w, grad, 0.01, 0.9, &r), e);
        assert_memory_equal(data[1], start, sizeof start);
        for (int i = 0; i < 4; i++) {
            double whole = (double)data[0][i] - (double)start[i],
                   part = (double)data[2][i] - (double)start[i];
            if (whole == 0 || fabs(part / whole - 0.25) > 1e-2)
                fail_msg("%s: %g with rate 1/4, %g with 1", optim_name((optim_kind)kind), part, whole);
        }
        assert_ok(optim_step(&o, &n, &w, grad, 0.01, 0.9, &r), e);
        assert_memory_equal(data[1], start, sizeof start);
        for (int i = 4; i < 8; i++)
            assert_true(o.state[i] == 0);
        optim_free(&o);
    }
}

/* Three steps on parameters that do not end where the parallel ranges do; buffers behind them must stay. */
static float *large_steps(optim_kind kind, int threads, size_t *count) {
    enum { FIRST = 77 * 909, SECOND = 30, BUFFER = 100, ALL = FIRST + SECOND + BUFFER };
    net_param params[3] = {
        {.info = {.kind = PARAM_WEIGHT, .rank = 2, .dims = {FIRST / 77, 77}}, .size = FIRST},
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
    o.trust = 1; /* so that LARS moves every value by more than rounding */
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
    for (int kind = 0; kind < OPTIM_KINDS; kind++) {
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
    for (int k = 0; k < OPTIM_KINDS; k++) {
        assert_true(optim_usual_rate((optim_kind)k) > 0);
        assert_ok(optim_parse(optim_name((optim_kind)k), &kind, &e), e);
        assert_int_equal(kind, k);
    }
    assert_int_equal(optim_parse("nestrov", &kind, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "did you mean \"nesterov\"?"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_steps_equal_pytorch),
        cmocka_unit_test(test_muon_turns_filters_as_pytorch_flattens_them),
        cmocka_unit_test(test_muon_leaves_logits_to_adamw),
        cmocka_unit_test(test_rates_of_parameters),
        cmocka_unit_test(test_threads_do_not_change_a_bit),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
