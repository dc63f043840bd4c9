#include "nets/recipe_fields_internal.h"

static double value_of(const field *f, const void *options) {
    const char *at = (const char *)options + f->offset;
    if (f->kind == FIELD_INT) return *(const int *)(const void *)at;
    if (f->kind == FIELD_BOOL) return *(const bool *)(const void *)at;
    return *(const double *)(const void *)at;
}

/* False for NaN too. */
static bool inside(const field *f, double x) {
    return (f->lo_open ? x > f->lo : x >= f->lo) && (f->hi_open ? x < f->hi : x <= f->hi);
}

status field_check(const field *f, const void *options, err *e) {
    double x = value_of(f, options);
    if (f->kind == FIELD_BOOL || inside(f, x)) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "%s %.10g: expected %s%.10g %s %.10g", f->prose, x,
                   f->lo_open ? "above " : "from ", f->lo, f->hi_open ? "to below" : "to", f->hi);
}

bool field_to_json(const field *f, const void *options, json *object) {
    double x = value_of(f, options);
    if (f->kind == FIELD_INT) return json_set_int(object, f->name, (int64_t)x);
    if (f->kind == FIELD_BOOL) return json_set_bool(object, f->name, x != 0);
    return json_set_real(object, f->name, x);
}
