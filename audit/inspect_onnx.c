/* The nodes of an ONNX file, and what of them we cannot run. */
#include <inttypes.h>
#include <stdio.h>

#include "audit/inspect.h"
#include "audit/show.h"
#include "nets/model_file.h"
#include "nets/onnx/import.h"

static void dims_of(const onnx_tensor *t, char *out, size_t room) {
    size_t at = 0;
    out[0] = 0;
    for (int k = 0; t && k < t->rank && at < room; k++)
        at += (size_t)snprintf(out + at, room - at, "%s%" PRId64, k ? " x " : "", t->dims[k]);
}

static void cell_count(text_table *t, int64_t n) {
    char count[32];
    text_table_cell(t, "%s", n ? show_count(n, count) : "");
}

static void print_nodes(const context *c, const onnx_survey *s) {
    int64_t parameters = 0, multiply_adds = 0;
    text_table t = text_table_new("node|operator|output|>parameters|>multiply-adds");
    for (int k = 0; k < s->n; k++) {
        const onnx_survey_row *row = &s->rows[k];
        char dims[128];
        dims_of(row->output, dims, sizeof dims);
        text_table_cell(&t, "%s", row->node->name);
        text_table_cell(&t, "%s%s", row->node->op, row->refused ? " (!)" : "");
        text_table_cell(&t, "%s", dims);
        cell_count(&t, row->parameters);
        cell_count(&t, row->multiply_adds);
        parameters += row->parameters;
        multiply_adds += row->multiply_adds;
    }
    text_table_cell(&t, "all");
    text_table_cell(&t, "%d nodes", s->n);
    text_table_cell(&t, "%s", "");
    cell_count(&t, parameters);
    cell_count(&t, multiply_adds);
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}

static void print_list(const context *c, const char *name, int n, const float *values) {
    say(c, "%s", name);
    for (int k = 0; k < n; k++)
        say(c, "%s %.6g", k ? "," : "", (double)values[k]);
}

static void print_findings(const context *c, const onnx_survey *s) {
    if (s->n_folded) say(c, "\n%d more nodes compute constants: folded.", s->n_folded);
    if (s->softmax)
        say(c, "\n%s at the end is left out: the logits before it are what is judged.", s->softmax->op);
    if (s->n_mean) {
        say(c, "\nPixels from 0 to 1 are normalised first:");
        print_list(c, " mean", s->n_mean, s->mean);
        print_list(c, "; std", s->n_mean, s->std);
        say(c, ".");
    }
    if (s->not_run) say(c, "\nNot run: %s", s->not_run);
    for (int k = 0; k < s->n; k++)
        if (s->rows[k].refused && s->not_run)
            say(c, "\n(!) node '%s' (%s): %s", s->rows[k].node->name, s->rows[k].node->op,
                s->rows[k].refused);
        else if (s->rows[k].refused)
            say(c, "\n(!) %s", s->rows[k].refused);
    say(c, "\n");
}

static json *row_json(const onnx_survey_row *row) {
    json *j = json_new_object(), *dims = json_new_array();
    bool fine = j && dims;
    for (int k = 0; fine && row->output && k < row->output->rank; k++)
        fine = json_append(dims, json_new_int(row->output->dims[k]));
    fine = json_set(j, "output", dims) && fine;
    fine = fine && json_set_string(j, "name", row->node->name) && json_set_string(j, "op", row->node->op) &&
           json_set_int(j, "parameters", row->parameters) &&
           json_set_int(j, "multiply_adds", row->multiply_adds) &&
           (!row->refused || json_set_string(j, "refused", row->refused));
    if (fine) return j;
    json_free(j);
    return NULL;
}

static json *nodes_json(const onnx_survey *s) {
    json *nodes = json_new_array();
    for (int k = 0; nodes && k < s->n; k++)
        if (!json_append(nodes, row_json(&s->rows[k]))) {
            json_free(nodes);
            return NULL;
        }
    return nodes;
}

/* The net that is made of it: what the other commands see. */
static status record_net(context *c, const char *path, result *x, err *e) {
    loaded_model loaded;
    status s = context_open_model(c, path, false, &loaded, e);
    if (s != STATUS_OK) return s;
    result_model(x, loaded.model);
    result_extra(x, "graph", net_to_json(loaded.file->net));
    say(c, "Can be audited: a net of %d layers whose logits are those of the graph.\n",
        loaded.file->net->n_nodes - 1);
    loaded_model_free(&loaded);
    return STATUS_OK;
}

static status show(context *c, const char *path, const onnx_graph *g, const onnx_survey *o, result *x,
                   err *e) {
    say(c, "%s: ONNX, opset %" PRId64 ", made by %s", path, g->opset,
        *g->producer ? g->producer : "an unknown program");
    if (o->image.c) say(c, "; images of %d x %d x %d", o->image.h, o->image.w, o->image.c);
    say(c, "\nsha256 %s\n\n", g->sha256);
    print_nodes(c, o);
    print_findings(c, o);
    result_extra(x, "nodes", nodes_json(o));
    if (o->n_refused)
        return err_set(e, STATUS_UNSUPPORTED, "%s: %d of %d nodes are not supported", path, o->n_refused,
                       o->n);
    if (o->not_run) return err_set(e, STATUS_UNSUPPORTED, "%s: %s", path, o->not_run);
    return record_net(c, path, x, e);
}

status inspect_onnx(context *c, const char *path, result *x, err *e) {
    preprocessing p;
    onnx_graph g;
    onnx_survey o;
    int height, width;
    status s = context_size(c, &height, &width, e);
    if (s == STATUS_OK) s = input_settings_read(&c->input, height, width, &p, e);
    if (s == STATUS_OK) s = onnx_read(path, &g, e);
    if (s != STATUS_OK) return s;
    s = onnx_survey_make(&g, &p, &o, e);
    if (s == STATUS_OK) {
        s = show(c, path, &g, &o, x, e);
        onnx_survey_free(&o);
    }
    onnx_graph_free(&g);
    return s;
}
