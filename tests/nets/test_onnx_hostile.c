/* ONNX files that are damaged or mean ill are refused with a line that says what is wrong. The files are written byte by byte: a protobuf field is
 * its number and kind, then a number or a length and bytes. */
#include "tests/support/test.h"

#include <unistd.h>

#include "nets/onnx/evaluate.h"
#include "tests/support/data_files.h"

typedef struct wire {
    uint8_t data[1 << 12];
    size_t n;
} wire;

static void put_number(wire *w, uint64_t value) {
    for (; value > 127; value >>= 7)
        w->data[w->n++] = (uint8_t)(value | 128);
    w->data[w->n++] = (uint8_t)value;
}

static void put_int(wire *w, int field, int64_t value) {
    put_number(w, (uint64_t)field << 3);
    put_number(w, (uint64_t)value);
}

static void put_bytes(wire *w, int field, const void *data, size_t n) {
    put_number(w, (uint64_t)field << 3 | 2);
    put_number(w, n);
    assert_true(w->n + n <= sizeof w->data);
    memcpy(w->data + w->n, data, n);
    w->n += n;
}

static void put_text(wire *w, int field, const char *text) {
    put_bytes(w, field, text, strlen(text));
}

static void put_message(wire *w, int field, const wire *message) {
    put_bytes(w, field, message->data, message->n);
}

/* Fields of GraphProto. */
enum { NODE = 1, INITIALIZER = 5, INPUT = 11, OUTPUT = 12, SPARSE_INITIALIZER = 15 };

static wire node(const char *name, const char *op, const char *a, const char *b, const char *out) {
    wire n = {.n = 0};
    put_text(&n, 1, a);
    if (b) put_text(&n, 1, b);
    put_text(&n, 2, out);
    put_text(&n, 3, name);
    put_text(&n, 4, op);
    return n;
}

static wire value(const char *name, int64_t first, int64_t second) {
    wire dims[2] = {{.n = 0}, {.n = 0}}, shape = {.n = 0}, tensor = {.n = 0}, type = {.n = 0}, v = {.n = 0};
    put_int(&dims[0], 1, first);
    put_int(&dims[1], 1, second);
    put_message(&shape, 1, &dims[0]);
    put_message(&shape, 1, &dims[1]);
    put_int(&tensor, 1, ONNX_FLOAT);
    put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    put_text(&v, 1, name);
    put_message(&v, 2, &type);
    return v;
}

/* Shape `first` x `second`, without numbers. */
static wire tensor_head(const char *name, int type, int64_t first, int64_t second) {
    wire t = {.n = 0};
    put_int(&t, 1, first);
    put_int(&t, 1, second);
    put_int(&t, 2, type);
    put_text(&t, 8, name);
    return t;
}

static wire tensor(const char *name, int64_t first, int64_t second, size_t raw) {
    wire t = tensor_head(name, ONNX_FLOAT, first, second);
    static const uint8_t zeros[64];
    put_bytes(&t, 9, zeros, raw);
    return t;
}

/* A graph x -> y of 1 x 2 floats with a weight w; nodes are to be added. */
static wire graph_of(const wire *weight, const wire *input) {
    wire g = {.n = 0}, y = value("y", 1, 2);
    put_message(&g, INITIALIZER, weight);
    put_message(&g, INPUT, input);
    put_message(&g, OUTPUT, &y);
    return g;
}

static wire plain_graph(void) {
    wire w = tensor("w", 1, 2, 8), x = value("x", 1, 2);
    return graph_of(&w, &x);
}

static wire model_of(const wire *graph) {
    wire m = {.n = 0}, opset = {.n = 0};
    put_int(&opset, 2, 13);
    put_int(&m, 1, 7);
    put_message(&m, 8, &opset);
    put_message(&m, 7, graph);
    return m;
}

static wire good_model(void) {
    wire g = plain_graph(), n = node("add", "Add", "x", "w", "y");
    put_message(&g, NODE, &n);
    return model_of(&g);
}

static status parse(const uint8_t *data, size_t n, const char *folder, onnx_graph *g, err *e) {
    bytes file = {malloc(n ? n : 1), n};
    assert_non_null(file.data);
    if (n > 0) memcpy(file.data, data, n);
    return onnx_parse(file, folder, g, e);
}

static void assert_refused(const wire *model, const char *folder, status wanted, const char *text) {
    onnx_graph g;
    err e = {""};
    status s = parse(model->data, model->n, folder, &g, &e);
    if (s != wanted || !strstr(e.message, text))
        fail_msg("status %s, \"%s\"; expected %s with \"%s\"", status_text(s), e.message, status_text(wanted),
                 text);
    assert_null(g.nodes);
    onnx_graph_free(&g);
}

