/* A small checker for JSON Schema: type, const, enum, required, properties, additionalProperties, items,
 * minItems, maxItems, minimum, maximum, anyOf and local $ref. A keyword that it does not know is an error, so
 * that no rule is passed over in silence. */
#ifndef TESTS_SUPPORT_JSON_SCHEMA_H
#define TESTS_SUPPORT_JSON_SCHEMA_H

#include <stdbool.h>

#include "core/json.h"

/* False, with path and reason in `e`, when the value breaks the schema. */
bool json_schema_check(const json *schema, const json *value, err *e);

/* Fails the test unless the file is a result by docs/result-schema.json and by result_read. Returns it; free
 * with json_free. */
json *assert_result_file(const char *path);

#endif
