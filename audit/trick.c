#include "audit/trick.h"

#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"

/* What bare names do. An `on` of NULL: the trick has no usual value. Any other option takes a value only. */
static const struct {
    const char *name, *off, *on;
} switches[] = {{"norm", "none", "batch"},
                {"dropout", "0", "0.2"},
                {"spatial-dropout", "0", "0.1"},
                {"drop-path", "0", "0.1"},
                {"zero-gamma", "no", "yes"},
                {"normalize", "no", "yes"},
                {"augment", "none", NULL},
                {"mixup", "0", "0.2"},
                {"cutmix", "0", "1"},
                {"balanced-sampler", "no", "yes"},
                {"label-smoothing", "0", "0.1"},
                {"focal", "0", "2"},
                {"aux-weight", "0", "0.3"},
                {"class-weights", "none", "balanced"},
                {"group-dro", "0", "0.01"},
                {"momentum", "0", "0.9"},
                {"weight-decay", "0", "5e-4"},
                {"schedule", "constant", "one-cycle"},
                {"warmup", "0", "200"},
                {"clip", "0", "1"},
                {"sam", "0", "0.05"},
                {"lookahead", "0", "5"},
                {"ema", "0", "0.99"},
                {"swa", "0", "0.75"},
                {"patience", "0", NULL}};

enum { SWITCHES = sizeof switches / sizeof *switches };

/* The names of augmentation steps, as they are written. */
static const char *const steps[] = {
#define STEP_NAME(name, what, unit, strength) #name,
    AUGMENT_LIST(STEP_NAME)
#undef STEP_NAME
};

enum { STEPS = sizeof steps / sizeof *steps };

/* Whether `text` of `length` is the name of a step, which has '-' where the list has '_'. */
static bool is_step(const char *name, const char *text, size_t length) {
    if (strlen(name) != length) return false;
    for (size_t i = 0; i < length; i++)
        if (text[i] != (name[i] == '_' ? '-' : name[i])) return false;
    return true;
}

static bool names_step(const char *text, size_t length) {
    for (int i = 0; i < STEPS; i++)
        if (is_step(steps[i], text, length)) return true;
    return false;
}

/* The list without its item of this name; NULL when memory is out. *found tells whether it was there. */
static const char *without_step(const char *list, const char *name, arena *memory, bool *found) {
    size_t length = strlen(name);
    const char *kept = arena_strdup(memory, "");
    *found = false;
    while (list && *list && kept) {
        size_t item = strcspn(list, ",");
        bool same = strncmp(list, name, length) == 0 && strcspn(list, ",=") == length;
        if (same)
            *found = true;
        else
            kept = arena_printf(memory, "%s%s%.*s", kept, *kept ? "," : "", (int)item, list);
        list += item + (list[item] == ',');
    }
    return kept && !*kept ? "none" : kept;
}

/* `text` is put at the end of the list; NULL: the step is only taken out. */
static status change_step(const char *name, const char *text, arena *memory, training_settings *out, err *e) {
    bool found;
    const char *kept = without_step(out->augment, name, memory, &found);
    if (kept && text) kept = strcmp(kept, "none") == 0 ? text : arena_printf(memory, "%s,%s", kept, text);
    out->augment = kept;
    if (!kept) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (text || found) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "%s is not in the recipe: name it in --augment, or put it in with --add",
                   name);
}

static status unknown_trick(const option_set *sets, int n, const char *name, err *e) {
    suggestion near = suggest_for(name);
    for (int i = 0; i < n; i++)
        for (const option *o = sets[i].options; o->name; o++)
            suggest_offer(&near, o->name);
    for (int i = 0; i < STEPS; i++)
        suggest_offer(&near, steps[i]);
    return err_set(e, STATUS_USAGE,
                   "unknown trick \"%s\"%s; tricks are options of training and steps of --augment", name,
                   suggest_text(&near));
}

/* What a trick without a value means. */
static status usual_value(const char *name, bool add, const char **out, err *e) {
    *out = NULL;
    for (int i = 0; i < SWITCHES; i++)
        if (strcmp(switches[i].name, name) == 0) *out = add ? switches[i].on : switches[i].off;
    if (*out) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "%s needs a value to compare with: %s=VALUE", name, name);
}

static status change_option(const char *name, const char *value, bool add, training_settings *out, err *e) {
    option_set sets[TRAINING_SETS];
    int n = training_option_sets(out, sets);
    const option *o = option_find(sets, n, name, NULL);
    if (!o) return unknown_trick(sets, n, name, e);
    status s = value ? STATUS_OK : usual_value(name, add, &value, e);
    if (s != STATUS_OK) return s;
    s = option_assign(o, out, value, e);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", name);
}

static status must_differ(const training_settings *base, const training_settings *out, const char *name,
                          bool added, err *e) {
    json *difference = trick_difference(base, out);
    bool lost = !difference, same = json_count(difference) == 0;
    json_free(difference);
    if (lost) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (!same) return STATUS_OK;
    if (added) return err_set(e, STATUS_USAGE, "%s: the recipe has it already", name);
    return err_set(e, STATUS_USAGE, "%s is not in the recipe: give it (--%s), or put it in with --add", name,
                   name);
}

status trick_apply(const training_settings *base, const char *text, bool add, arena *memory,
                   training_settings *out, bool *added, err *e) {
    *out = *base;
    size_t length = strcspn(text, "=");
    const char *value = text[length] ? arena_strdup(memory, text + length + 1) : NULL;
    const char *name = arena_strndup(memory, text, length);
    *added = add || text[length];
    if (!name || (text[length] && !value)) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = names_step(text, length) ? change_step(name, *added ? text : NULL, memory, out, e)
                                        : change_option(name, value, add, out, e);
    return s == STATUS_OK ? must_differ(base, out, name, *added, e) : s;
}

static json *options_of(const training_settings *t) {
    training_settings copy = *t;
    option_set sets[TRAINING_SETS];
    int n = training_option_sets(&copy, sets);
    json *j = json_new_object();
    if (j && options_to_json(sets, n, j)) return j;
    json_free(j);
    return NULL;
}

static bool same_json(const json *a, const json *b) {
    char *x = a ? json_text(a, 0) : NULL, *y = b ? json_text(b, 0) : NULL;
    bool same = x && y ? strcmp(x, y) == 0 : !a && !b;
    free(x);
    free(y);
    return same;
}

static bool note_pair(json *out, const char *key, const json *a, const json *b) {
    if (same_json(a, b)) return true;
    json *pair = json_new_array();
    bool ok = json_append(pair, a ? json_share(a) : json_new_null());
    ok = json_append(pair, b ? json_share(b) : json_new_null()) && ok;
    return json_set(out, key, pair) && ok;
}

json *trick_difference(const training_settings *a, const training_settings *b) {
    json *x = options_of(a), *y = options_of(b), *out = json_new_object();
    bool ok = x && y && out;
    for (void *i = json_first(x); ok && i; i = json_next(x, i))
        ok = note_pair(out, json_iterator_key(i), json_iterator_value(i), json_get(y, json_iterator_key(i)));
    for (void *i = json_first(y); ok && i; i = json_next(y, i))
        if (!json_get(x, json_iterator_key(i)))
            ok = note_pair(out, json_iterator_key(i), NULL, json_iterator_value(i));
    json_free(x);
    json_free(y);
    if (ok) return out;
    json_free(out);
    return NULL;
}