static void assert_graph_refused(const wire *graph, status wanted, const char *text) {
    wire m = model_of(graph);
    assert_refused(&m, NULL, wanted, text);
}

static void test_the_good_model_is_read(void **state) {
    (void)state;
    wire m = good_model();
    onnx_graph g;
    err e;
    assert_ok(parse(m.data, m.n, NULL, &g, &e), e);
    assert_int_equal(g.n_nodes, 1);
    assert_int_equal(g.n_inputs, 1);
    assert_true(onnx_looks_like(m.data, m.n));
    onnx_graph_free(&g);
}

static void test_truncated_anywhere(void **state) {
    (void)state;
    wire m = good_model();
    for (size_t n = 0; n < m.n; n++) {
        wire cut = m;
        cut.n = n;
        assert_refused(&cut, NULL, STATUS_BAD_FILE, "");
    }
}

/* Whatever a changed byte makes of it: no crash, and an answer. */
static void test_changed_anywhere(void **state) {
    (void)state;
    wire m = good_model();
    for (size_t i = 0; i < m.n * 8; i++) {
        wire changed = m;
        changed.data[i / 8] ^= (uint8_t)(1 << i % 8);
        onnx_graph g;
        err e;
        status s = parse(changed.data, changed.n, NULL, &g, &e);
        assert_true(s == STATUS_OK || s == STATUS_BAD_FILE || s == STATUS_UNSUPPORTED);
        onnx_graph_free(&g);
    }
}

static void test_cycles(void **state) {
    (void)state;
    wire g = plain_graph(), a = node("a", "Add", "x", "there", "here"),
         b = node("b", "Add", "here", "w", "there"), c = node("c", "Relu", "there", NULL, "y");
    put_message(&g, NODE, &a);
    put_message(&g, NODE, &b);
    put_message(&g, NODE, &c);
    assert_graph_refused(&g, STATUS_BAD_FILE, "a cycle");
    wire own = plain_graph(), d = node("self", "Relu", "y", NULL, "y");
    put_message(&own, NODE, &d);
    assert_graph_refused(&own, STATUS_BAD_FILE, "node \"self\" (Relu) needs its own result");
}

static void test_names(void **state) {
    (void)state;
    wire twice = plain_graph(), a = node("a", "Relu", "x", NULL, "y"), b = node("b", "Relu", "w", NULL, "y");
    put_message(&twice, NODE, &a);
    put_message(&twice, NODE, &b);
    assert_graph_refused(&twice, STATUS_BAD_FILE, "value \"y\" is defined twice");
    wire unknown = plain_graph(), c = node("c", "Add", "x", "nobody", "y");
    put_message(&unknown, NODE, &c);
    assert_graph_refused(&unknown, STATUS_BAD_FILE, "node \"c\" (Add): input \"nobody\" is not defined");
    wire nothing = plain_graph();
    assert_graph_refused(&nothing, STATUS_BAD_FILE, "output \"y\" is not defined");
    wire latin = plain_graph(), d = node("\xff", "Relu", "x", NULL, "y");
    put_message(&latin, NODE, &d);
    assert_graph_refused(&latin, STATUS_BAD_FILE, "UTF-8");
}

static void assert_weight_refused(wire weight, status wanted, const char *text) {
    wire x = value("x", 1, 2), g = graph_of(&weight, &x), n = node("add", "Add", "x", "w", "y");
    put_message(&g, NODE, &n);
    assert_graph_refused(&g, wanted, text);
}

static void test_shapes(void **state) {
    (void)state;
    assert_weight_refused(tensor("w", -1, 2, 8), STATUS_BAD_FILE, "initialiser \"w\": dimension 0 is -1");
    assert_weight_refused(tensor("w", INT64_MIN, 2, 8), STATUS_BAD_FILE,
                          "dimension 0 is -9223372036854775808");
    assert_weight_refused(tensor("w", 1 << 20, 1 << 20, 8), STATUS_BAD_FILE,
                          "initialiser \"w\": shape is too large");
    assert_weight_refused(tensor("w", 0, (int64_t)1 << 40, 0), STATUS_BAD_FILE, "shape is too large");
    assert_weight_refused(tensor("w", 1 << 15, 1 << 15, 8), STATUS_BAD_FILE, "8 bytes, expected 4294967296");
    assert_weight_refused(tensor("w", 1, 2, 7), STATUS_BAD_FILE, "7 bytes, expected 8");
    assert_weight_refused(tensor("w", 1, 2, 0), STATUS_BAD_FILE, "0 elements of type float, expected 2");
    wire deep = tensor("w", 1, 2, 8);
    for (int i = 0; i < 7; i++)
        put_int(&deep, 1, 1);
    assert_weight_refused(deep, STATUS_UNSUPPORTED, "9 dimensions, expected at most 8");
    wire w = tensor("w", 1, 2, 8), x = value("x", -5, 2), g = graph_of(&w, &x);
    assert_graph_refused(&g, STATUS_BAD_FILE, "value \"x\": dimension 0 is -5");
}

