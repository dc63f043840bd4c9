/* Values of options: from text to the field. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/options.h"
#include "core/suggest.h"

bool number_parse(const char *text, double *out) {
    char *end;
    *out = 0;
    if (!*text || strspn(text, "0123456789.eE+-/") != strlen(text))
        return false; /* no hex, inf, nan, blanks */
    double value = strtod(text, &end);
    if (end == text) return false;
    if (*end == '/') {
        const char *below = end + 1;
        double divisor = strtod(below, &end);
        if (end == below || divisor == 0) return false;
        value /= divisor;
    }
    if (*end || !isfinite(value)) return false;
    *out = value;
    return true;
}

static status check_range(const option *o, double value, const char *text, err *e) {
    if (o->lo == o->hi || (value >= o->lo && value <= o->hi)) return STATUS_OK;
    if (value < o->lo) return err_set(e, STATUS_USAGE, "%s is below %.10g", text, o->lo);
    return err_set(e, STATUS_USAGE, "%s is above %.16g", text, o->hi);
}

static status parse_number(const option *o, const char *text, double *out, err *e) {
    if (!number_parse(text, out))
        return err_set(e, STATUS_USAGE, "\"%s\" is not a number (such as 0.05 or 8/255)", text);
    return check_range(o, *out, text, e);
}

static status parse_integer(const option *o, const char *text, int64_t *out, err *e) {
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (end == text || *end || errno) return err_set(e, STATUS_USAGE, "\"%s\" is not a whole number", text);
    return check_range(o, (double)*out, text, e);
}

static status parse_flag(const char *text, bool *out, err *e) {
    *out = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    bool no = strcmp(text, "no") == 0 || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
    return *out || no ? STATUS_OK : err_set(e, STATUS_USAGE, "\"%s\" is neither yes nor no", text);
}

static status parse_choice(const option *o, const char *text, int *out, err *e) {
    suggestion near = suggest_for(text);
    const char *name;
    for (int i = 0; (name = o->choice(i, NULL)); i++) {
        suggest_offer(&near, name);
        if (strcmp(name, text) == 0) {
            *out = i;
            return STATUS_OK;
        }
    }
    char names[256] = "";
    for (int i = 0; (name = o->choice(i, NULL)); i++) {
        if (strlen(names) + strlen(name) + 2 >= sizeof names) break;
        strcat(strcat(names, i ? " " : ""), name);
    }
    if (near.best) return err_set(e, STATUS_USAGE, "unknown value \"%s\"%s", text, suggest_text(&near));
    return err_set(e, STATUS_USAGE, "unknown value \"%s\", expected one of: %s", text, names);
}

/* Calls `item` for every part of a list separated by commas. */
static status parse_list(const char *text, err *e, status (*item)(void *user, const char *part, err *e),
                         void *user) {
    char part[256];
    for (;; text++) {
        size_t length = strcspn(text, ",");
        if (length == 0) return err_set(e, STATUS_USAGE, "an empty value in a list");
        if (length >= sizeof part)
            return err_set(e, STATUS_USAGE, "a value of %zu letters in a list", length);
        memcpy(part, text, length);
        part[length] = 0;
        status s = item(user, part, e);
        if (s != STATUS_OK) return s;
        text += length;
        if (!*text) return STATUS_OK;
    }
}

typedef struct list_user {
    const option *o;
    void *list;
} list_user;

static status add_number(void *user, const char *part, err *e) {
    list_user *u = user;
    number_list *list = u->list;
    if (list->n == LIST_MOST) return err_set(e, STATUS_USAGE, "more than %d values", LIST_MOST);
    return parse_number(u->o, part, &list->values[list->n++], e);
}

static status add_choice(void *user, const char *part, err *e) {
    list_user *u = user;
    choice_list *list = u->list;
    if (list->n == LIST_MOST) return err_set(e, STATUS_USAGE, "more than %d values", LIST_MOST);
    return parse_choice(u->o, part, &list->values[list->n++], e);
}

status option_assign(const option *o, void *values, const char *text, err *e) {
    void *field = (char *)values + o->offset;
    list_user user = {o, field};
    switch (o->kind) {
    case OPTION_FLAG:
        return parse_flag(text, field, e);
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_OUTPUT:
        if (!*text) return err_set(e, STATUS_USAGE, "the value is empty");
        *(const char **)field = text;
        return STATUS_OK;
    case OPTION_INTEGER:
        return parse_integer(o, text, field, e);
    case OPTION_NUMBER:
        return parse_number(o, text, field, e);
    case OPTION_NUMBERS:
        ((number_list *)field)->n = 0;
        return parse_list(text, e, add_number, &user);
    case OPTION_CHOICE:
        return parse_choice(o, text, field, e);
    case OPTION_CHOICES:
        ((choice_list *)field)->n = 0;
        return parse_list(text, e, add_choice, &user);
    }
    return err_set(e, STATUS_INTERNAL, "option of an unknown kind");
}
