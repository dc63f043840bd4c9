/* Model files and graphs: what begins with '{' is a graph in JSON, anything else a model.bin. A graph that is accepted must survive its
 * own JSON, and a small one must run. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nets/model_file_internal.h"
#include "nets/session.h"

enum { SMALL = 1 << 16 };

static void check(int holds) {
    if (!holds) __builtin_trap();
}

static void run_net(const net *n, const weights *w) {
    err e;
    session *s;
    run r = run_default();
    r.kernel = KERNEL_PORTABLE;
    size_t size = shape_size(n->input);
    float *x = calloc(size, sizeof *x), *dx = calloc(size, sizeof *dx),
          *z = calloc((size_t)n->classes, sizeof *z);
    check(x && dx && z);
    check(session_new(n, w, SESSION_INPUT_GRAD, 0, &r, &s, &e) == STATUS_OK);
    check(session_forward(s, 0, 1, x, z, &e) == STATUS_OK);
    check(session_input_grad(s, 0, 1, z, dx, &e) == STATUS_OK);
    session_free(s);
    free(x);
    free(dx);
    free(z);
}

static int64_t work(const net *n) {
    int64_t sum = net_flops(n) + (int64_t)n->n_floats;
    for (int k = 0; k < n->n_nodes; k++)
        sum += (int64_t)shape_size(n->nodes[k].out) * n->nodes[k].config.kernel[0] *
                   n->nodes[k].config.kernel[1] +
               (int64_t)shape_size(n->nodes[k].out);
    return sum;
}

static void accepted(const net *n) {
    err e;
    net *back = NULL;
    weights w;
    json *j = net_to_json(n);
    check(j && net_from_json(j, &back, &e) == STATUS_OK);
    check(back->n_floats == n->n_floats && back->n_nodes == n->n_nodes);
    json_free(j);
    net_free(back);
    if (work(n) > SMALL || weights_new(n, &w, &e) != STATUS_OK) return;
    weights_init(n, &w, 1);
    run_net(n, &w);
    weights_free(&w);
}

static void try_graph(const uint8_t *data, size_t size) {
    err e;
    json *j;
    net *n;
    if (json_parse((const char *)data, size, &j, &e) != STATUS_OK) return;
    if (net_from_json(j, &n, &e) == STATUS_OK) accepted(n);
    json_free(j);
    net_free(n);
}

static void try_file(const uint8_t *data, size_t size) {
    err e;
    model_file m;
    bytes copy = {malloc(size ? size : 1), size};
    if (!copy.data) return;
    memcpy(copy.data, data, size);
    if (model_file_parse(copy, &m, &e) != STATUS_OK) return;
    for (size_t i = 0; i < m.weights.n; i++)
        check(isfinite(m.weights.data[i]));
    accepted(m.net);
    model_file_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size && data[0] == '{')
        try_graph(data, size);
    else
        try_file(data, size);
    return 0;
}
