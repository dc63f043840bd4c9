#include "nets/model_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nets/model_file_internal.h"

/* Members of __metadata__. The contract says in words what a reader in another language must do. */
#define FORMAT_KEY "format"
#define FORMAT "audit-model/1"
#define GRAPH_KEY "graph"
#define CLASSES_KEY "class_names"
#define RECIPE_KEY "recipe"
#define CONTRACT_KEY "input"
#define CONTRACT "float32 pixels in [0, 1], PyTorch order N,C,H,W; normalisation is part of the graph"

enum { MOST_CLASS_NAME = 256 };
static const size_t most_file = (size_t)4 << 30;

void dims_text(int rank, const int64_t *dims, char *out, size_t room) {
    size_t at = (size_t)snprintf(out, room, "[");
    for (int k = 0; k < rank && at < room; k++)
        at += (size_t)snprintf(out + at, room - at, k ? ", %lld" : "%lld", (long long)dims[k]);
    if (at < room) snprintf(out + at, room - at, "]");
}

/* A member of the metadata that is JSON itself. */
static status metadata_json(const safetensors *file, const char *key, json **out, err *e) {
    *out = NULL;
    const char *text = safetensors_metadata(file, key);
    if (!text) return err_set(e, STATUS_BAD_FILE, "no '%s' in its metadata: not a model file of ours", key);
    status s = json_parse(text, strlen(text), out, e);
    return s == STATUS_OK ? s : err_prefix(e, s, "'%s' in its metadata", key);
}

static status read_graph(const safetensors *file, model_file *out, err *e) {
    const char *format = safetensors_metadata(file, FORMAT_KEY);
    if (format && strncmp(format, "audit-checkpoint/", strlen("audit-checkpoint/")) == 0)
        return err_set(e, STATUS_BAD_FILE,
                       "a checkpoint of a training, no model: audit train --resume goes on from it");
    if (!format || strcmp(format, FORMAT))
        return err_set(e, STATUS_BAD_FILE, "its format is '%.32s', expected '%s'",
                       format ? format : "unknown", FORMAT);
    json *graph;
    status s = metadata_json(file, GRAPH_KEY, &graph, e);
    if (s == STATUS_OK) s = net_from_json(graph, &out->net, e);
    json_free(graph);
    return s;
}

static status read_class_names(const safetensors *file, model_file *out, err *e) {
    json *names;
    status s = metadata_json(file, CLASSES_KEY, &names, e);
    size_t classes = (size_t)out->net->classes;
    if (s == STATUS_OK && (!json_is_array(names) || json_count(names) != classes))
        s = err_set(e, STATUS_BAD_FILE, "%zu class names for %zu classes", json_count(names), classes);
    if (s == STATUS_OK && !(out->class_names = calloc(classes, sizeof *out->class_names)))
        s = err_set(e, STATUS_NO_MEMORY, "no memory for class names");
    for (size_t k = 0; k < classes && s == STATUS_OK; k++) {
        const char *name = json_as_string(json_at(names, k));
        if (!name || strlen(name) > MOST_CLASS_NAME)
            s = err_set(e, STATUS_BAD_FILE, "class name %zu is not a text of at most %d bytes", k,
                        (int)MOST_CLASS_NAME);
        else if (!(out->class_names[k] = strdup(name)))
            s = err_set(e, STATUS_NO_MEMORY, "no memory for class names");
    }
    json_free(names);
    return s;
}

static status read_recipe(const safetensors *file, model_file *out, err *e) {
    status s = metadata_json(file, RECIPE_KEY, &out->recipe, e);
    if (s == STATUS_OK && !json_is_object(out->recipe))
        s = err_set(e, STATUS_BAD_FILE, "'%s' in its metadata is not an object", RECIPE_KEY);
    return s;
}

/* A graph that asks for more parameters than the file has bytes is refused before any are allocated. */
static status read_weights(const safetensors *file, model_file *out, err *e) {
    if (out->net->n_floats > file->file.size)
        return err_set(e, STATUS_BAD_FILE, "the graph has %zu parameters, more than the file can hold",
                       out->net->n_floats);
    status s = weights_new(out->net, &out->weights, e);
    return s == STATUS_OK ? weights_from_state_dict(out->net, file, &out->weights, e) : s;
}

