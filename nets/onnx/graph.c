#include "nets/onnx/graph.h"

#include <string.h>

#include "core/outfile.h"
#include "nets/onnx/wire_internal.h"

static const size_t file_cap = INT32_MAX; /* protobuf's own limit */

static status read_graph(bytes file, external_data *x, arena *scratch, onnx_graph *g, err *e) {
    wire_graph w;
    status s = wire_read(file.data, file.size, x, scratch, g, &w, e);
    if (s == STATUS_OK) s = onnx_link(&w, g, e);
    return s == STATUS_OK ? onnx_order(g, e) : s;
}

status onnx_parse(bytes file, const char *folder, onnx_graph *out, err *e) {
    *out = (onnx_graph){0};
    sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, file.data, file.size);
    external_data x = {.folder = folder, .hash = &hash};
    arena scratch = {0};
    status s = read_graph(file, &x, &scratch, out, e);
    arena_free(&scratch);
    arena_free(&x.memory);
    bytes_free(&file);
    sha256_hex(&hash, out->sha256);
    if (s != STATUS_OK) onnx_graph_free(out);
    return s;
}

/* The folder of a path, to open files beside it. NULL: out of memory. */
static char *folder_of(arena *memory, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return arena_strdup(memory, ".");
    return arena_strndup(memory, path, slash == path ? 1 : (size_t)(slash - path));
}

status onnx_read(const char *path, onnx_graph *out, err *e) {
    *out = (onnx_graph){0};
    bytes file;
    status s = file_read(path, file_cap, &file, e);
    if (s != STATUS_OK) return s;
    arena scratch = {0};
    const char *folder = folder_of(&scratch, path);
    s = onnx_parse(file, folder, out, e);
    arena_free(&scratch);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}

void onnx_graph_free(onnx_graph *g) {
    arena_free(&g->memory);
    *g = (onnx_graph){0};
}

status onnx_write(const char *path, const onnx_graph *g, err *e) {
    outfile out;
    status s = outfile_open(&out, path, e);
    if (s != STATUS_OK) return s;
    s = wire_write(out.file, g, e);
    if (s == STATUS_OK) return outfile_commit(&out, e);
    outfile_discard(&out);
    return s;
}

/* A ModelProto begins with its first field, the IR version as one byte, and goes on with another of its fields. A safetensors file may begin
 * so too: it has its '{' behind a length of eight bytes. */
bool onnx_looks_like(const unsigned char *first, size_t n) {
    if (n < 3 || first[0] != 0x08 || first[1] == 0 || first[1] > 0x40) return false;
    if (n > 8 && first[8] == '{' && memcmp(first + 5, "\0\0\0", 3) == 0) return false;
    static const unsigned char fields[] = {0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72};
    return memchr(fields, first[2], sizeof fields) != NULL;
}

const onnx_attribute *onnx_attribute_find(const onnx_node *n, const char *name) {
    for (int i = 0; i < n->n_attributes; i++)
        if (strcmp(n->attributes[i].name, name) == 0) return &n->attributes[i];
    return NULL;
}

int64_t onnx_int(const onnx_node *n, const char *name, int64_t fallback) {
    const onnx_attribute *a = onnx_attribute_find(n, name);
    return a && a->kind == ONNX_ATTRIBUTE_INT ? a->i : fallback;
}

float onnx_float(const onnx_node *n, const char *name, float fallback) {
    const onnx_attribute *a = onnx_attribute_find(n, name);
    return a && a->kind == ONNX_ATTRIBUTE_FLOAT ? a->f : fallback;
}

const char *onnx_string(const onnx_node *n, const char *name, const char *fallback) {
    const onnx_attribute *a = onnx_attribute_find(n, name);
    return a && a->kind == ONNX_ATTRIBUTE_STRING ? a->s : fallback;
}
