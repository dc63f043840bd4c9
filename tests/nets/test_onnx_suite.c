/* The models of Debian's libonnx-testdata, each with inputs and the outputs they must give. tests/nets/onnx_suite.txt lists those that agree,
 * and those that use supported operators and still do not, with the reason; all others must be refused by the name of an operator. The list is
 * exact: the test fails too when a model begins to agree. */
#include "tests/support/test.h"

#include <dirent.h>
#include <math.h>
#include <unistd.h>

#include "nets/onnx/evaluate.h"

#define SUITE "/usr/share/libonnx-testdata/data"

enum { MOST_FILES = 16 };

/* REFUSED is by the name of an operator that is not supported. */
typedef enum verdict { AGREES, DIFFERS, REFUSED, REFUSED_UNNAMED } verdict;

typedef struct outcome {
    verdict verdict;
    err why;
} outcome;

static bool read_tensor(const char *folder, const char *kind, int i, arena *memory, const onnx_tensor **out,
                        err *e) {
    char path[800];
    snprintf(path, sizeof path, "%s/test_data_set_0/%s_%d.pb", folder, kind, i);
    bytes file;
    if (file_read(path, (size_t)1 << 30, &file, e) != STATUS_OK) return false;
    status s = onnx_tensor_parse(file.data, file.size, memory, out, e);
    bytes_free(&file);
    return s == STATUS_OK;
}

static bool near(const onnx_tensor *a, const onnx_tensor *b, size_t i) {
    if (a->ints) return a->ints[i] == b->ints[i];
    double x = (double)a->floats[i], y = (double)b->floats[i];
    if (isnan(x) || isnan(y) || isinf(x) || isinf(y)) return (isnan(x) && isnan(y)) || x == y;
    return fabs(x - y) <= 1e-5 + 1e-3 * fabs(y);
}

static bool same(const onnx_tensor *got, const onnx_tensor *wanted, err *why) {
    bool shapes = got->type == wanted->type && got->rank == wanted->rank && got->n == wanted->n;
    for (int i = 0; shapes && i < got->rank; i++)
        shapes = got->dims[i] == wanted->dims[i];
    if (!shapes) {
        err_set(why, STATUS_INTERNAL,
                "differs in type or shape: %s of %d dimensions, %zu elements; expected %s, %d, %zu",
                onnx_type_name((int)got->type), got->rank, got->n, onnx_type_name((int)wanted->type),
                wanted->rank, wanted->n);
        return false;
    }
    for (size_t i = 0; i < got->n; i++) {
        if (near(got, wanted, i)) continue;
        err_set(why, STATUS_INTERNAL, "differs at element %zu: %.9g, expected %.9g", i,
                got->floats ? (double)got->floats[i] : (double)got->ints[i],
                wanted->floats ? (double)wanted->floats[i] : (double)wanted->ints[i]);
        return false;
    }
    return true;
}

static bool all_known(const onnx_graph *g) {
    for (int i = 0; i < g->n_nodes; i++)
        if (*g->nodes[i].domain || !onnx_operator_known(g->nodes[i].op)) return false;
    return true;
}

static bool outputs_agree(const onnx_graph *g, const char *folder, const onnx_trace *t, arena *memory,
                          err *why) {
    for (int i = 0; i < g->n_outputs; i++) {
        const onnx_tensor *wanted;
        if (!read_tensor(folder, "output", i, memory, &wanted, why) ||
            !same(t->values[g->outputs[i]], wanted, why))
            return false;
    }
    return true;
}

/* Names of operators stand in brackets: node "x" (Conv, opset 13). */
static verdict refused(const err *why) {
    const char *open = strstr(why->message, "\" (");
    return open && open[3] ? REFUSED : REFUSED_UNNAMED;
}

static verdict try_graph(const onnx_graph *g, const char *folder, arena *memory, err *why) {
    const onnx_tensor *inputs[MOST_FILES];
    if (g->n_inputs > MOST_FILES) return REFUSED_UNNAMED;
    for (int i = 0; i < g->n_inputs && all_known(g); i++)
        if (!read_tensor(folder, "input", i, memory, &inputs[i], why)) return DIFFERS;
    onnx_trace t;
    if (onnx_evaluate(g, inputs, &t, why) != STATUS_OK) return all_known(g) ? DIFFERS : refused(why);
    bool agree = outputs_agree(g, folder, &t, memory, why);
    onnx_trace_free(&t);
    return agree ? AGREES : DIFFERS;
}

static outcome try_model(const char *folder) {
    outcome o = {REFUSED_UNNAMED, {""}};
    char path[800];
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    onnx_graph g;
    if (onnx_read(path, &g, &o.why) != STATUS_OK) {
        o.verdict = refused(&o.why);
        return o;
    }
    arena memory = {0};
    o.verdict = try_graph(&g, folder, &memory, &o.why);
    arena_free(&memory);
    onnx_graph_free(&g);
    return o;
}

/* The list: lines `agrees NAME` and `fails NAME: reason`, NAME as node/test_abs. */
static char *list_text;

static int load_list(void **state) {
    (void)state;
    bytes file;
    err e;
    if (file_read(source_path("tests/nets/onnx_suite.txt"), 1 << 20, &file, &e) != STATUS_OK) return -1;
    list_text = calloc(1, file.size + 1);
    if (list_text) memcpy(list_text, file.data, file.size);
    bytes_free(&file);
    return list_text ? 0 : -1;
}

static int free_list(void **state) {
    (void)state;
    free(list_text);
    return 0;
}

static bool listed(const char *how, const char *name) {
    char line[300];
    size_t n = (size_t)snprintf(line, sizeof line, "\n%s %s", how, name);
    for (const char *at = list_text; (at = strstr(at, line)); at += n)
        if (at[n] == '\n' || at[n] == ':') return true;
    return false;
}

static bool as_listed(const char *name, const outcome *o) {
    if (listed("agrees", name)) return o->verdict == AGREES;
    if (listed("fails", name)) return o->verdict != AGREES;
    return o->verdict == REFUSED;
}

static int check_folder(const char *part, int *n_agree, int *n_models) {
    char folder[300];
    snprintf(folder, sizeof folder, SUITE "/%s", part);
    DIR *d = opendir(folder);
    if (!d) return 0;
    int wrong = 0;
    for (struct dirent *entry; (entry = readdir(d));) {
        char name[300], path[600], model[640];
        snprintf(name, sizeof name, "%s/%.250s", part, entry->d_name);
        snprintf(path, sizeof path, SUITE "/%s", name);
        snprintf(model, sizeof model, "%s/model.onnx", path);
        if (entry->d_name[0] == '.' || access(model, R_OK) != 0) continue;
        outcome o = try_model(path);
        ++*n_models;
        *n_agree += o.verdict == AGREES;
        if (as_listed(name, &o)) continue;
        print_message("%s: %s%s\n", name, o.verdict == AGREES ? "agrees, and is not listed so" : "",
                      o.why.message);
        wrong++;
    }
    closedir(d);
    return wrong;
}

static void test_models_agree_as_listed(void **state) {
    (void)state;
    need_file(SUITE);
    static const char *const parts[] = {"node", "pytorch-converted", "pytorch-operator", "simple"};
    int wrong = 0, n_agree = 0, n_models = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        wrong += check_folder(parts[i], &n_agree, &n_models);
    print_message("%d of %d models agree\n", n_agree, n_models);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_models_agree_as_listed)};
    return cmocka_run_group_tests(tests, load_list, free_list);
}
