/* What an ONNX file does not say about its input, from the command line. */
#ifndef AUDIT_INPUT_OPTIONS_H
#define AUDIT_INPUT_OPTIONS_H

#include "audit/options.h"
#include "nets/onnx/import.h"

typedef struct input_settings {
    number_list mean, std;
    double range;
    int layout, channels;
} input_settings;

option_set input_option_set(input_settings *m);

/* Whether any of them was given. */
bool input_settings_given(const input_settings *m);

/* As the importer takes them; `height` and `width` are 0 or the sizes that a file leaves open. */
MUST_CHECK status input_settings_read(const input_settings *m, int height, int width, preprocessing *out,
                                      err *e);

/* The options that were given, as a setting of results; NULL: none. */
json *input_settings_json(const input_settings *m);

#endif