static void test_types(void **state) {
    (void)state;
    assert_weight_refused(tensor_head("w", 8, 1, 2), STATUS_UNSUPPORTED, "type 8 (string)");
    assert_weight_refused(tensor_head("w", 99, 1, 2), STATUS_UNSUPPORTED, "type 99");
    wire t = tensor_head("w", ONNX_UINT8, 1, 2);
    put_int(&t, 5, 255);
    put_int(&t, 5, 256);
    assert_weight_refused(t, STATUS_BAD_FILE, "element 1 is 256, outside of uint8");
}

static void test_what_is_not_read(void **state) {
    (void)state;
    wire g = plain_graph();
    put_text(&g, SPARSE_INITIALIZER, "");
    assert_graph_refused(&g, STATUS_UNSUPPORTED, "sparse");
    wire m = good_model(), f = {.n = 0};
    put_text(&f, 1, "own");
    put_message(&m, 25, &f);
    assert_refused(&m, NULL, STATUS_UNSUPPORTED, "functions of the model's own (\"own\")");
}

static void test_attributes(void **state) {
    (void)state;
    wire g = plain_graph(), n = node("a", "Relu", "x", NULL, "y"), a = {.n = 0};
    put_text(&a, 1, "axis");
    put_int(&a, 3, 1);
    put_int(&a, 20, 2);
    put_message(&n, 5, &a);
    put_message(&n, 5, &a);
    put_message(&g, NODE, &n);
    assert_graph_refused(&g, STATUS_BAD_FILE, "node \"a\" (Relu): attribute \"axis\": is given twice");
    wire many = plain_graph(), crowded = node("a", "Relu", "x", NULL, "y");
    for (int i = 0; i < 65; i++) {
        char name[8];
        wire each = {.n = 0};
        snprintf(name, sizeof name, "a%d", i);
        put_text(&each, 1, name);
        put_message(&crowded, 5, &each);
    }
    put_message(&many, NODE, &crowded);
    assert_graph_refused(&many, STATUS_BAD_FILE, "65 attributes");
}

/* Graphs in attributes are known to be there and not read, however deep. */
static void test_nested_graphs(void **state) {
    (void)state;
    wire g = plain_graph(), n = node("a", "If", "x", NULL, "y"), a = {.n = 0}, inner = {.n = 0};
    for (int depth = 0; depth < 500; depth++) {
        wire outer = {.n = 0};
        put_message(&outer, 6, &inner);
        inner = outer;
    }
    put_text(&a, 1, "then_branch");
    put_message(&a, 6, &inner);
    put_int(&a, 20, 5);
    put_message(&n, 5, &a);
    put_message(&g, NODE, &n);
    wire m = model_of(&g);
    onnx_graph graph;
    err e;
    assert_ok(parse(m.data, m.n, NULL, &graph, &e), e);
    assert_int_equal(graph.nodes[0].attributes[0].kind, ONNX_ATTRIBUTE_OTHER);
    onnx_tensor *x = onnx_tensor_new(&graph.memory, ONNX_FLOAT, 2, (int64_t[]){1, 2});
    onnx_trace t;
    assert_int_equal(onnx_evaluate(&graph, (const onnx_tensor *const[]){x}, &t, &e), STATUS_UNSUPPORTED);
    assert_non_null(strstr(e.message, "node \"a\" (If, opset 13)"));
    assert_null(t.values);
    onnx_graph_free(&graph);
}

static void put_entry(wire *t, const char *key, const char *text) {
    wire entry = {.n = 0};
    put_text(&entry, 1, key);
    put_text(&entry, 2, text);
    put_message(t, 13, &entry);
}

static wire external(const char *name, const char *location, const char *offset, const char *length) {
    wire t = tensor_head(name, ONNX_FLOAT, 1, 2);
    put_entry(&t, "location", location);
    if (offset) put_entry(&t, "offset", offset);
    if (length) put_entry(&t, "length", length);
    put_int(&t, 14, 1);
    return t;
}

