/* JSON, strict: RFC 8259, duplicate keys refused, depth and size capped. Numbers are written with 10 significant digits and
 * object members in the order they were added, so that equal content gives equal bytes. A thin layer over jansson. */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct json_t json; /* reference counted; a container owns its members */

/* Parses `size` bytes; anything behind the value is an error. The message names line and column. */
MUST_CHECK status json_parse(const char *text, size_t size, json **out, err *e);
MUST_CHECK status json_parse_file(const char *path, json **out, err *e); /* at most 256 MB */
void json_free(json *j);                                                 /* drops one reference; NULL is fine */

/* One more reference to the same value, for a second owner. NULL gives NULL. */
json *json_share(const json *j);

/* Building. A set or append takes over the value and returns false, having dropped it, when memory is out or a text is not
 * UTF-8. Doubles that are not finite become null. */
json *json_new_object(void);
json *json_new_array(void);
json *json_new_string(const char *text);
json *json_new_int(int64_t value);
json *json_new_real(double value);
json *json_new_bool(bool value);
json *json_new_null(void);
bool json_set(json *object, const char *key, json *value);
bool json_append(json *array, json *value);
bool json_set_string(json *object, const char *key, const char *text);
bool json_set_int(json *object, const char *key, int64_t value);
bool json_set_real(json *object, const char *key, double value);
bool json_set_bool(json *object, const char *key, bool value);

/* Reading. A missing key or a wrong type gives NULL, false or the given default; the json_need_* below give an error. */
json *json_get(const json *object, const char *key);
json *json_at(const json *array, size_t index);
size_t json_count(const json *container); /* members of an array or object, else 0 */
bool json_is_object(const json *j);
bool json_is_array(const json *j);
bool json_is_string(const json *j);
bool json_is_int(const json *j);
bool json_is_number(const json *j);
bool json_is_bool(const json *j);
bool json_is_null(const json *j);
const char *json_as_string(const json *j); /* NULL unless a string */
int64_t json_as_int(const json *j, int64_t fallback);
double json_as_real(const json *j, double fallback); /* integers too */
bool json_as_bool(const json *j, bool fallback);

/* Object member i in file order: its key, and the value in *value; NULL past the end. O(i) is fine for small objects; the
 * iterator is for loops: for (void *i = json_first(o); i; i = json_next(o, i)). */
void *json_first(const json *object);
void *json_next(const json *object, void *iterator);
const char *json_iterator_key(void *iterator);
json *json_iterator_value(void *iterator);

/* Members that must be there; the message names the key, the expected and the found type. */
MUST_CHECK status json_need_string(const json *object, const char *key, const char **out, err *e);
MUST_CHECK status json_need_int(const json *object, const char *key, int64_t lo, int64_t hi, int64_t *out, err *e);
MUST_CHECK status json_need_real(const json *object, const char *key, double *out, err *e);
MUST_CHECK status json_need_array(const json *object, const char *key, json **out, err *e);
MUST_CHECK status json_need_object(const json *object, const char *key, json **out, err *e);

/* Text, malloc'ed, to be freed with free(); indent 0 = one line. NULL when memory is out. */
char *json_text(const json *j, int indent);
MUST_CHECK status json_write_file(const json *j, const char *path, int indent, err *e); /* atomic */

#endif
