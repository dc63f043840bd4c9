/* Values of options as JSON: the way back of option_config.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/options.h"

/* JSON is written with 10 digits: a number that needs more, such as 1/30, becomes a text with all of them. */
static json *number_json(double value) {
    char text[40];
    snprintf(text, sizeof text, "%.10g", value);
    if (strtod(text, NULL) == value) return json_new_real(value);
    snprintf(text, sizeof text, "%.17g", value);
    return json_new_string(text);
}

static json *numbers_json(const number_list *list) {
    json *j = json_new_array();
    bool ok = j != NULL;
    for (int i = 0; ok && i < list->n; i++)
        ok = json_append(j, number_json(list->values[i]));
    if (ok) return j;
    json_free(j);
    return NULL;
}

static json *choices_json(const option *o, const choice_list *list) {
    json *j = json_new_array();
    bool ok = j != NULL;
    for (int i = 0; ok && i < list->n; i++)
        ok = json_append(j, json_new_string(o->choice(list->values[i], NULL)));
    if (ok) return j;
    json_free(j);
    return NULL;
}

/* Whether the option was given no value and has no default. */
static bool is_unset(const option *o, const void *field) {
    bool defaulted = o->fallback && strcmp(o->fallback, "-1") != 0;
    switch (o->kind) {
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_OUTPUT:
        return *(const char *const *)field == NULL;
    case OPTION_INTEGER: {
        int64_t value = *(const int64_t *)field;
        return !defaulted && value == (o->fallback ? -1 : 0);
    }
    case OPTION_NUMBER: {
        double value = *(const double *)field;
        return !defaulted && value == (o->fallback ? -1 : 0);
    }
    case OPTION_NUMBERS:
        return ((const number_list *)field)->n == 0;
    case OPTION_CHOICES:
        return ((const choice_list *)field)->n == 0;
    case OPTION_FLAG:
    case OPTION_CHOICE:
        break;
    }
    return false;
}

static json *value_json(const option *o, const void *field) {
    switch (o->kind) {
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_OUTPUT:
        return json_new_string(*(const char *const *)field);
    case OPTION_INTEGER:
        return json_new_int(*(const int64_t *)field);
    case OPTION_NUMBER:
        return number_json(*(const double *)field);
    case OPTION_NUMBERS:
        return numbers_json(field);
    case OPTION_CHOICES:
        return choices_json(o, field);
    case OPTION_FLAG:
        return json_new_bool(*(const bool *)field);
    case OPTION_CHOICE:
        return json_new_string(o->choice(*(const int *)field, NULL));
    }
    return NULL;
}

bool options_to_json(const option_set *sets, int n_sets, json *object) {
    for (int i = 0; i < n_sets; i++)
        for (const option *o = sets[i].options; o && o->name; o++) {
            const void *field = (const char *)sets[i].values + o->offset;
            if (!is_unset(o, field) && !json_set(object, o->name, value_json(o, field))) return false;
        }
    return true;
}