status model_file_parse(bytes file, model_file *out, err *e) {
    safetensors tensors;
    *out = (model_file){0};
    sha256_of(file.data, file.size, out->sha256);
    status s = safetensors_parse(file, &tensors, e);
    if (s != STATUS_OK) {
        bytes_free(&file);
        model_file_free(out);
        return s;
    }
    s = read_graph(&tensors, out, e);
    if (s == STATUS_OK) s = read_class_names(&tensors, out, e);
    if (s == STATUS_OK) s = read_recipe(&tensors, out, e);
    if (s == STATUS_OK) s = read_weights(&tensors, out, e);
    safetensors_free(&tensors);
    if (s != STATUS_OK) model_file_free(out);
    return s;
}

status model_file_read(const char *path, model_file *out, err *e) {
    bytes file;
    *out = (model_file){0};
    status s = file_read(path, most_file, &file, e);
    if (s != STATUS_OK) return s;
    s = model_file_parse(file, out, e);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}

void model_file_free(model_file *m) {
    for (int k = 0; m->class_names && k < m->net->classes; k++)
        free(m->class_names[k]);
    free(m->class_names);
    weights_free(&m->weights);
    json_free(m->recipe);
    net_free(m->net);
    *m = (model_file){0};
}

/* Sets object[key] = the text of `value`, which it takes over. */
static bool set_text(json *object, const char *key, json *value) {
    char *text = value ? json_text(value, 0) : NULL;
    bool fine = text && json_set_string(object, key, text);
    free(text);
    json_free(value);
    return fine;
}

static json *class_names_json(const net *n, const char *const *names) {
    json *array = json_new_array();
    for (int k = 0; array && k < n->classes; k++)
        if (!json_append(array, json_new_string(names[k]))) {
            json_free(array);
            return NULL;
        }
    return array;
}

static status make_metadata(const net *n, const char *const *class_names, const json *recipe, json **out,
                            err *e) {
    json *m = json_new_object();
    char *text = recipe ? json_text(recipe, 0) : NULL;
    bool fine = m && (text || !recipe) && json_set_string(m, FORMAT_KEY, FORMAT) &&
                set_text(m, GRAPH_KEY, net_to_json(n)) &&
                set_text(m, CLASSES_KEY, class_names_json(n, class_names)) &&
                json_set_string(m, CONTRACT_KEY, CONTRACT) &&
                json_set_string(m, RECIPE_KEY, text ? text : "{}");
    free(text);
    *out = m;
    if (fine) return STATUS_OK;
    json_free(m);
    *out = NULL;
    return err_set(e, STATUS_BAD_FILE,
                   "cannot describe the model: out of memory, or a class name that is not UTF-8");
}

static bool is_batch_norm(const net_param *p) {
    return p->info.kind == BUFFER_VARIANCE;
}

/* Entries of all parameters, and of the counters that PyTorch keeps with each batch norm. */
static status make_entries(const net *n, const weights *w, arena *memory, st_entry **entries, int *count,
                           err *e) {
    static const int64_t none = 0;
    float *values = arena_array(memory, n->n_floats + 1, sizeof *values);
    *entries = arena_array(memory, 2 * (size_t)n->n_params + 1, sizeof **entries);
    *count = 0;
    bool fine = values && *entries;
    for (int p = 0; fine && p < n->n_params; p++) {
        const net_param *param = &n->params[p];
        st_entry *entry = &(*entries)[(*count)++];
        param_to_pytorch(n, param, w->data + param->offset, values + param->offset);
        *entry = (st_entry){.name = param->name, .data = values + param->offset};
        entry->rank = param_pytorch_dims(param, entry->dims);
        if (!is_batch_norm(param)) continue;
        char *name = arena_printf(memory, "%s.num_batches_tracked", n->nodes[param->node].name);
        (*entries)[(*count)++] = (st_entry){.name = name, .ints = &none};
        fine = name != NULL;
    }
    return fine ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "no memory to write the model");
}

status model_file_write(const char *path, const net *n, const weights *w, const char *const *class_names,
                        const json *recipe, err *e) {
    arena memory = {0};
    json *metadata = NULL;
    st_entry *entries;
    int count;
    status s = make_entries(n, w, &memory, &entries, &count, e);
    if (s == STATUS_OK) s = make_metadata(n, class_names, recipe, &metadata, e);
    if (s == STATUS_OK) s = safetensors_write_file(path, entries, count, metadata, e);
    json_free(metadata);
    arena_free(&memory);
    return s;
}
