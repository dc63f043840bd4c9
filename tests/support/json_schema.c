#include "tests/support/json_schema.h"

#include "audit/result.h"
#include "tests/support/test.h"

typedef struct place {
    const json *root;
    char path[256];
    err *e;
} place;

static bool check(place *p, const json *schema, const json *value);

static bool broken(place *p, const char *what, const char *detail) {
    err_set(p->e, STATUS_BAD_FILE, "%s: %s %s", p->path[0] ? p->path : "/", what, detail);
    return false;
}

static bool check_at(place *p, const char *name, const json *schema, const json *value) {
    size_t length = strlen(p->path);
    snprintf(p->path + length, sizeof p->path - length, "/%.100s", name);
    bool ok = check(p, schema, value);
    p->path[length] = 0;
    return ok;
}

static bool equal(const json *a, const json *b) {
    char *x = json_text(a, 0), *y = json_text(b, 0);
    bool same = x && y && strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

static bool has_type(const json *value, const char *type) {
    if (strcmp(type, "object") == 0) return json_is_object(value);
    if (strcmp(type, "array") == 0) return json_is_array(value);
    if (strcmp(type, "string") == 0) return json_is_string(value);
    if (strcmp(type, "integer") == 0) return json_is_int(value);
    if (strcmp(type, "number") == 0) return json_is_number(value);
    if (strcmp(type, "boolean") == 0) return json_is_bool(value);
    if (strcmp(type, "null") == 0) return json_is_null(value);
    fail_msg("schema names the unknown type %s", type);
    return false;
}

static bool check_type(place *p, const json *types, const json *value) {
    if (json_is_string(types))
        return has_type(value, json_as_string(types)) || broken(p, "is not of type", json_as_string(types));
    for (size_t i = 0; i < json_count(types); i++)
        if (has_type(value, json_as_string(json_at(types, i)))) return true;
    return broken(p, "has none of the allowed types", "");
}

static bool check_enum(place *p, const json *allowed, const json *value) {
    for (size_t i = 0; i < json_count(allowed); i++)
        if (equal(json_at(allowed, i), value)) return true;
    return broken(p, "is none of the listed values", "");
}

static bool check_required(place *p, const json *names, const json *value) {
    for (size_t i = 0; i < json_count(names); i++)
        if (!json_get(value, json_as_string(json_at(names, i))))
            return broken(p, "lacks", json_as_string(json_at(names, i)));
    return true;
}

static bool check_members(place *p, const json *schema, const json *value) {
    const json *properties = json_get(schema, "properties"),
               *others = json_get(schema, "additionalProperties");
    for (void *i = json_first((json *)value); i; i = json_next((json *)value, i)) {
        const char *key = json_iterator_key(i);
        const json *rule = json_get(properties, key);
        if (!rule && json_is_bool(others) && !json_as_bool(others, true))
            return broken(p, "has the unknown member", key);
        if (!rule && json_is_object(others)) rule = others;
        if (rule && !check_at(p, key, rule, json_iterator_value(i))) return false;
    }
    return true;
}

static bool check_items(place *p, const json *rule, const json *value) {
    for (size_t i = 0; i < json_count(value); i++) {
        char name[24];
        snprintf(name, sizeof name, "%zu", i);
        if (!check_at(p, name, rule, json_at(value, i))) return false;
    }
    return true;
}

static bool check_any(place *p, const json *rules, const json *value) {
    for (size_t i = 0; i < json_count(rules); i++)
        if (check(p, json_at(rules, i), value)) return true;
    return false; /* the message of the last one */
}

static const json *resolve(place *p, const char *reference) {
    static const char head[] = "#/$defs/";
    const json *found = NULL;
    if (strncmp(reference, head, sizeof head - 1) == 0)
        found = json_get(json_get(p->root, "$defs"), reference + sizeof head - 1);
    if (!found) fail_msg("schema refers to %s, which it does not have", reference);
    return found;
}

static bool check_keyword(place *p, const char *keyword, const json *rule, const json *value) {
    static const char *const silent[] = {"$schema",     "$defs",      "title",
                                         "description", "properties", "additionalProperties"};
    double bound = json_as_real(rule, 0), number = json_as_real(value, 0);
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (strcmp(keyword, silent[i]) == 0) return true; /* check_members looks at the last two */
    if (strcmp(keyword, "$ref") == 0) return check(p, resolve(p, json_as_string(rule)), value);
    if (strcmp(keyword, "type") == 0) return check_type(p, rule, value);
    if (strcmp(keyword, "const") == 0) return equal(rule, value) || broken(p, "is not", json_as_string(rule));
    if (strcmp(keyword, "enum") == 0) return check_enum(p, rule, value);
    if (strcmp(keyword, "required") == 0) return check_required(p, rule, value);
    if (strcmp(keyword, "items") == 0) return check_items(p, rule, value);
    if (strcmp(keyword, "anyOf") == 0) return check_any(p, rule, value);
    if (strcmp(keyword, "minimum") == 0)
        return !json_is_number(value) || number >= bound || broken(p, "is too small", "");
    if (strcmp(keyword, "maximum") == 0)
        return !json_is_number(value) || number <= bound || broken(p, "is too large", "");
    if (strcmp(keyword, "minItems") == 0)
        return (double)json_count(value) >= bound || broken(p, "has too few items", "");
    if (strcmp(keyword, "maxItems") == 0)
        return (double)json_count(value) <= bound || broken(p, "has too many items", "");
    fail_msg("schema uses the keyword %s, which the checker does not know", keyword);
    return false;
}

static bool check(place *p, const json *schema, const json *value) {
    for (void *i = json_first((json *)schema); i; i = json_next((json *)schema, i))
        if (!check_keyword(p, json_iterator_key(i), json_iterator_value(i), value)) return false;
    return !json_is_object(value) || check_members(p, schema, value);
}

bool json_schema_check(const json *schema, const json *value, err *e) {
    place p = {schema, "", e};
    return check(&p, schema, value);
}

json *assert_result_file(const char *path) {
    err e = {{0}};
    json *schema = NULL, *document = NULL;
    assert_ok(json_parse_file(source_path("docs/result-schema.json"), &schema, &e), e);
    assert_ok(result_read(path, &document, &e), e);
    bool ok = json_schema_check(schema, document, &e);
    json_free(schema);
    if (!ok) fail_msg("%s breaks the schema: %s", path, e.message);
    return document;
}
