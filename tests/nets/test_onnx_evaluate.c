/* The reference evaluator: models that others trained give their logits, constants are told from what depends on the inputs, and what is not
 * understood is refused before it is computed. */
#include "tests/support/test.h"

#include <math.h>
#include <unistd.h>

#include "core/npy.h"
#include "nets/onnx/evaluate.h"

/* A tensor of the graph's input shape, its batch as large as the array has room for, filled with array * scale. */
static onnx_tensor *input_of(const onnx_graph *g, const npy *a, double scale, arena *memory) {
    const onnx_value *v = &g->values[g->inputs[0]];
    int64_t dims[ONNX_MOST_RANK], rest = 1;
    for (int i = 1; i < v->rank; i++)
        rest *= dims[i] = v->dims[i] < 0 ? a->dims[a->rank - v->rank + i] : v->dims[i];
    dims[0] = v->dims[0] < 0 ? a->count / rest : v->dims[0];
    onnx_tensor *t = onnx_tensor_new(memory, ONNX_FLOAT, v->rank, dims);
    assert_non_null(t);
    assert_true((int64_t)t->n <= a->count);
    for (size_t i = 0; i < t->n; i++)
        t->floats[i] = (float)(npy_number(a, (int64_t)i) * scale);
    return t;
}

static void assert_golden(const char *name, const char *array, double scale) {
    char file[100];
    snprintf(file, sizeof file, "data/models/%s.onnx", name);
    const char *model = shared_path(file);
    if (access(model, R_OK) != 0) return;
    snprintf(file, sizeof file, "data/models/%s_golden.npz", name);
    npz golden;
    onnx_graph g;
    err e;
    assert_ok(npz_read_file(shared_path(file), &golden, &e), e);
    assert_ok(onnx_read(model, &g, &e), e);
    arena memory = {0};
    const onnx_tensor *x = input_of(&g, npz_find(&golden, array), scale, &memory);
    onnx_trace t;
    assert_ok(onnx_evaluate(&g, &x, &t, &e), e);
    const onnx_tensor *out = t.values[g.outputs[0]];
    const npy *logits = npz_find(&golden, "logits");
    double largest = 0, worst = 0;
    for (size_t i = 0; i < out->n; i++) {
        double wanted = npy_number(logits, (int64_t)i), distance = fabs((double)out->floats[i] - wanted);
        if (fabs(wanted) > largest) largest = fabs(wanted);
        if (!(distance <= worst)) worst = distance;
    }
    print_message("%s: %zu logits, largest %.4g, worst difference %.2g\n", name, out->n, largest, worst);
    assert_true(worst < 1e-4 * largest);
    onnx_trace_free(&t);
    arena_free(&memory);
    onnx_graph_free(&g);
    npz_free(&golden);
}

static void test_models_of_others(void **state) {
    (void)state;
    need_file(shared_path("data/models"));
    assert_golden("kw_mnist_eps0.1", "input", 1);
    assert_golden("kw_fashion_eps0.1", "input", 1);
    assert_golden("mnist_lenet5_clntrained", "input", 1);
    assert_golden("mnist_lenet5_advtrained", "input", 1);
    assert_golden("badnet_mnist_trigger_white5_target1", "input", 1);
    assert_golden("resnet20-12fca82f", "pixels", 1.0 / 255);
    assert_golden("squeezenet_v1.0", "input", 1);
}

/* x (N x 4) -> Shape -> Gather 0 -> Range-like chain, and Relu(x): values 0 x, 1 zero, 2 shape, 3 batch, 4 y. */
typedef struct small {
    int ids[6];
    onnx_node nodes[3];
    onnx_value values[5];
    int inputs[1], outputs[1];
    onnx_graph g;
} small;

static void small_graph(small *s, arena *a) {
    onnx_tensor *zero = onnx_tensor_new(a, ONNX_INT64, 0, NULL);
    *s = (small){.ids = {0, 1, 2, 3, 4}, .inputs = {0}, .outputs = {4}};
    s->nodes[0] = (onnx_node){.name = "shape",
                              .op = "Shape",
                              .domain = "",
                              .n_inputs = 1,
                              .inputs = &s->ids[0],
                              .n_outputs = 1,
                              .outputs = &s->ids[2]};
    static const int gathered[] = {2, 1};
    s->nodes[1] = (onnx_node){.name = "batch",
                              .op = "Gather",
                              .domain = "",
                              .n_inputs = 2,
                              .inputs = gathered,
                              .n_outputs = 1,
                              .outputs = &s->ids[3]};
    s->nodes[2] = (onnx_node){.name = "relu",
                              .op = "Relu",
                              .domain = "",
                              .n_inputs = 1,
                              .inputs = &s->ids[0],
                              .n_outputs = 1,
                              .outputs = &s->ids[4]};
    s->values[0] =
        (onnx_value){.name = "x", .is_input = true, .type = ONNX_FLOAT, .rank = 2, .dims = {-1, 4}};
    s->values[1] = (onnx_value){.name = "zero", .initial = zero, .rank = -1};
    s->values[2] = (onnx_value){.name = "shape", .rank = -1};
    s->values[3] = (onnx_value){.name = "batch", .rank = -1};
    s->values[4] = (onnx_value){.name = "y", .is_output = true, .rank = -1};
    s->g = (onnx_graph){.ir_version = 7,
                        .opset = 13,
                        .producer = "",
                        .name = "",
                        .n_nodes = 3,
                        .n_values = 5,
                        .n_inputs = 1,
                        .n_outputs = 1,
                        .nodes = s->nodes,
                        .values = s->values,
                        .inputs = s->inputs,
                        .outputs = s->outputs};
}

