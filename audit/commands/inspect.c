/* audit inspect FILE */
#include "audit/inspect.h"
#include "nets/model_file.h"

static const struct {
    file_kind kind;
    status (*show)(context *c, const char *path, result *x, err *e);
} shows[] = {{FILE_MODEL, inspect_model}, {FILE_ONNX, inspect_onnx}, {FILE_RESULT, inspect_result},
             {FILE_NPY, inspect_npy},     {FILE_NPZ, inspect_npz},   {FILE_IDX, inspect_idx}};

typedef struct inspect_settings {
    const char *recipe;
} inspect_settings;

static const option options[] = {{.name = "recipe",
                                  .kind = OPTION_OUTPUT,
                                  .offset = offsetof(inspect_settings, recipe),
                                  .metavar = "FILE",
                                  .what = "write the recipe of a model as JSON, which `audit train --recipe "
                                          "FILE` takes, and nothing else; - is "
                                          "standard output"},
                                 {0}};

static status write_recipe(const char *from, const char *to, err *e) {
    model_file file;
    status s = model_file_read(from, &file, e);
    if (s != STATUS_OK) return s;
    s = json_write_file(file.recipe, to, 2, e);
    model_file_free(&file);
    return s;
}

static status run_inspect(context *c, const void *settings, err *e) {
    const inspect_settings *o = settings;
    const char *path = c->arguments[0];
    if (o->recipe) return write_recipe(path, o->recipe, e);
    file_kind kind;
    status s = file_kind_of(path, &kind, e);
    if (s != STATUS_OK) return s;
    result *x = result_new("inspect", &c->run);
    for (size_t i = 0; i < sizeof shows / sizeof *shows; i++)
        if (shows[i].kind == kind) s = shows[i].show(c, path, x, e);
    if (s == STATUS_OK) s = context_finish(c, x, s, e);
    result_free(x);
    return s;
}

const command command_inspect = {.name = "inspect",
                                 .arguments = "FILE",
                                 .fewest = 1,
                                 .most = 1,
                                 .what = "show what is in a model, ONNX, result, array or IDX file",
                                 .about = "Shows what is in a file: the layers, shapes, parameters and "
                                          "recipe of a model; the nodes of an ONNX file and those of them "
                                          "that are not supported; the rows and warnings of a result; "
                                          "names, types and shapes of the arrays of .npy, .npz and IDX files "
                                          "(gzip too). The kind is found from the content. "
                                          "The file is checked as strictly as when it is used.",
                                 .reads_onnx = true,
                                 .options = options,
                                 .settings_size = sizeof(inspect_settings),
                                 .run = run_inspect};
