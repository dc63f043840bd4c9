/* audit export MODEL -o FILE */
#include <stdlib.h>
#include <string.h>

#include "audit/command.h"
#include "nets/model_file.h"
#include "nets/onnx/import.h"

typedef struct export_settings {
    const char *output, *classes;
    int format;
} export_settings;

enum { FORMAT_AUTO, FORMAT_ONNX, FORMAT_SAFETENSORS };

static const char *const formats[] = {"auto", "onnx", "safetensors"};

static const char *format_at(int i, const char **what) {
    static const char *const whats[] = {"ONNX for a name that ends in .onnx, else safetensors",
                                        "ONNX, opset 13", "a model.bin"};
    if (i >= (int)(sizeof formats / sizeof *formats)) return NULL;
    if (what) *what = whats[i];
    return formats[i];
}

static const option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_OUTPUT,
     .offset = offsetof(export_settings, output),
     .metavar = "FILE",
     .what = "file to write"},
    {.name = "format",
     .kind = OPTION_CHOICE,
     .offset = offsetof(export_settings, format),
     .fallback = "auto",
     .choice = format_at,
     .what = "what to write"},
    {.name = "classes",
     .kind = OPTION_TEXT,
     .offset = offsetof(export_settings, classes),
     .metavar = "NAME,...",
     .what = "names of the classes, for a model.bin; an ONNX file has none (default: the "
             "model's)"},
    {0}};

/* Replaces the class names by those of a list. */
static status name_classes(model_file *m, const char *list, err *e) {
    int n = 1;
    for (const char *c = list; *c; c++)
        n += *c == ',';
    if (n != m->net->classes)
        return err_set(e, STATUS_USAGE, "--classes: %d names, the model has %d classes", n, m->net->classes);
    for (int k = 0; k < n; k++) {
        size_t length = strcspn(list, ",");
        char *name = length ? strndup(list, length) : NULL;
        if (!name)
            return length ? err_set(e, STATUS_NO_MEMORY, "out of memory")
                          : err_set(e, STATUS_USAGE, "--classes: name %d is empty", k);
        for (int i = 0; i < k; i++)
            if (!strcmp(m->class_names[i], name)) {
                free(name);
                return err_set(e, STATUS_USAGE, "--classes: \"%.64s\" twice", m->class_names[i]);
            }
        free(m->class_names[k]);
        m->class_names[k] = name;
        list += length + (list[length] == ',');
    }
    return STATUS_OK;
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

static status write_model(const export_settings *o, int format, const model_file *m, err *e) {
    if (format == FORMAT_ONNX) return onnx_export(o->output, m->net, &m->weights, e);
    return model_file_write(o->output, m->net, &m->weights, (const char *const *)m->class_names, m->recipe,
                            e);
}

static status record(context *c, const export_settings *o, int format, const loaded_model *loaded, err *e) {
    result *x = result_new("export", &c->run);
    result_model(x, loaded->model);
    result_setting_text(x, "format", formats[format]);
    say(c, "wrote %s: %s, images of %d x %d x %d, %d classes\n", o->output,
        format == FORMAT_ONNX ? "ONNX, opset 13" : "model.bin", loaded->model->input.h,
        loaded->model->input.w, loaded->model->input.c, loaded->model->classes);
    status s = context_finish(c, x, STATUS_OK, e);
    result_free(x);
    return s;
}

static status run_export(context *c, const void *settings, err *e) {
    const export_settings *o = settings;
    if (!o->output) return err_set(e, STATUS_USAGE, "expected -o FILE: where to write the model");
    bool onnx = o->format == FORMAT_ONNX || (o->format == FORMAT_AUTO && ends_with(o->output, ".onnx"));
    int format = onnx ? FORMAT_ONNX : FORMAT_SAFETENSORS;
    if (onnx && o->classes)
        return err_set(e, STATUS_USAGE, "--classes: an ONNX file has no names of classes");
    loaded_model loaded;
    status s = context_open_model(c, c->arguments[0], false, &loaded, e);
    if (s == STATUS_OK && o->classes) s = name_classes(loaded.file, o->classes, e);
    if (s == STATUS_OK) s = write_model(o, format, loaded.file, e);
    if (s == STATUS_OK) s = record(c, o, format, &loaded, e);
    loaded_model_free(&loaded);
    return s;
}

const command command_export = {
    .name = "export",
    .arguments = "MODEL",
    .fewest = 1,
    .most = 1,
    .what = "write a model as ONNX, or an ONNX file as a model.bin",
    .about = "Writes a model as an ONNX file that other programs run: pixels from 0 to 1 go in, "
             "logits come out, the "
             "preprocessing is part of the graph. Or writes an ONNX file, with the preprocessing "
             "that the options "
             "say, as a model.bin: a safetensors file that Python opens too. The graph "
             "is compared with the model before anything is written.",
    .reads_onnx = true,
    .options = options,
    .settings_size = sizeof(export_settings),
    .run = run_export};
