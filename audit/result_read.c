/* Results from files: checked before anybody relies on them. */
#include <stdlib.h>
#include <string.h>

#include "audit/base64.h"
#include "audit/result.h"

static const char schema_name[] = "audit-result/1";

/* A member that is a number or null. */
static status check_number(const json *row, const char *key, bool *present, err *e) {
    const json *value = json_get(row, key);
    *present = json_is_number(value);
    if (!value || *present || json_is_null(value)) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "\"%s\" is neither a number nor null", key);
}

static status check_values(const json *row, err *e) {
    bool has_value, has_lo, has_hi;
    status s = check_number(row, "value", &has_value, e);
    if (s == STATUS_OK) s = check_number(row, "lo", &has_lo, e);
    if (s == STATUS_OK) s = check_number(row, "hi", &has_hi, e);
    if (s != STATUS_OK) return s;
    const char *reason, *method = json_as_string(json_get(row, "method"));
    if (!has_value) return json_need_string(row, "reason", &reason, e);
    double value = json_as_real(json_get(row, "value"), 0);
    double lo = json_as_real(json_get(row, "lo"), value), hi = json_as_real(json_get(row, "hi"), value);
    if (lo > hi) return err_set(e, STATUS_BAD_FILE, "interval [%g, %g] is upside down", lo, hi);
    bool share = method && (strcmp(method, "wilson") == 0 || strcmp(method, "clopper-pearson") == 0);
    if (share && (value < 0 || value > 1 || lo < -1e-9 || hi > 1 + 1e-9))
        return err_set(e, STATUS_BAD_FILE, "share %g [%g, %g] is not within 0 and 1", value, lo, hi);
    return STATUS_OK;
}

static status check_row(const json *row, err *e) {
    const char *text;
    int64_t n;
    if (!json_is_object(row)) return err_set(e, STATUS_BAD_FILE, "expected an object");
    status s = json_need_string(row, "metric", &text, e);
    if (s == STATUS_OK) s = json_need_string(row, "attack", &text, e);
    if (s == STATUS_OK) s = json_need_string(row, "group", &text, e);
    if (s == STATUS_OK) s = json_need_int(row, "n", 0, INT64_MAX, &n, e);
    if (s == STATUS_OK && json_get(row, "eps")) {
        double eps;
        s = json_need_real(row, "eps", &eps, e);
        if (s == STATUS_OK && eps < 0) s = err_set(e, STATUS_BAD_FILE, "\"eps\" is %g", eps);
    }
    return s == STATUS_OK ? check_values(row, e) : s;
}

static status check_warning(const json *warning, err *e) {
    const char *text;
    if (!json_is_object(warning)) return err_set(e, STATUS_BAD_FILE, "expected an object");
    status s = json_need_string(warning, "code", &text, e);
    return s == STATUS_OK ? json_need_string(warning, "message", &text, e) : s;
}

static status check_each(const json *body, const char *key, status (*check)(const json *item, err *e),
                         err *e) {
    json *list;
    status s = json_need_array(body, key, &list, e);
    for (size_t i = 0; s == STATUS_OK && i < json_count(list); i++) {
        s = check(json_at(list, i), e);
        if (s != STATUS_OK) err_prefix(e, s, "%s[%zu]", key, i);
    }
    return s;
}

static status check_body(const json *body, err *e) {
    const char *command;
    json *outcomes, *settings;
    int64_t seed;
    status s = json_need_string(body, "command", &command, e);
    if (s == STATUS_OK) s = json_need_int(body, "seed", 0, INT64_MAX, &seed, e);
    if (s == STATUS_OK) s = json_need_object(body, "settings", &settings, e);
    if (s == STATUS_OK) s = check_each(body, "rows", check_row, e);
    if (s == STATUS_OK) s = json_need_object(body, "outcomes", &outcomes, e);
    if (s != STATUS_OK) return s;
    for (void *i = json_first(outcomes); i; i = json_next(outcomes, i))
        if (!json_is_string(json_iterator_value(i)))
            return err_set(e, STATUS_BAD_FILE, "outcomes[\"%s\"] is not a text", json_iterator_key(i));
    return check_each(body, "warnings", check_warning, e);
}

status result_check(const json *document, const char *name, err *e) {
    if (!json_is_object(document))
        return err_set(e, STATUS_BAD_FILE, "%s: not a result: expected an object", name);
    const char *schema = json_as_string(json_get(document, "schema"));
    if (!schema || strcmp(schema, schema_name) != 0)
        return err_set(e, STATUS_BAD_FILE, "%s: not a result: \"schema\" is %s%s%s, expected \"%s\"", name,
                       schema ? "\"" : "", schema ? schema : "missing", schema ? "\"" : "", schema_name);
    json *body;
    status s = json_need_object(document, "body", &body, e);
    if (s == STATUS_OK) s = check_body(body, e);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", name);
}

status result_read(const char *path, json **out, err *e) {
    status s = json_parse_file(path, out, e);
    if (s == STATUS_OK) s = result_check(*out, path, e);
    if (s == STATUS_OK) return s;
    json_free(*out);
    *out = NULL;
    return s;
}

void results_free(json **results, int n) {
    for (int i = 0; results && i < n; i++)
        json_free(results[i]);
    free(results);
}

status results_read(const char *const *paths, int n, json ***out, err *e) {
    *out = calloc((size_t)n + 1, sizeof **out);
    if (!*out) return err_set(e, STATUS_NO_MEMORY, "out of memory for %d results", n);
    status s = STATUS_OK;
    for (int i = 0; s == STATUS_OK && i < n; i++)
        s = result_read(paths[i], &(*out)[i], e);
    if (s == STATUS_OK) return s;
    results_free(*out, n);
    *out = NULL;
    return s;
}

status result_read_outcomes(const json *document, const char *key, int n, uint8_t **out, err *e) {
    *out = NULL;
    const char *text = json_as_string(json_get(json_get(json_get(document, "body"), "outcomes"), key));
    if (!text) return err_set(e, STATUS_BAD_FILE, "no outcomes \"%s\"", key);
    bytes packed;
    status s = base64_decode(text, &packed, e);
    if (s != STATUS_OK) return err_prefix(e, s, "outcomes \"%s\"", key);
    if (packed.size != ((size_t)n + 7) / 8)
        s = err_set(e, STATUS_BAD_FILE, "outcomes \"%s\" have %zu bytes, expected %d for %d rows", key,
                    packed.size, (n + 7) / 8, n);
    uint8_t *bits = s == STATUS_OK ? malloc(n > 0 ? (size_t)n : 1) : NULL;
    if (s == STATUS_OK && !bits) s = err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; bits && i < n; i++)
        bits[i] = packed.data[i / 8] >> i % 8 & 1;
    bytes_free(&packed);
    *out = bits;
    return s;
}
