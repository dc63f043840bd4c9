/* What commands share: opening models. */
#include <stdlib.h>
#include <string.h>

#include "audit/command.h"
#include "core/bytes.h"
#include "nets/model_file.h"

enum { HEAD = 64, HEAD_BRACE = 8 /* where the JSON of safetensors begins */ };

void loaded_model_free(loaded_model *m) {
    model_free(m->model);
    if (m->file) model_file_free(m->file);
    free(m->file);
    *m = (loaded_model){0};
}

static status import_model(const context *c, const char *path, model_file *out, err *e) {
    preprocessing p;
    onnx_graph g;
    int height, width;
    status s = context_size(c, &height, &width, e);
    if (s == STATUS_OK) s = input_settings_read(&c->input, height, width, &p, e);
    if (s == STATUS_OK) s = onnx_read(path, &g, e);
    if (s != STATUS_OK) return s;
    s = onnx_import(&g, &p, out, e);
    onnx_graph_free(&g);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}

status context_read_model(const context *c, const char *path, model_file *out, err *e) {
    unsigned char head[HEAD] = {0};
    size_t n;
    *out = (model_file){0};
    status s = file_start(path, head, HEAD, &n, e);
    if (s != STATUS_OK) return s;
    if (onnx_looks_like(head, n)) return import_model(c, path, out, e);
    if (input_settings_given(&c->input))
        return err_set(
            e, STATUS_USAGE,
            "%s: --mean, --std, --range, --layout and --channels are for ONNX files; a model.bin keeps "
            "its own preprocessing",
            path);
    if (n < HEAD_BRACE + 1 || head[HEAD_BRACE] != '{')
        return err_set(e, STATUS_BAD_FILE, "%s: neither a model.bin nor an ONNX file", path);
    return model_file_read(path, out, e);
}

status context_open_model(const context *c, const char *path, bool gradient, loaded_model *out, err *e) {
    *out = (loaded_model){.file = calloc(1, sizeof *out->file)};
    if (!out->file) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = context_read_model(c, path, out->file, e);
    if (s == STATUS_OK)
        s = model_of_net(out->file->net, &out->file->weights, gradient, &c->run, &out->model, e);
    if (s != STATUS_OK) {
        loaded_model_free(out);
        return s;
    }
    out->model->class_names = (const char *const *)out->file->class_names;
    memcpy(out->model->sha256, out->file->sha256, sizeof out->model->sha256);
    s = model_options_apply(&c->model, &out->model, e);
    if (s == STATUS_OK) s = defence_options_apply(&c->defence, c->run.seed, &out->model, e);
    if (s != STATUS_OK) loaded_model_free(out);
    return s;
}
