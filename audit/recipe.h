/* Recipes: how a net was trained, as options by name. A model file keeps one; --recipe takes one. */
#ifndef AUDIT_RECIPE_H
#define AUDIT_RECIPE_H

#include "core/json.h"

/* Reads the options of a recipe from a JSON file or, as known by the content, from a model file. What a model's recipe tells besides -
 * the data, and whether training came to its end - is left out. *out is an object. */
MUST_CHECK status recipe_read(const char *path, json **out, err *e);

#endif
