/* Graphs that are hostile or awkward to import, made here: thousands of nodes of one name, very wide concatenations, batches. */
#include "tests/support/test.h"

#include <time.h>

#include "nets/onnx/import.h"

enum { MOST_NODES = 4000, MOST_VALUES = MOST_NODES + 4, MOST_INPUTS = 400, SIDE = 4 };

/* x (1 x 1 x 4 x 4), value 0, goes through nodes that are added one after the other. */
typedef struct made {
    onnx_node nodes[MOST_NODES];
    onnx_value values[MOST_VALUES];
    int ids[MOST_VALUES], wide[MOST_INPUTS], inputs[1], outputs[1];
    onnx_graph g;
} made;

static made *make(int64_t batch) {
    made *m = calloc(1, sizeof *m);
    assert_non_null(m);
    for (int i = 0; i < MOST_VALUES; i++)
        m->ids[i] = i;
    m->values[0] = (onnx_value){
        .name = "x", .is_input = true, .type = ONNX_FLOAT, .rank = 4, .dims = {batch, 1, SIDE, SIDE}};
    m->g = (onnx_graph){.ir_version = 7,
                        .opset = 13,
                        .producer = "",
                        .name = "",
                        .n_values = 1,
                        .n_inputs = 1,
                        .n_outputs = 1,
                        .nodes = m->nodes,
                        .values = m->values,
                        .inputs = m->inputs,
                        .outputs = m->outputs};
    return m;
}

/* A node of the last value, or of `inputs`; its output is the graph's. */
static void add(made *m, const char *op, int n_inputs, const int *inputs, const onnx_attribute *attribute) {
    int last = m->g.n_values - 1, next = m->g.n_values++;
    m->values[last].is_output = false;
    m->values[next] = (onnx_value){.name = "value", .is_output = true, .rank = -1};
    m->outputs[0] = next;
    m->nodes[m->g.n_nodes++] = (onnx_node){.name = "node",
                                           .op = op,
                                           .domain = "",
                                           .n_inputs = n_inputs,
                                           .inputs = inputs ? inputs : &m->ids[last],
                                           .n_outputs = 1,
                                           .outputs = &m->ids[next],
                                           .n_attributes = attribute != NULL,
                                           .attributes = attribute};
}

static model_file import(const made *m) {
    preprocessing p = preprocessing_default();
    model_file file;
    err e;
    assert_ok(onnx_import(&m->g, &p, &file, &e), e);
    return file;
}

static void nodes_of_one_name(void **state) {
    (void)state;
    made *m = make(1);
    while (m->g.n_nodes < MOST_NODES - 1)
        add(m, "Relu", 1, NULL, NULL);
    add(m, "Flatten", 1, NULL, NULL);
    clock_t start = clock();
    model_file file = import(m);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("%d nodes of one name: %.2g s\n", m->g.n_nodes, seconds);
    assert_true(seconds < 20); /* minutes, if names were tried one by one */
    assert_string_equal(file.net->nodes[1].name, "node");
    assert_string_equal(file.net->nodes[2].name, "node_2");
    assert_string_equal(file.net->nodes[MOST_NODES - 1].name, "node_3999");
    model_file_free(&file);
    free(m);
}

/* Groups of groups cost as many values as what comes out on each of three levels and in its flat view; a chain costs its square. */
static void wide_concatenations(void **state) {
    (void)state;
    made *m = make(1);
    static const onnx_attribute axis = {.name = "axis", .kind = ONNX_ATTRIBUTE_INT, .i = 1};
    add(m, "Relu", 1, NULL, NULL);
    for (int k = 0; k < MOST_INPUTS; k++)
        m->wide[k] = k % 2; /* the image and its rectified copy by turns: the order matters */
    add(m, "Concat", MOST_INPUTS, m->wide, &axis);
    add(m, "Flatten", 1, NULL, NULL);
    model_file file = import(m);
    size_t values = 0;
    for (int k = 0; k < file.net->n_nodes; k++)
        values += shape_size(file.net->nodes[k].out);
    assert_true(values < (size_t)5 * MOST_INPUTS * SIDE * SIDE);
    model_file_free(&file);
    free(m);
}

static void batches(void **state) {
    (void)state;
    made *m = make(32);
    preprocessing p = preprocessing_default();
    model_file file;
    err e;
    add(m, "Flatten", 1, NULL, NULL);
    assert_int_equal(onnx_import(&m->g, &p, &file, &e), STATUS_UNSUPPORTED);
    assert_string_equal(e.message, "input 'x': it takes batches of 32 images, expected one image or a number "
                                   "left open");
    free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_of_one_name),
        cmocka_unit_test(wide_concatenations),
        cmocka_unit_test(batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
