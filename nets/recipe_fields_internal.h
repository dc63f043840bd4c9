/* The numbers and switches of a struct of options as one table, from which its range checks and its JSON follow.
 * Private to nets. */
#ifndef NETS_RECIPE_FIELDS_INTERNAL_H
#define NETS_RECIPE_FIELDS_INTERNAL_H

#include "core/json.h"

typedef enum field_kind { FIELD_INT, FIELD_REAL, FIELD_BOOL } field_kind; /* int, double, bool */

typedef struct field {
    const char *name;  /* of the member and in JSON */
    const char *prose; /* in messages: "weight decay" */
    field_kind kind;
    size_t offset;
    double lo, hi;
    bool lo_open, hi_open; /* the bound itself is not allowed */
} field;

/* STATUS_USAGE, naming the field, unless its value in *options is inside the range. */
MUST_CHECK status field_check(const field *f, const void *options, err *e);

/* Adds the field's value to an object; false when memory is out. */
bool field_to_json(const field *f, const void *options, json *object);

#endif
