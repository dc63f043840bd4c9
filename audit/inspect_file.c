/* Which kind of file it is; results, arrays and IDX files. */
#include <inttypes.h>
#include <string.h>

#include "audit/inspect.h"
#include "audit/show.h"
#include "core/bytes.h"
#include "core/npy.h"
#include "nets/onnx/graph.h"

enum { HEAD = 16, IDX_MOST_DIMS = 8 };
static const size_t file_cap = (size_t)2 << 30;

status file_kind_of(const char *path, file_kind *out, err *e) {
    uint8_t head[HEAD] = {0};
    size_t n;
    status s = file_start(path, head, HEAD, &n, e);
    if (s != STATUS_OK) return s;
    if (n >= 9 && head[8] == '{' && head[7] == 0)
        *out = FILE_MODEL;
    else if (onnx_looks_like(head, n))
        *out = FILE_ONNX;
    else if (n >= 6 && memcmp(head, "\x93NUMPY", 6) == 0)
        *out = FILE_NPY;
    else if (n >= 4 && memcmp(head, "PK\x03\x04", 4) == 0)
        *out = FILE_NPZ;
    else if (n >= 1 && (head[0] == '{' || head[0] == '[' || head[0] == ' ' || head[0] == '\n'))
        *out = FILE_RESULT;
    else if (n >= 2 && ((head[0] == 0x1f && head[1] == 0x8b) || (head[0] == 0 && head[1] == 0)))
        *out = FILE_IDX;
    else
        return err_set(e, STATUS_UNSUPPORTED,
                       "%s: neither a model, an ONNX file, a result, an .npy, .npz nor an IDX file", path);
    return STATUS_OK;
}

static void cell_text(text_table *t, const json *row, const char *key) {
    const char *text = json_as_string(json_get(row, key));
    text_table_cell(t, "%s", text ? text : "");
}

static void cell_number(text_table *t, const json *row, const char *key) {
    const json *value = json_get(row, key);
    if (json_is_number(value))
        text_table_cell(t, "%.4g", json_as_real(value, 0));
    else
        text_table_cell(t, "%s", value ? "-" : "");
}

static void print_rows(const context *c, const json *body) {
    const json *rows = json_get(body, "rows");
    text_table t = text_table_new("metric|attack|norm|>eps|group|>n|>value|>lo|>hi|method");
    for (size_t i = 0; i < json_count(rows); i++) {
        const json *row = json_at(rows, i);
        cell_text(&t, row, "metric");
        cell_text(&t, row, "attack");
        cell_text(&t, row, "norm");
        cell_number(&t, row, "eps");
        cell_text(&t, row, "group");
        text_table_cell(&t, "%" PRId64, json_as_int(json_get(row, "n"), 0));
        cell_number(&t, row, "value");
        cell_number(&t, row, "lo");
        cell_number(&t, row, "hi");
        cell_text(&t, row, json_is_number(json_get(row, "value")) ? "method" : "reason");
    }
    if (json_count(rows)) text_table_print(&t, context_out(c));
    text_table_free(&t);
}

status inspect_result(context *c, const char *path, result *x, err *e) {
    json *document;
    status s = result_read(path, &document, e);
    if (s != STATUS_OK) return s;
    const json *body = json_get(document, "body"), *data = json_get(body, "data"),
               *m = json_get(body, "model");
    const json *warnings = json_get(body, "warnings");
    const char *name = json_as_string(json_get(data, "name")), *arch = json_as_string(json_get(m, "arch"));
    say(c, "%s: result of `audit %s`, seed %" PRId64, path, json_as_string(json_get(body, "command")),
        json_as_int(json_get(body, "seed"), 0));
    if (name) say(c, ", %s, %" PRId64 " images", name, json_as_int(json_get(data, "n"), 0));
    if (arch) say(c, ", %s", arch);
    say(c, "\n\n");
    print_rows(c, body);
    for (size_t i = 0; i < json_count(warnings); i++)
        say(c, "warning: %s: %s\n", json_as_string(json_get(json_at(warnings, i), "code")),
            json_as_string(json_get(json_at(warnings, i), "message")));
    result_extra(x, "document", document);
    return STATUS_OK;
}

static const char *const type_names[] = {"float32", "float64", "uint8", "int32",
                                         "int64",   "bool",    "bytes", "unicode"};

static void array_row(text_table *t, const char *name, const npy *a) {
    char shape_text[160] = "";
    for (int i = 0; i < a->rank; i++) {
        size_t used = strlen(shape_text);
        snprintf(shape_text + used, sizeof shape_text - used, "%s%" PRId64, i ? " x " : "", a->dims[i]);
    }
    text_table_cell(t, "%s", name);
    text_table_cell(t, "%s", type_names[a->type]);
    text_table_cell(t, "%s", a->rank ? shape_text : "scalar");
}

status inspect_npy(context *c, const char *path, result *x, err *e) {
    (void)x;
    npy a;
    status s = npy_read_file(path, &a, e);
    if (s != STATUS_OK) return s;
    text_table t = text_table_new("array|type|shape");
    array_row(&t, path, &a);
    text_table_print(&t, context_out(c));
    text_table_free(&t);
    npy_free(&a);
    return STATUS_OK;
}

status inspect_npz(context *c, const char *path, result *x, err *e) {
    (void)x;
    npz z;
    status s = npz_read_file(path, &z, e);
    if (s != STATUS_OK) return s;
    text_table t = text_table_new("array|type|shape");
    for (int i = 0; i < z.n; i++)
        array_row(&t, z.names[i], &z.arrays[i]);
    text_table_print(&t, context_out(c));
    text_table_free(&t);
    npz_free(&z);
    return STATUS_OK;
}

/* Two zero bytes, a type, the number of dimensions, and each as a big-endian number (LeCun's MNIST page). */
status inspect_idx(context *c, const char *path, result *x, err *e) {
    (void)x;
    bytes file;
    status s = file_read_gz(path, file_cap, &file, e);
    if (s != STATUS_OK) return s;
    reader r = reader_of(file.data, file.size);
    bool magic = reader_u16le(&r) == 0;
    int type = reader_u8(&r), rank = reader_u8(&r);
    char text[128] = "";
    uint64_t count = 1;
    for (int i = 0; magic && i < rank && i < IDX_MOST_DIMS; i++) {
        uint32_t side = reader_u32be(&r);
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%" PRIu32, i ? " x " : "", side);
        count = side && count > UINT64_MAX / side ? UINT64_MAX : count * side;
    }
    if (!magic || r.failed || type != 8 || rank < 1 || rank > IDX_MOST_DIMS)
        s = err_set(e, STATUS_BAD_FILE, "%s: not an IDX file of bytes: its first bytes are %02x %02x", path,
                    file.size > 2 ? file.data[2] : 0, file.size > 3 ? file.data[3] : 0);
    else if (count != reader_left(&r))
        s = err_set(e, STATUS_BAD_FILE, "%s: %s values, but %zu bytes of data", path, text, reader_left(&r));
    else
        say(c, "%s: IDX, uint8, %s\n", path, text);
    bytes_free(&file);
    return s;
}
