#include "audit/input_options.h"

static const char *const layouts[] = {"auto", "nchw", "nhwc"};
static const char *const orders[] = {"rgb", "bgr"};

static const char *layout_at(int i, const char **what) {
    static const char *const whats[] = {"where 1, 3 or 4 channels can be", "channels, rows, columns",
                                        "rows, columns, channels"};
    if (i >= (int)(sizeof layouts / sizeof *layouts)) return NULL;
    if (what) *what = whats[i];
    return layouts[i];
}

static const char *order_at(int i, const char **what) {
    static const char *const whats[] = {"red first", "blue first"};
    if (i >= (int)(sizeof orders / sizeof *orders)) return NULL;
    if (what) *what = whats[i];
    return orders[i];
}

#define FIELD(name) offsetof(input_settings, name)

static const option options[] = {
    {.name = "mean",
     .kind = OPTION_NUMBERS,
     .offset = FIELD(mean),
     .metavar = "M,...",
     .what = "what an ONNX model wants subtracted: one number, or one per channel in the model's order"},
    {.name = "std",
     .kind = OPTION_NUMBERS,
     .offset = FIELD(std),
     .metavar = "S,...",
     .what = "what it wants the difference divided by"},
    {.name = "range",
     .kind = OPTION_NUMBER,
     .offset = FIELD(range),
     .metavar = "R",
     .fallback = "1",
     .lo = 1e-6,
     .hi = 1e6,
     .what = "what white is before that: 1, or 255 for models of bytes"},
    {.name = "layout",
     .kind = OPTION_CHOICE,
     .offset = FIELD(layout),
     .fallback = "auto",
     .choice = layout_at,
     .what = "order of an ONNX model's input"},
    {.name = "channels",
     .kind = OPTION_CHOICE,
     .offset = FIELD(channels),
     .fallback = "rgb",
     .choice = order_at,
     .what = "order of its colours"},
    {0}};

option_set input_option_set(input_settings *m) {
    return (option_set){"Input of ONNX models (a model.bin has all this)", options, m};
}

bool input_settings_given(const input_settings *m) {
    return m->mean.n || m->std.n || (m->range != 0 && m->range != 1) || m->layout || m->channels;
}

static status copy_numbers(const char *name, const number_list *from, int *n, float to[4], err *e) {
    if (from->n > 4)
        return err_set(e, STATUS_USAGE, "--%s: %d numbers, at most 4 are supported", name, from->n);
    *n = from->n;
    for (int k = 0; k < from->n; k++)
        to[k] = (float)from->values[k];
    return STATUS_OK;
}

status input_settings_read(const input_settings *m, int height, int width, preprocessing *out, err *e) {
    *out = preprocessing_default();
    if (m->range != 0) out->range = m->range;
    out->bgr = m->channels == 1;
    out->layout = m->layout;
    out->height = height;
    out->width = width;
    status s = copy_numbers("mean", &m->mean, &out->n_mean, out->mean, e);
    return s == STATUS_OK ? copy_numbers("std", &m->std, &out->n_std, out->std, e) : s;
}

static bool set_numbers(json *j, const char *key, const number_list *list) {
    json *array = json_new_array();
    for (int k = 0; k < list->n; k++)
        if (!json_append(array, json_new_real(list->values[k]))) {
            json_free(array);
            return false;
        }
    return json_set(j, key, array);
}

json *input_settings_json(const input_settings *m) {
    if (!input_settings_given(m)) return NULL;
    json *j = json_new_object();
    bool fine = json_set(j, "range", json_new_real(m->range)) &&
                json_set_string(j, "layout", layouts[m->layout]) &&
                json_set_string(j, "channels", orders[m->channels]) && set_numbers(j, "mean", &m->mean) &&
                set_numbers(j, "std", &m->std);
    if (fine) return j;
    json_free(j);
    return NULL;
}
