/* Options from JSON: a configuration file, whose top has members for every command and whose sections have those of
 * one command; and a recipe, which is such a section. */
#include "audit/command.h"
#include "audit/options.h"
#include "core/suggest.h"

/* A JSON value as it would be written on the command line. */
static const char *value_text(const json *value, arena *memory) {
    if (json_is_string(value)) return json_as_string(value);
    if (json_is_bool(value)) return json_as_bool(value, false) ? "yes" : "no";
    if (json_is_int(value)) return arena_printf(memory, "%lld", (long long)json_as_int(value, 0));
    if (json_is_number(value)) return arena_printf(memory, "%.17g", json_as_real(value, 0));
    if (!json_is_array(value)) return NULL;
    const char *list = NULL;
    for (size_t i = 0; i < json_count(value); i++) {
        const char *item = json_is_array(json_at(value, i)) ? NULL : value_text(json_at(value, i), memory);
        if (!item) return NULL;
        list = list ? arena_printf(memory, "%s,%s", list, item) : item;
    }
    return list;
}

static status take_member(const option_set *sets, int n_sets, const char *path, const char *key,
                          const json *value, arena *memory, bool *found, err *e) {
    const option_set *owner;
    const option *o = option_find(sets, n_sets, key, &owner);
    *found = o != NULL;
    if (!o) return STATUS_OK;
    const char *text = value_text(value, memory);
    if (!text)
        return err_set(e, STATUS_BAD_FILE, "%s: \"%s\": expected a text, number, boolean or list", path, key);
    status ok = option_assign(o, owner->values, text, e);
    return ok == STATUS_OK ? ok : err_prefix(e, ok, "%s: \"%s\"", path, key);
}

static status unknown_key(const option_set *sets, int n_sets, const char *path, const char *key, err *e) {
    suggestion near = suggest_for(key);
    for (int i = 0; i < n_sets; i++)
        for (const option *o = sets[i].options; o && o->name; o++)
            suggest_offer(&near, o->name);
    return err_set(e, STATUS_USAGE, "%s: unknown key \"%s\"%s", path, key, suggest_text(&near));
}

/* Takes the members of one object. At the top, names of commands and options of other commands are passed
 * over. */
static status take_object(const option_sources *s, const json *object, bool top, arena *memory, err *e) {
    for (void *i = json_first((json *)object); i; i = json_next((json *)object, i)) {
        const char *key = json_iterator_key(i);
        const json *value = json_iterator_value(i);
        if (top && json_is_object(value) && command_find(key)) continue;
        bool found;
        status ok = take_member(s->sets, s->n_sets, s->config_path, key, value, memory, &found, e);
        if (ok != STATUS_OK) return ok;
        if (found) continue;
        if (!top) return unknown_key(s->sets, s->n_sets, s->config_path, key, e);
        if (!option_find(s->known, s->n_known, key, NULL))
            return unknown_key(s->known, s->n_known, s->config_path, key, e);
    }
    return STATUS_OK;
}

status options_from_config(const option_sources *s, arena *memory, err *e) {
    if (!s->config) return STATUS_OK;
    if (!json_is_object(s->config))
        return err_set(e, STATUS_BAD_FILE, "%s: expected an object", s->config_path);
    status ok = take_object(s, s->config, true, memory, e);
    const json *section = json_get(s->config, s->command);
    if (ok == STATUS_OK && json_is_object(section)) ok = take_object(s, section, false, memory, e);
    return ok;
}

status options_from_recipe(const option_sources *s, arena *memory, err *e) {
    for (void *i = json_first(s->recipe); i; i = json_next((json *)s->recipe, i)) {
        const char *key = json_iterator_key(i);
        bool found;
        status ok = take_member(s->recipe_sets, s->n_recipe_sets, s->recipe_path, key, json_iterator_value(i),
                                memory, &found, e);
        if (ok != STATUS_OK) return ok;
        if (!found) return unknown_key(s->recipe_sets, s->n_recipe_sets, s->recipe_path, key, e);
    }
    return STATUS_OK;
}
