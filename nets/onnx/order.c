/* Topological order by depth-first search with a stack of its own: hostile chains are as long as they like. */
#include <stdlib.h>

#include "nets/onnx/wire_internal.h"

typedef enum mark { NEW, OPEN, DONE } mark;

typedef struct frame {
    int node, next_input;
} frame;

typedef struct search {
    const onnx_graph *g;
    int *producer; /* node that makes a value, -1 */
    unsigned char *marks;
    frame *stack;
    int depth;
    onnx_node *ordered;
    int n_ordered;
} search;

static void push(search *s, int node) {
    s->marks[node] = OPEN;
    s->stack[s->depth++] = (frame){node, 0};
}

static void finish(search *s) {
    int node = s->stack[--s->depth].node;
    s->marks[node] = DONE;
    s->ordered[s->n_ordered++] = s->g->nodes[node];
}

/* The next node that must come before the one on top of the stack; -1: none is left. */
static int next_needed(search *s) {
    frame *top = &s->stack[s->depth - 1];
    const onnx_node *n = &s->g->nodes[top->node];
    while (top->next_input < n->n_inputs) {
        int value = n->inputs[top->next_input++];
        int node = value < 0 ? -1 : s->producer[value];
        if (node >= 0 && s->marks[node] != DONE) return node;
    }
    return -1;
}

static status visit(search *s, int root, err *e) {
    push(s, root);
    while (s->depth > 0) {
        int needed = next_needed(s);
        if (needed < 0) {
            finish(s);
            continue;
        }
        const onnx_node *n = &s->g->nodes[needed];
        if (s->marks[needed] == OPEN)
            return err_set(e, STATUS_BAD_FILE, "node \"%s\" (%s) needs its own result: a cycle", n->name,
                           n->op);
        push(s, needed);
    }
    return STATUS_OK;
}

static void find_producers(search *s) {
    const onnx_graph *g = s->g;
    for (int i = 0; i < g->n_values; i++)
        s->producer[i] = -1;
    for (int i = 0; i < g->n_nodes; i++)
        for (int k = 0; k < g->nodes[i].n_outputs; k++)
            if (g->nodes[i].outputs[k] >= 0) s->producer[g->nodes[i].outputs[k]] = i;
}

status onnx_order(onnx_graph *g, err *e) {
    search s = {.g = g};
    arena scratch = {0};
    size_t n = (size_t)g->n_nodes;
    s.producer = arena_array(&scratch, (size_t)g->n_values, sizeof *s.producer);
    s.marks = arena_array(&scratch, n, sizeof *s.marks);
    s.stack = arena_array(&scratch, n, sizeof *s.stack);
    s.ordered = arena_array(&g->memory, n, sizeof *s.ordered);
    status result = STATUS_OK;
    if (!s.producer || !s.marks || !s.stack || !s.ordered) {
        result = err_set(e, STATUS_NO_MEMORY, "out of memory");
    } else {
        find_producers(&s);
        for (int i = 0; i < g->n_nodes && result == STATUS_OK; i++)
            if (s.marks[i] == NEW) result = visit(&s, i, e);
        g->nodes = s.ordered;
    }
    arena_free(&scratch);
    return result;
}
