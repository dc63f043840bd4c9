/* The one file that includes jansson. json.h comes first: some of its functions bear names of jansson's
 * macros, and their definitions below put the name in parentheses so that it is not expanded. */
#include "core/json.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/outfile.h"

enum { FILE_CAP = 256 << 20, DIGITS = 10, MAX_INDENT = 31 };

status json_parse(const char *text, size_t size, json **out, err *e) {
    json_error_t found;
    *out = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &found);
    if (*out) return STATUS_OK;
    if (json_error_code(&found) == json_error_out_of_memory)
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    return err_set(e, STATUS_BAD_FILE, "line %d, column %d: %s", found.line, found.column, found.text);
}

status json_parse_file(const char *path, json **out, err *e) {
    *out = NULL;
    bytes file;
    status s = file_read(path, FILE_CAP, &file, e);
    if (s != STATUS_OK) return s;
    s = json_parse((const char *)file.data, file.size, out, e);
    bytes_free(&file);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}

json *json_share(const json *j) {
    return json_incref((json *)j);
}

void json_free(json *j) {
    json_decref(j);
}

json *json_new_object(void) {
    return json_object();
}

json *json_new_array(void) {
    return json_array();
}

json *json_new_string(const char *text) {
    return json_string(text);
}

json *json_new_int(int64_t value) {
    return json_integer(value);
}

json *json_new_real(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

json *json_new_bool(bool value) {
    return json_boolean(value);
}

json *json_new_null(void) {
    return json_null();
}

bool json_set(json *object, const char *key, json *value) {
    return json_object_set_new(object, key, value) == 0;
}

bool json_append(json *array, json *value) {
    return json_array_append_new(array, value) == 0;
}

bool json_set_string(json *object, const char *key, const char *text) {
    return json_set(object, key, json_new_string(text));
}

bool json_set_int(json *object, const char *key, int64_t value) {
    return json_set(object, key, json_new_int(value));
}

bool json_set_real(json *object, const char *key, double value) {
    return json_set(object, key, json_new_real(value));
}

bool json_set_bool(json *object, const char *key, bool value) {
    return json_set(object, key, json_new_bool(value));
}

json *json_get(const json *object, const char *key) {
    return json_object_get(object, key);
}

json *json_at(const json *array, size_t index) {
    return json_array_get(array, index);
}

size_t json_count(const json *container) {
    return json_is_array(container) ? json_array_size(container) : json_object_size(container);
}

bool(json_is_object)(const json *j) {
    return json_is_object(j);
}

bool(json_is_array)(const json *j) {
    return json_is_array(j);
}

bool(json_is_string)(const json *j) {
    return json_is_string(j);
}

bool json_is_int(const json *j) {
    return json_is_integer(j);
}

bool(json_is_number)(const json *j) {
    return json_is_number(j);
}

bool json_is_bool(const json *j) {
    return json_is_boolean(j);
}

bool(json_is_null)(const json *j) {
    return json_is_null(j);
}

const char *json_as_string(const json *j) {
    return json_string_value(j);
}

int64_t json_as_int(const json *j, int64_t fallback) {
    return json_is_integer(j) ? json_integer_value(j) : fallback;
}

double json_as_real(const json *j, double fallback) {
    return json_is_number(j) ? json_number_value(j) : fallback;
}

bool json_as_bool(const json *j, bool fallback) {
    return json_is_boolean(j) ? json_is_true(j) : fallback;
}

/* jansson's iterators change nothing, but are declared as if they did. */
static json *without_const(const json *object) {
    return (json *)object;
}

void *json_first(const json *object) {
    return json_object_iter(without_const(object));
}

void *json_next(const json *object, void *iterator) {
    return json_object_iter_next(without_const(object), iterator);
}

const char *json_iterator_key(void *iterator) {
    return json_object_iter_key(iterator);
}

json *json_iterator_value(void *iterator) {
    return json_object_iter_value(iterator);
}

static const char *type_name(const json *j) {
    if (!j) return "nothing";
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a real number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        return "null";
    }
    return "an unknown type";
}

static status wrong_type(const json *object, const char *key, const char *expected, err *e) {
    return err_set(e, STATUS_BAD_FILE, "\"%s\": expected %s, found %s", key, expected,
                   type_name(json_get(object, key)));
}

status json_need_string(const json *object, const char *key, const char **out, err *e) {
    *out = json_as_string(json_get(object, key));
    return *out ? STATUS_OK : wrong_type(object, key, "a string", e);
}

status json_need_int(const json *object, const char *key, int64_t lo, int64_t hi, int64_t *out, err *e) {
    *out = 0;
    const json *member = json_get(object, key);
    if (!json_is_int(member)) return wrong_type(object, key, "an integer", e);
    int64_t value = json_as_int(member, 0);
    if (value < lo || value > hi)
        return err_set(e, STATUS_BAD_FILE, "\"%s\": expected %lld..%lld, found %lld", key, (long long)lo,
                       (long long)hi, (long long)value);
    *out = value;
    return STATUS_OK;
}

status json_need_real(const json *object, const char *key, double *out, err *e) {
    const json *member = json_get(object, key);
    *out = json_as_real(member, 0);
    return json_is_number(member) ? STATUS_OK : wrong_type(object, key, "a number", e);
}

status json_need_array(const json *object, const char *key, json **out, err *e) {
    json *member = json_get(object, key);
    *out = json_is_array(member) ? member : NULL;
    return *out ? STATUS_OK : wrong_type(object, key, "an array", e);
}

status json_need_object(const json *object, const char *key, json **out, err *e) {
    json *member = json_get(object, key);
    *out = json_is_object(member) ? member : NULL;
    return *out ? STATUS_OK : wrong_type(object, key, "an object", e);
}

char *json_text(const json *j, int indent) {
    size_t layout =
        indent <= 0 ? JSON_COMPACT : JSON_INDENT(indent < MAX_INDENT ? (size_t)indent : MAX_INDENT);
    return json_dumps(j, layout | JSON_ENCODE_ANY | JSON_REAL_PRECISION(DIGITS));
}

status json_write_file(const json *j, const char *path, int indent, err *e) {
    char *text = json_text(j, indent);
    if (!text) return err_set(e, STATUS_NO_MEMORY, "%s: out of memory", path);
    outfile o;
    status s = outfile_open(&o, path, e);
    if (s == STATUS_OK) {
        fprintf(o.file, "%s\n", text);
        s = outfile_commit(&o, e);
    }
    free(text);
    return s;
}
