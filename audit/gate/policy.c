#include "audit/gate/policy.h"

#include <math.h>
#include <string.h>

#include "audit/options.h"
#include "core/json.h"

static status known_members(const json *object, const char *const *known, const char *where, err *e) {
    for (void *i = json_first((json *)object); i; i = json_next((json *)object, i)) {
        bool found = false;
        for (int k = 0; known[k] && !found; k++)
            found = strcmp(json_iterator_key(i), known[k]) == 0;
        if (!found)
            return err_set(e, STATUS_BAD_FILE, "%s: unknown member \"%s\"", where, json_iterator_key(i));
    }
    return STATUS_OK;
}

/* A text member, or `fallback` when it is not there. */
static status text_member(policy *p, const json *object, const char *key, const char *fallback,
                          const char **out, err *e) {
    *out = fallback;
    const json *member = json_get(object, key);
    if (!member) return STATUS_OK;
    if (!json_is_string(member) || !json_as_string(member)[0])
        return err_set(e, STATUS_BAD_FILE, "\"%s\": expected a text", key);
    *out = arena_strdup(&p->memory, json_as_string(member));
    return *out ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory for the policy");
}

/* A number, or a fraction as text; NAN when it is not there. */
static status number_member(const json *object, const char *key, double *out, err *e) {
    *out = NAN;
    const json *member = json_get(object, key);
    if (!member) return STATUS_OK;
    if (json_is_number(member))
        *out = json_as_real(member, NAN);
    else if (!json_is_string(member) || !number_parse(json_as_string(member), out))
        return err_set(e, STATUS_BAD_FILE, "\"%s\": expected a number or a fraction like \"8/255\"", key);
    return isfinite(*out) ? STATUS_OK : err_set(e, STATUS_BAD_FILE, "\"%s\": expected a finite number", key);
}

static status limit_member(const json *object, gate *g, err *e) {
    double least, most;
    status s = number_member(object, "min", &least, e);
    if (s == STATUS_OK) s = number_member(object, "max", &most, e);
    if (s != STATUS_OK) return s;
    if (isnan(least) == isnan(most))
        return err_set(e, STATUS_BAD_FILE, "expected exactly one of \"min\" and \"max\"");
    g->at_least = !isnan(least);
    g->limit = g->at_least ? least : most;
    return STATUS_OK;
}

static status read_gate(policy *p, const json *object, gate *g, err *e) {
    static const char *const known[] = {"name",    "metric", "group", "attack", "norm",    "method",
                                        "command", "eps",    "min",   "max",    "defence", NULL};
    if (!json_is_object(object)) return err_set(e, STATUS_BAD_FILE, "expected an object");
    status s = known_members(object, known, "gate", e);
    const struct {
        const char *key, *fallback;
        const char **out;
    } texts[] = {{"metric", NULL, &g->metric}, {"group", "all", &g->group},   {"attack", "none", &g->attack},
                 {"norm", NULL, &g->norm},     {"method", NULL, &g->method},  {"command", NULL, &g->command},
                 {"name", NULL, &g->name},     {"defence", NULL, &g->defence}};
    for (size_t i = 0; s == STATUS_OK && i < sizeof texts / sizeof *texts; i++)
        s = text_member(p, object, texts[i].key, texts[i].fallback, texts[i].out, e);
    if (s == STATUS_OK) s = number_member(object, "eps", &g->eps, e);
    if (s == STATUS_OK) s = limit_member(object, g, e);
    if (s == STATUS_OK && !g->metric) s = err_set(e, STATUS_BAD_FILE, "expected \"metric\"");
    if (s == STATUS_OK && !g->name) g->name = g->metric;
    return s;
}

static status read_policy(policy *p, const json *document, err *e) {
    static const char *const known[] = {"schema", "alpha", "gates", NULL};
    const char *schema;
    json *gates;
    if (!json_is_object(document)) return err_set(e, STATUS_BAD_FILE, "expected an object");
    status s = known_members(document, known, "policy", e);
    if (s == STATUS_OK) s = json_need_string(document, "schema", &schema, e);
    if (s == STATUS_OK && strcmp(schema, "audit-policy/1") != 0)
        s = err_set(e, STATUS_BAD_FILE, "schema is \"%.40s\", expected \"audit-policy/1\"", schema);
    if (s == STATUS_OK) s = number_member(document, "alpha", &p->alpha, e);
    if (s == STATUS_OK) s = json_need_array(document, "gates", &gates, e);
    if (s != STATUS_OK) return s;
    if (isnan(p->alpha)) p->alpha = .05;
    if (!(p->alpha > 0 && p->alpha < .5))
        return err_set(e, STATUS_BAD_FILE, "alpha is %g, expected above 0 and below 0.5", p->alpha);
    if (json_count(gates) == 0)
        return err_set(e, STATUS_BAD_FILE, "\"gates\" is empty: nothing would be checked");
    p->n = (int)json_count(gates);
    p->gates = arena_array(&p->memory, (size_t)p->n, sizeof *p->gates);
    if (!p->gates) return err_set(e, STATUS_NO_MEMORY, "out of memory for %d gates", p->n);
    for (int i = 0; i < p->n; i++) {
        s = read_gate(p, json_at(gates, (size_t)i), &p->gates[i], e);
        if (s != STATUS_OK) return err_prefix(e, s, "gate %d", i + 1);
    }
    return STATUS_OK;
}

status policy_read(const char *path, policy *out, err *e) {
    *out = (policy){0};
    json *document = NULL;
    status s = json_parse_file(path, &document, e);
    if (s != STATUS_OK) return s;
    s = read_policy(out, document, e);
    json_free(document);
    if (s == STATUS_OK) return s;
    policy_free(out);
    return err_prefix(e, s, "%s", path);
}

void policy_free(policy *p) {
    arena_free(&p->memory);
    *p = (policy){0};
}
