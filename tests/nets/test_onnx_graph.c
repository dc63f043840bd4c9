/* ONNX files that were written are read as they were. */
#include "tests/support/test.h"

#include "nets/onnx/graph.h"

/* y = Add(Identity(x), w) with attributes of every kind that nobody reads; x is N x 3. */
static onnx_graph small_graph(arena *a) {
    static const int identity_inputs[] = {0}, identity_outputs[] = {3}, add_inputs[] = {3, 1, -1},
                     add_outputs[] = {4};
    static const float floats[] = {1.5f, -2};
    static const int64_t ints[] = {3, -4, INT64_MAX};
    onnx_tensor *w = onnx_tensor_new(a, ONNX_FLOAT, 1, (int64_t[]){3});
    onnx_tensor *shape = onnx_tensor_new(a, ONNX_INT64, 2, (int64_t[]){1, 2});
    memcpy(w->floats, (float[]){1, -0.0f, 1e-30f}, 3 * sizeof *w->floats);
    memcpy(shape->ints, (int64_t[]){INT64_MIN, 7}, 2 * sizeof *shape->ints);
    onnx_attribute *attributes = arena_array(a, 6, sizeof *attributes);
    attributes[0] = (onnx_attribute){.name = "f", .kind = ONNX_ATTRIBUTE_FLOAT, .f = 0.25f};
    attributes[1] = (onnx_attribute){.name = "i", .kind = ONNX_ATTRIBUTE_INT, .i = -9};
    attributes[2] = (onnx_attribute){.name = "s", .kind = ONNX_ATTRIBUTE_STRING, .s = "text"};
    attributes[3] = (onnx_attribute){.name = "t", .kind = ONNX_ATTRIBUTE_TENSOR, .t = shape};
    attributes[4] = (onnx_attribute){.name = "fs", .kind = ONNX_ATTRIBUTE_FLOATS, .n = 2, .floats = floats};
    attributes[5] = (onnx_attribute){.name = "is", .kind = ONNX_ATTRIBUTE_INTS, .n = 3, .ints = ints};
    onnx_node *nodes = arena_array(a, 2, sizeof *nodes);
    nodes[0] = (onnx_node){.name = "first",
                           .op = "Identity",
                           .domain = "",
                           .n_inputs = 1,
                           .inputs = identity_inputs,
                           .n_outputs = 1,
                           .outputs = identity_outputs,
                           .n_attributes = 6,
                           .attributes = attributes};
    nodes[1] = (onnx_node){.name = "second",
                           .op = "Add",
                           .domain = "",
                           .n_inputs = 3,
                           .inputs = add_inputs,
                           .n_outputs = 1,
                           .outputs = add_outputs};
    onnx_value *values = arena_array(a, 5, sizeof *values);
    values[0] = (onnx_value){.name = "x", .is_input = true, .type = ONNX_FLOAT, .rank = 2, .dims = {-1, 3}};
    values[1] = (onnx_value){.name = "w", .initial = w, .rank = -1};
    values[2] = (onnx_value){.name = "shape", .initial = shape, .rank = -1};
    values[3] = (onnx_value){.name = "between", .rank = -1};
    values[4] =
        (onnx_value){.name = "y", .is_output = true, .type = ONNX_DOUBLE, .rank = 3, .dims = {2, -1, 3}};
    static int inputs[] = {0}, outputs[] = {4};
    return (onnx_graph){.ir_version = 7,
                        .opset = 13,
                        .producer = "test",
                        .name = "small",
                        .n_nodes = 2,
                        .n_values = 5,
                        .n_inputs = 1,
                        .n_outputs = 1,
                        .nodes = nodes,
                        .values = values,
                        .inputs = inputs,
                        .outputs = outputs};
}

static void assert_same_tensor(const onnx_tensor *a, const onnx_tensor *b) {
    assert_true(!a == !b);
    if (!a) return;
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->rank, b->rank);
    assert_memory_equal(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims);
    assert_int_equal(a->n, b->n);
    if (a->n == 0) return;
    if (a->floats)
        assert_memory_equal(a->floats, b->floats, a->n * sizeof *a->floats);
    else
        assert_memory_equal(a->ints, b->ints, a->n * sizeof *a->ints);
}

static void assert_same_attribute(const onnx_attribute *a, const onnx_attribute *b) {
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->kind, b->kind);
    assert_true(a->f == b->f && a->i == b->i && a->n == b->n);
    if (a->kind == ONNX_ATTRIBUTE_STRING) assert_string_equal(a->s, b->s);
    assert_same_tensor(a->t, b->t);
    if (a->kind == ONNX_ATTRIBUTE_FLOATS)
        assert_memory_equal(a->floats, b->floats, (size_t)a->n * sizeof *a->floats);
    if (a->kind == ONNX_ATTRIBUTE_INTS) assert_memory_equal(a->ints, b->ints, (size_t)a->n * sizeof *a->ints);
}

static void assert_same_values(const onnx_graph *a, const int *of_a, const onnx_graph *b, const int *of_b,
                               int n) {
    for (int i = 0; i < n; i++) {
        assert_true((of_a[i] < 0) == (of_b[i] < 0));
        if (of_a[i] >= 0) assert_string_equal(a->values[of_a[i]].name, b->values[of_b[i]].name);
    }
}

