/* Names to values. */
#include <stdlib.h>
#include <string.h>

#include "nets/onnx/wire_internal.h"

typedef struct name_entry {
    const char *name;
    int value;
} name_entry;

/* Values by name, for bisection. */
typedef struct name_index {
    name_entry *entries;
    int n;
} name_index;

static int compare_names(const void *a, const void *b) {
    return strcmp(((const name_entry *)a)->name, ((const name_entry *)b)->name);
}

static status index_build(const onnx_value *values, int n, name_index *out, err *e) {
    *out = (name_index){.entries = calloc((size_t)n + 1, sizeof *out->entries), .n = n};
    if (!out->entries) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < n; i++)
        out->entries[i] = (name_entry){values[i].name, i};
    qsort(out->entries, (size_t)n, sizeof *out->entries, compare_names);
    for (int i = 0; i < n; i++) {
        const char *name = out->entries[i].name;
        if (!*name) return err_set(e, STATUS_BAD_FILE, "a value without a name");
        if (i > 0 && strcmp(name, out->entries[i - 1].name) == 0)
            return err_set(e, STATUS_BAD_FILE, "value \"%s\" is defined twice", name);
    }
    return STATUS_OK;
}

/* -1: not there. */
static int index_find(const name_index *x, const char *name) {
    name_entry wanted = {name, -1};
    const name_entry *found = bsearch(&wanted, x->entries, (size_t)x->n, sizeof wanted, compare_names);
    return found ? found->value : -1;
}

static int count_names(const wire_graph *w, bool outputs) {
    int n = 0;
    for (int i = 0; i < w->n_nodes; i++)
        n += outputs ? w->nodes[i].node.n_outputs : w->nodes[i].node.n_inputs;
    return n;
}

/* Initialisers may be listed as inputs, as defaults: they are constants here, and no inputs. */
static status define_inputs(const wire_graph *w, onnx_graph *g, err *e) {
    name_index initials;
    status s = index_build(w->initials, w->n_initials, &initials, e);
    for (int i = 0; i < w->n_inputs && s == STATUS_OK; i++) {
        if (index_find(&initials, w->inputs[i].name) >= 0) continue;
        g->inputs[g->n_inputs++] = g->n_values;
        g->values[g->n_values] = w->inputs[i];
        g->values[g->n_values++].is_input = true;
    }
    free(initials.entries);
    return s;
}

static void define_outputs_of_nodes(const wire_graph *w, onnx_graph *g) {
    for (int i = 0; i < w->n_nodes; i++)
        for (int k = 0; k < w->nodes[i].node.n_outputs; k++)
            if (*w->nodes[i].outputs[k])
                g->values[g->n_values++] = (onnx_value){.name = w->nodes[i].outputs[k], .rank = -1};
}

static status link_outputs(const wire_graph *w, const name_index *x, onnx_graph *g, err *e) {
    for (int i = 0; i < w->n_outputs; i++) {
        int value = index_find(x, w->outputs[i].name);
        if (value < 0) return err_set(e, STATUS_BAD_FILE, "output \"%s\" is not defined", w->outputs[i].name);
        onnx_value *v = &g->values[value];
        v->is_output = true;
        if (v->rank < 0 && !v->is_input) {
            v->type = w->outputs[i].type;
            v->rank = w->outputs[i].rank;
            memcpy(v->dims, w->outputs[i].dims, sizeof v->dims);
        }
        g->outputs[g->n_outputs++] = value;
    }
    return STATUS_OK;
}

/* Writes the node's values to `ids`: inputs, then outputs. */
static status link_node(const wire_node *from, const name_index *x, int *ids, onnx_node *to, err *e) {
    *to = from->node;
    to->inputs = ids;
    to->outputs = ids + to->n_inputs;
    for (int i = 0; i < to->n_inputs; i++) {
        bool left_out = !*from->inputs[i];
        ids[i] = left_out ? -1 : index_find(x, from->inputs[i]);
        if (ids[i] < 0 && !left_out)
            return err_set(e, STATUS_BAD_FILE, "node \"%s\" (%s): input \"%s\" is not defined", to->name,
                           to->op, from->inputs[i]);
    }
    for (int i = 0; i < to->n_outputs; i++)
        ids[to->n_inputs + i] = *from->outputs[i] ? index_find(x, from->outputs[i]) : -1;
    return STATUS_OK;
}

static status link_all(const wire_graph *w, int *ids, onnx_graph *g, err *e) {
    name_index all;
    status s = index_build(g->values, g->n_values, &all, e);
    for (int i = 0; i < w->n_nodes && s == STATUS_OK; i++) {
        s = link_node(&w->nodes[i], &all, ids, &g->nodes[i], e);
        ids += w->nodes[i].node.n_inputs + w->nodes[i].node.n_outputs;
        g->n_nodes++;
    }
    if (s == STATUS_OK) s = link_outputs(w, &all, g, e);
    free(all.entries);
    return s;
}

status onnx_link(const wire_graph *w, onnx_graph *g, err *e) {
    size_t results = (size_t)count_names(w, true), ids = results + (size_t)count_names(w, false);
    g->values =
        arena_array(&g->memory, results + (size_t)w->n_inputs + (size_t)w->n_initials, sizeof *g->values);
    g->nodes = arena_array(&g->memory, (size_t)w->n_nodes, sizeof *g->nodes);
    g->inputs = arena_array(&g->memory, (size_t)w->n_inputs, sizeof *g->inputs);
    g->outputs = arena_array(&g->memory, (size_t)w->n_outputs, sizeof *g->outputs);
    int *values_of_nodes = arena_array(&g->memory, ids, sizeof *values_of_nodes);
    if (!g->values || !g->nodes || !g->inputs || !g->outputs || !values_of_nodes)
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = define_inputs(w, g, e);
    if (s != STATUS_OK) return s;
    if (w->n_initials > 0)
        memcpy(g->values + g->n_values, w->initials, (size_t)w->n_initials * sizeof *g->values);
    g->n_values += w->n_initials;
    define_outputs_of_nodes(w, g);
    return link_all(w, values_of_nodes, g, e);
}
