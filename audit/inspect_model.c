/* The layers and the recipe of a model file. */
#include <stdlib.h>

#include "audit/inspect.h"
#include "audit/show.h"
#include "nets/model_file.h"

static int64_t node_parameters(const net *n, const net_node *node) {
    int64_t sum = 0;
    for (int i = 0; i < node->n_params; i++)
        if (n->params[node->params[i]].offset < n->n_trainable)
            sum += (int64_t)n->params[node->params[i]].size;
    return sum;
}

static void cell_inputs(text_table *t, const net *n, int index) {
    const net_node *node = &n->nodes[index];
    bool plain = node->n_inputs == 1 && node->inputs[0] == index - 1;
    if (plain || node->n_inputs == 0)
        text_table_cell(t, "%s", "");
    else if (node->n_inputs == 1)
        text_table_cell(t, "%s", n->nodes[node->inputs[0]].name);
    else
        text_table_cell(t, "%s, %s%s", n->nodes[node->inputs[0]].name, n->nodes[node->inputs[1]].name,
                        node->n_inputs > 2 ? ", ..." : "");
}

static void print_graph(const context *c, const net *n) {
    char count[32];
    text_table t = text_table_new("node|layer|>h|>w|>c|>parameters|from");
    for (int i = 0; i < n->n_nodes; i++) {
        const net_node *node = &n->nodes[i];
        int64_t parameters = node_parameters(n, node);
        text_table_cell(&t, "%s", node->name);
        text_table_cell(&t, "%s", node->op ? layer_name(node->op) : "input");
        text_table_cell(&t, "%d", node->out.h);
        text_table_cell(&t, "%d", node->out.w);
        text_table_cell(&t, "%d", node->out.c);
        text_table_cell(&t, "%s", parameters ? show_count(parameters, count) : "");
        cell_inputs(&t, n, i);
    }
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}

static void print_classes(const context *c, const model_file *f) {
    say(c, "\nclasses:");
    for (int i = 0; i < f->net->classes; i++)
        say(c, "%s %s", i ? "," : "", f->class_names[i]);
    say(c, "\n");
}

static void print_recipe(const context *c, const json *recipe) {
    char *text = json_count(recipe) ? json_text(recipe, 2) : NULL;
    if (text) say(c, "recipe: %s\n", text);
    free(text);
}

status inspect_model(context *c, const char *path, result *x, err *e) {
    loaded_model loaded;
    char count[32];
    status s = context_open_model(c, path, false, &loaded, e);
    if (s != STATUS_OK) return s;
    const model *m = loaded.model;
    result_model(x, m);
    result_extra(x, "graph", net_to_json(loaded.file->net));
    result_extra(x, "recipe", json_share(loaded.file->recipe));
    say(c, "%s: %s, %s parameters, %.2f million multiply-adds an image\nsha256 %s\n\n", path, m->arch,
        show_count(m->parameters, count), (double)m->flops / 1e6, m->sha256);
    print_graph(c, loaded.file->net);
    print_classes(c, loaded.file);
    print_recipe(c, loaded.file->recipe);
    loaded_model_free(&loaded);
    return STATUS_OK;
}
