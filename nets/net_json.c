/* The graph as JSON. One table says which member belongs to which field of layer_config; a layer's `fields` say which it has. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nets/net_internal.h"

typedef enum field_type { FIELD_IS_INT, FIELD_IS_BOOL, FIELD_IS_FLOAT } field_type;

typedef struct field {
    unsigned bit;
    const char *key;
    field_type type;
    int count; /* 1: a value; more: an array of so many; PER_CHANNEL: one per channel of the input; PER_MAP: n_map */
    size_t at;
} field;

enum { PER_CHANNEL = 0, PER_MAP = -1, MOST_PER_FIELD = 4 };

#define FIELD(bit, key, type, count)                                                                         \
    { bit, #key, type, count, offsetof(layer_config, key) }
static const field fields[] = {
    FIELD(FIELD_OUT, out, FIELD_IS_INT, 1),
    FIELD(FIELD_KERNEL, kernel, FIELD_IS_INT, 2),
    FIELD(FIELD_STRIDE, stride, FIELD_IS_INT, 2),
    FIELD(FIELD_DILATION, dilation, FIELD_IS_INT, 2),
    FIELD(FIELD_PAD, pad, FIELD_IS_INT, 4),
    FIELD(FIELD_GROUPS, groups, FIELD_IS_INT, 1),
    FIELD(FIELD_BIAS, bias, FIELD_IS_BOOL, 1),
    FIELD(FIELD_CEIL_MODE, ceil_mode, FIELD_IS_BOOL, 1),
    FIELD(FIELD_COUNT_INCLUDE_PAD, count_include_pad, FIELD_IS_BOOL, 1),
    FIELD(FIELD_RATE, rate, FIELD_IS_FLOAT, 1),
    FIELD(FIELD_EPS, eps, FIELD_IS_FLOAT, 1),
    FIELD(FIELD_MOMENTUM, momentum, FIELD_IS_FLOAT, 1),
    FIELD(FIELD_MEAN, mean, FIELD_IS_FLOAT, PER_CHANNEL),
    FIELD(FIELD_STD, std, FIELD_IS_FLOAT, PER_CHANNEL),
    FIELD(FIELD_SIZE, size, FIELD_IS_INT, 2),
    FIELD(FIELD_MAP, map, FIELD_IS_INT, PER_MAP),
    FIELD(FIELD_BOUNDS, low, FIELD_IS_FLOAT, 1),
    FIELD(FIELD_BOUNDS, high, FIELD_IS_FLOAT, 1),
    FIELD(FIELD_SLICE, start, FIELD_IS_INT, 3),
    FIELD(FIELD_SLICE, step, FIELD_IS_INT, 3),
    FIELD(FIELD_SLICE, count, FIELD_IS_INT, 3),
    FIELD(FIELD_FRAME, pad_channels, FIELD_IS_INT, 2),
    FIELD(FIELD_FRAME, pad_mode, FIELD_IS_INT, 1),
    FIELD(FIELD_FRAME, fill, FIELD_IS_FLOAT, 1),
    FIELD(FIELD_VIEW, view, FIELD_IS_INT, VIEW_RANK),
    FIELD(FIELD_VIEW, order, FIELD_IS_INT, VIEW_RANK),
    FIELD(FIELD_VIEW, to, FIELD_IS_INT, 3),
    FIELD(FIELD_LRN, lrn_size, FIELD_IS_INT, 1),
    FIELD(FIELD_LRN, lrn_alpha, FIELD_IS_FLOAT, 1),
    FIELD(FIELD_LRN, lrn_beta, FIELD_IS_FLOAT, 1),
    FIELD(FIELD_LRN, lrn_bias, FIELD_IS_FLOAT, 1),
    FIELD(FIELD_ZERO_INIT, zero_init, FIELD_IS_BOOL, 1),
};
enum { N_FIELDS = sizeof fields / sizeof *fields };

static json *value_to_json(const field *f, const void *value, int i) {
    switch (f->type) {
    case FIELD_IS_INT:
        return json_new_int(((const int *)value)[i]);
    case FIELD_IS_BOOL:
        return json_new_bool(((const bool *)value)[i]);
    case FIELD_IS_FLOAT:
        break;
    }
    return json_new_real((double)((const float *)value)[i]);
}

static int field_count(const field *f, const layer_config *c, int channels) {
    if (f->count == PER_MAP) return c->n_map;
    return f->count == PER_CHANNEL ? channels : f->count;
}

static json *field_to_json(const field *f, const layer_config *c, int channels) {
    const void *value = (const char *)c + f->at;
    if (f->count == 1) return value_to_json(f, value, 0);
    json *array = json_new_array();
    for (int i = 0; array && i < field_count(f, c, channels); i++)
        if (!json_append(array, value_to_json(f, value, i))) {
            json_free(array);
            return NULL;
        }
    return array;
}

static json *names_to_json(const net *n, const net_node *node) {
    json *names = json_new_array();
    for (int i = 0; names && i < node->n_inputs; i++)
        if (!json_append(names, json_new_string(n->nodes[node->inputs[i]].name))) {
            json_free(names);
            return NULL;
        }
    return names;
}

static json *node_to_json(const net *n, const net_node *node) {
    json *j = json_new_object();
    bool fine = j && json_set_string(j, "name", node->name) && json_set_string(j, "op", node->op->name) &&
                json_set(j, "inputs", names_to_json(n, node));
    for (int f = 0; fine && f < N_FIELDS; f++)
        if (node->op->fields & fields[f].bit)
            fine = json_set(j, fields[f].key,
                            field_to_json(&fields[f], &node->config, n->nodes[node->inputs[0]].out.c));
    if (fine && net_is_aux(n, (int)(node - n->nodes))) fine = json_set(j, "aux", json_new_bool(true));
    if (fine) return j;
    json_free(j);
    return NULL;
}

json *net_to_json(const net *n) {
    json *j = json_new_object(), *input = json_new_array(), *nodes = json_new_array();
    bool fine = json_append(input, json_new_int(n->input.h)) &&
                json_append(input, json_new_int(n->input.w)) && json_append(input, json_new_int(n->input.c));
    for (int k = 1; fine && k < n->n_nodes; k++)
        fine = json_append(nodes, node_to_json(n, &n->nodes[k]));
    fine = json_set_string(j, "arch", n->arch) && fine;
    fine = json_set(j, "input", input) && fine;
    fine = json_set(j, "nodes", nodes) && fine;
    if (fine) return j;
    json_free(j);
    return NULL;
}

static status value_from_json(const field *f, const json *j, void *value, int i, err *e) {
    int64_t whole = json_as_int(j, 0);
    double real = json_as_real(j, NAN);
    switch (f->type) {
    case FIELD_IS_INT:
        if (!json_is_int(j) || whole < 0 || whole > 1 << 30) break;
        ((int *)value)[i] = (int)whole;
        return STATUS_OK;
    case FIELD_IS_BOOL:
        if (!json_is_bool(j)) break;
        ((bool *)value)[i] = json_as_bool(j, false);
        return STATUS_OK;
    case FIELD_IS_FLOAT:
        if (!(fabs(real) <= 1e30)) break;
        ((float *)value)[i] = (float)real;
        return STATUS_OK;
    }
    static const char *const expected[] = {"an integer from 0", "true or false", "a number"};
    return err_set(e, STATUS_BAD_FILE, "'%s' is not %s", f->key, expected[f->type]);
}

static status field_from_json(const field *f, const json *j, int channels, layer_config *c, err *e) {
    void *value = (char *)c + f->at;
    if (f->count == 1) return value_from_json(f, j, value, 0, e);
    if (f->count == PER_MAP)
        c->n_map = (int)(json_count(j) < MOST_PER_FIELD ? json_count(j) : MOST_PER_FIELD);
    int count = field_count(f, c, channels);
    bool fixed = f->count != PER_CHANNEL && f->count != PER_MAP;
    if ((!fixed && count > MOST_PER_FIELD) || !json_is_array(j) || json_count(j) != (size_t)count)
        return err_set(e, STATUS_BAD_FILE, "'%s' is not an array of %d", f->key, count);
    status s = STATUS_OK;
    for (int i = 0; i < count && s == STATUS_OK; i++)
        s = value_from_json(f, json_at(j, (size_t)i), value, i, e);
    return s;
}

static const field *find_field(const layer *op, const char *key) {
    for (int f = 0; f < N_FIELDS; f++)
        if (op->fields & fields[f].bit && !strcmp(fields[f].key, key)) return &fields[f];
    return NULL;
}

/* Every member of the node is read; one that nothing reads is a mistake and not to be passed over. */
static status config_from_json(json *j, const layer *op, int channels, layer_config *c, err *e) {
    status s = STATUS_OK;
    for (void *i = json_first(j); i && s == STATUS_OK; i = json_next(j, i)) {
        const char *key = json_iterator_key(i);
        if (!strcmp(key, "name") || !strcmp(key, "op") || !strcmp(key, "inputs") || !strcmp(key, "aux"))
            continue;
        const field *f = find_field(op, key);
        s = f ? field_from_json(f, json_iterator_value(i), channels, c, e)
              : err_set(e, STATUS_BAD_FILE, "%s has no '%.64s'", op->name, key);
    }
    return s;
}

static status inputs_from_json(const net *n, const json *names, int *inputs, int *count, err *e) {
    *count = (int)(json_count(names) > LAYER_MOST_INPUTS ? LAYER_MOST_INPUTS + 1 : json_count(names));
    if (*count < 1 || *count > LAYER_MOST_INPUTS)
        return err_set(e, STATUS_BAD_FILE, "%zu inputs, expected 1..%d", json_count(names),
                       (int)LAYER_MOST_INPUTS);
    for (int i = 0; i < *count; i++) {
        const char *name = json_as_string(json_at(names, (size_t)i));
        if (!name) return err_set(e, STATUS_BAD_FILE, "input %d is not a name", i);
        inputs[i] = net_find(n, name);
        if (inputs[i] < 0)
            return err_set(e, STATUS_BAD_FILE,
                           "input '%.64s' is not a node before it (a cycle, or an unknown name)", name);
    }
    return STATUS_OK;
}

static status node_from_json(net_builder *b, json *j, err *e) {
    const net *n = net_being_built(b);
    const char *name, *op_name;
    json *names;
    layer_config config = {0};
    int inputs[LAYER_MOST_INPUTS], count = 0;
    status s = json_need_string(j, "name", &name, e);
    if (s != STATUS_OK) return s;
    s = json_need_string(j, "op", &op_name, e);
    if (s == STATUS_OK) s = json_need_array(j, "inputs", &names, e);
    if (s == STATUS_OK) s = inputs_from_json(n, names, inputs, &count, e);
    if (s == STATUS_OK && !layer_find(op_name))
        s = err_set(e, STATUS_UNSUPPORTED, "unknown layer '%.64s'", op_name);
    if (s == STATUS_OK) s = config_from_json(j, layer_find(op_name), n->nodes[inputs[0]].out.c, &config, e);
    const json *aux = json_get(j, "aux");
    if (s == STATUS_OK && aux && !json_is_bool(aux))
        s = err_set(e, STATUS_BAD_FILE, "'aux' is not true or false");
    if (s != STATUS_OK) return err_prefix(e, s, "node '%.64s'", name);
    int node = net_add(b, name, op_name, &config, count, inputs);
    if (json_as_bool(aux, false)) net_mark_aux(b, node);
    return STATUS_OK;
}

static status header_from_json(const json *j, net_builder **b, json **nodes, err *e) {
    const char *arch;
    json *input;
    int64_t side[3];
    status s = json_need_string(j, "arch", &arch, e);
    if (s == STATUS_OK) s = json_need_array(j, "input", &input, e);
    if (s == STATUS_OK) s = json_need_array(j, "nodes", nodes, e);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < 3; i++) {
        side[i] = json_as_int(json_at(input, i), 0);
        if (json_count(input) != 3 || side[i] < 1 || side[i] > 1 << 20)
            return err_set(e, STATUS_BAD_FILE, "'input' is not [height, width, channels]");
    }
    *b = net_begin(arch, (shape){(int)side[0], (int)side[1], (int)side[2]});
    return *b ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "no memory for a net");
}

status net_from_json(const json *j, net **out, err *e) {
    net_builder *b = NULL;
    json *nodes;
    *out = NULL;
    if (!json_is_object(j)) return err_set(e, STATUS_BAD_FILE, "the graph is not a JSON object");
    status s = header_from_json(j, &b, &nodes, e);
    if (s != STATUS_OK) return s;
    if (json_count(nodes) >= NET_MOST_NODES) {
        net_discard(b);
        return err_set(e, STATUS_BAD_FILE, "%zu nodes, at most %d are allowed", json_count(nodes),
                       (int)NET_MOST_NODES - 1);
    }
    for (size_t k = 0; k < json_count(nodes) && s == STATUS_OK && !net_failed(b); k++) {
        s = json_is_object(json_at(nodes, k)) ? node_from_json(b, json_at(nodes, k), e)
                                              : err_set(e, STATUS_BAD_FILE, "node %zu is not an object", k);
    }
    if (s == STATUS_OK) return net_finish(b, out, e);
    net_discard(b);
    return s;
}