static void test_constants_are_known(void **state) {
    (void)state;
    arena a = {0};
    small s;
    small_graph(&s, &a);
    const onnx_tensor *x = onnx_tensor_new(&a, ONNX_FLOAT, 2, (int64_t[]){3, 4});
    onnx_trace t;
    err e;
    assert_ok(onnx_evaluate(&s.g, &x, &t, &e), e);
    assert_true(t.depends[0] && !t.depends[1] && !t.depends[2] && !t.depends[3] && t.depends[4]);
    assert_int_equal(t.values[3]->ints[0], 3);
    onnx_trace_free(&t);
    arena_free(&a);
}

static void assert_run_refused(const onnx_graph *g, const onnx_tensor *x, onnx_limits limits, status wanted,
                               const char *text) {
    onnx_trace t;
    err e = {""};
    status s = onnx_evaluate_within(g, &x, limits, &t, &e);
    if (s != wanted || !strstr(e.message, text))
        fail_msg("status %s, \"%s\"; expected %s with \"%s\"", status_text(s), e.message, status_text(wanted),
                 text);
    assert_null(t.values);
}

static void test_refusals(void **state) {
    (void)state;
    arena a = {0};
    small s;
    small_graph(&s, &a);
    onnx_limits limits = onnx_limits_default();
    onnx_tensor *x = onnx_tensor_new(&a, ONNX_FLOAT, 2, (int64_t[]){3, 4}),
                *wide = onnx_tensor_new(&a, ONNX_FLOAT, 2, (int64_t[]){3, 5}),
                *deep = onnx_tensor_new(&a, ONNX_FLOAT, 3, (int64_t[]){3, 4, 1}),
                *ints = onnx_tensor_new(&a, ONNX_INT64, 2, (int64_t[]){3, 4});
    assert_run_refused(&s.g, wide, limits, STATUS_USAGE, "input \"x\": dimension 1 is 5, expected 4");
    assert_run_refused(&s.g, deep, limits, STATUS_USAGE, "input \"x\" has 3 dimensions, expected 2");
    assert_run_refused(&s.g, ints, limits, STATUS_USAGE, "input \"x\" is of type int64, expected float");
    assert_run_refused(&s.g, x, (onnx_limits){1 << 20, 8}, STATUS_UNSUPPORTED, "more memory");
    assert_run_refused(&s.g, x, (onnx_limits){4, 1 << 20}, STATUS_UNSUPPORTED,
                       "node \"relu\" (Relu, opset 13): needs more work");
    s.values[1].initial = ints;
    ints->ints[11] = 2;
    assert_run_refused(&s.g, x, limits, STATUS_BAD_FILE,
                       "node \"batch\" (Gather, opset 13): index 2 of 2 elements");
    onnx_attribute axis = {.name = "axis", .kind = ONNX_ATTRIBUTE_INT};
    s.nodes[2].attributes = &axis;
    s.nodes[2].n_attributes = 1;
    assert_run_refused(&s.g, x, limits, STATUS_UNSUPPORTED,
                       "node \"relu\" (Relu, opset 13): attribute \"axis\"");
    s.nodes[2].op = "Softmax";
    axis.kind = ONNX_ATTRIBUTE_FLOAT;
    assert_run_refused(&s.g, x, limits, STATUS_BAD_FILE,
                       "attribute \"axis\" is a number, expected an integer");
    s.nodes[2].op = "Einsum";
    assert_run_refused(&s.g, x, limits, STATUS_UNSUPPORTED,
                       "node \"relu\" (Einsum, opset 13): the operator is not supported");
    s.nodes[2].op = "Relu";
    s.nodes[2].domain = "com.example";
    assert_run_refused(&s.g, x, limits, STATUS_UNSUPPORTED, "(com.example.Relu, opset 13)");
    s.nodes[2].domain = "";
    s.nodes[2].n_attributes = 0;
    s.g.opset = 99;
    assert_run_refused(&s.g, x, limits, STATUS_UNSUPPORTED, "opset 99 is not supported");
    arena_free(&a);
}

static void test_operators_are_listed_in_order(void **state) {
    (void)state;
    int n = 0;
    for (; onnx_operator_at(n); n++) {
        assert_true(onnx_operator_known(onnx_operator_at(n)));
        if (n > 0 && strcmp(onnx_operator_at(n - 1), onnx_operator_at(n)) >= 0)
            fail_msg("%s stands before %s", onnx_operator_at(n - 1), onnx_operator_at(n));
    }
    assert_true(n > 100);
    assert_false(onnx_operator_known("Loop"));
    assert_null(onnx_operator_at(-1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_of_others),
        cmocka_unit_test(test_constants_are_known),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_operators_are_listed_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