static wire external_model(const wire *weight) {
    wire x = value("x", 1, 2), g = graph_of(weight, &x), n = node("add", "Add", "x", "w", "y");
    put_message(&g, NODE, &n);
    return model_of(&g);
}

static void assert_external_refused(const char *location, const char *offset, const char *length,
                                    status wanted, const char *text) {
    wire t = external("w", location, offset, length), m = external_model(&t);
    assert_refused(&m, temporary_folder(), wanted, text);
}

static void test_external_data(void **state) {
    (void)state;
    const float numbers[] = {1, 2, 3, 4};
    make_file("w.bin", numbers, sizeof numbers);
    wire t = external("w", "w.bin", "4", NULL), m = external_model(&t);
    onnx_graph g;
    err e;
    assert_ok(parse(m.data, m.n, temporary_folder(), &g, &e), e);
    const onnx_tensor *w = g.values[1].initial;
    assert_true(w && w->floats[0] == 2 && w->floats[1] == 3);
    sha256 hash;
    char hex[SHA256_HEX];
    sha256_init(&hash);
    sha256_update(&hash, m.data, m.n);
    sha256_update(&hash, numbers + 1, 8);
    sha256_hex(&hash, hex);
    assert_string_equal(g.sha256, hex);
    onnx_graph_free(&g);
    assert_refused(&m, NULL, STATUS_UNSUPPORTED, "no folder");
}

static void test_external_data_elsewhere(void **state) {
    (void)state;
    make_file("w.bin", "12345678", 8);
    make_folder("sub");
    make_file("sub/w.bin", "12345678", 8);
    char link[600];
    snprintf(link, sizeof link, "%s/link.bin", temporary_folder());
    assert_int_equal(symlink("w.bin", link), 0);
    static const char *const names[] = {"../w.bin", "..", ".", "", "sub/w.bin", "./w.bin", "/etc/passwd"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_external_refused(names[i], NULL, NULL, STATUS_BAD_FILE, "expected a plain file name");
    assert_external_refused("link.bin", NULL, NULL, STATUS_BAD_FILE, "is a link");
    assert_external_refused("sub", NULL, NULL, STATUS_BAD_FILE, "is not a file");
    assert_external_refused("absent.bin", NULL, NULL, STATUS_IO, "cannot open");
    unlink(link);
}

static void test_external_data_bounds(void **state) {
    (void)state;
    make_file("w.bin", "12345678", 8);
    assert_external_refused("w.bin", "1", NULL, STATUS_BAD_FILE, "bytes 1 to 9 of w.bin, which has 8");
    assert_external_refused("w.bin", "999999999999999999", NULL, STATUS_BAD_FILE, "which has 8");
    assert_external_refused("w.bin", "9999999999999999999", NULL, STATUS_BAD_FILE, "is not a number");
    assert_external_refused("w.bin", "-4", NULL, STATUS_BAD_FILE, "offset \"-4\" is not a number");
    assert_external_refused("w.bin", "0", "4", STATUS_BAD_FILE, "length 4, expected 8");
    wire w = external("w", "w.bin", NULL, NULL), again = external("v", "w.bin", NULL, NULL),
         x = value("x", 1, 2), g = graph_of(&w, &x), n = node("add", "Add", "x", "w", "y");
    put_message(&g, INITIALIZER, &again);
    put_message(&g, NODE, &n);
    wire m = model_of(&g);
    assert_refused(&m, temporary_folder(), STATUS_BAD_FILE, "more bytes are taken of w.bin than it has");
}

static void test_no_model_at_all(void **state) {
    (void)state;
    wire text = {.n = 0}, empty = {.n = 0};
    memcpy(text.data, "hello, world", text.n = 12);
    assert_refused(&text, NULL, STATUS_BAD_FILE, "");
    assert_refused(&empty, NULL, STATUS_BAD_FILE, "");
    assert_false(onnx_looks_like(text.data, text.n));
    assert_false(onnx_looks_like(text.data, 0));
    assert_false(onnx_looks_like((const unsigned char *)"\x08\x12\x00\x00\x00\x00\x00\x00{\"a\"",
                                 12)); /* safetensors */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_good_model_is_read),
        cmocka_unit_test(test_truncated_anywhere),
        cmocka_unit_test(test_changed_anywhere),
        cmocka_unit_test(test_cycles),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_what_is_not_read),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_nested_graphs),
        cmocka_unit_test(test_external_data),
        cmocka_unit_test(test_external_data_elsewhere),
        cmocka_unit_test(test_external_data_bounds),
        cmocka_unit_test(test_no_model_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