static void assert_same_node(const onnx_graph *a, const onnx_node *na, const onnx_graph *b,
                             const onnx_node *nb) {
    assert_string_equal(na->name, nb->name);
    assert_string_equal(na->op, nb->op);
    assert_string_equal(na->domain, nb->domain);
    assert_true(na->n_inputs == nb->n_inputs && na->n_outputs == nb->n_outputs &&
                na->n_attributes == nb->n_attributes);
    assert_same_values(a, na->inputs, b, nb->inputs, na->n_inputs);
    assert_same_values(a, na->outputs, b, nb->outputs, na->n_outputs);
    for (int i = 0; i < na->n_attributes; i++)
        assert_same_attribute(&na->attributes[i], &nb->attributes[i]);
}

static void assert_same_value(const onnx_value *a, const onnx_value *b) {
    assert_true(a->is_input == b->is_input && a->is_output == b->is_output);
    assert_same_tensor(a->initial, b->initial);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->rank, b->rank);
    for (int i = 0; i < a->rank; i++)
        assert_int_equal(a->dims[i], b->dims[i]);
}

static void assert_same_graph(const onnx_graph *a, const onnx_graph *b) {
    assert_true(a->ir_version == b->ir_version && a->opset == b->opset);
    assert_string_equal(a->producer, b->producer);
    assert_string_equal(a->name, b->name);
    assert_true(a->n_nodes == b->n_nodes && a->n_values == b->n_values);
    assert_true(a->n_inputs == b->n_inputs && a->n_outputs == b->n_outputs);
    assert_same_values(a, a->inputs, b, b->inputs, a->n_inputs);
    assert_same_values(a, a->outputs, b, b->outputs, a->n_outputs);
    for (int i = 0; i < a->n_nodes; i++)
        assert_same_node(a, &a->nodes[i], b, &b->nodes[i]);
    for (int i = 0; i < a->n_values; i++)
        for (int k = 0; k < b->n_values; k++)
            if (strcmp(a->values[i].name, b->values[k].name) == 0)
                assert_same_value(&a->values[i], &b->values[k]);
}

static void test_written_is_read(void **state) {
    (void)state;
    arena a = {0};
    onnx_graph g = small_graph(&a), back;
    const char *path = temporary_path("small.onnx");
    err e;
    assert_ok(onnx_write(path, &g, &e), e);
    assert_ok(onnx_read(path, &back, &e), e);
    assert_same_graph(&g, &back);
    char hash[SHA256_HEX];
    assert_ok(sha256_file(path, hash, &e), e);
    assert_string_equal(hash, back.sha256);
    unsigned char first[16];
    size_t got;
    assert_ok(file_start(path, first, sizeof first, &got, &e), e);
    assert_true(onnx_looks_like(first, got));
    onnx_graph_free(&back);
    arena_free(&a);
}

static void test_every_type_survives(void **state) {
    (void)state;
    static const onnx_type types[] = {ONNX_FLOAT,  ONNX_UINT8,  ONNX_INT8,    ONNX_UINT16,  ONNX_INT16,
                                      ONNX_INT32,  ONNX_INT64,  ONNX_BOOL,    ONNX_FLOAT16, ONNX_DOUBLE,
                                      ONNX_UINT32, ONNX_UINT64, ONNX_BFLOAT16};
    err e;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        arena a = {0};
        onnx_graph g = small_graph(&a), back;
        onnx_tensor *t = onnx_tensor_new(&a, types[i], 1, (int64_t[]){2});
        for (int k = 0; k < 2; k++)
            if (t->floats)
                t->floats[k] = k ? -0.375f : 1;
            else
                t->ints[k] = k;
        bool is_signed = types[i] == ONNX_INT8 || types[i] == ONNX_INT16 || types[i] == ONNX_INT32 ||
                         types[i] == ONNX_INT64;
        if (is_signed) t->ints[1] = -100;
        g.values[1].initial = t;
        assert_ok(onnx_write(temporary_path("types.onnx"), &g, &e), e);
        assert_ok(onnx_read(temporary_path("types.onnx"), &back, &e), e);
        assert_same_graph(&g, &back);
        onnx_graph_free(&back);
        arena_free(&a);
    }
}

static void test_nodes_are_put_in_order(void **state) {
    (void)state;
    arena a = {0};
    onnx_graph g = small_graph(&a), back;
    onnx_node first = g.nodes[0];
    g.nodes[0] = g.nodes[1];
    g.nodes[1] = first;
    err e;
    assert_ok(onnx_write(temporary_path("order.onnx"), &g, &e), e);
    assert_ok(onnx_read(temporary_path("order.onnx"), &back, &e), e);
    assert_string_equal(back.nodes[0].name, "first");
    assert_string_equal(back.nodes[1].name, "second");
    onnx_graph_free(&back);
    arena_free(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_is_read),
        cmocka_unit_test(test_every_type_survives),
        cmocka_unit_test(test_nodes_are_put_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
