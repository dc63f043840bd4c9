/* Options from the five sources: defaults, recipe, configuration, environment, command line - each overwrites the
 * one before. */
#include "audit/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"

const option *option_find(const option_set *sets, int n_sets, const char *name, const option_set **owner) {
    for (int i = 0; i < n_sets; i++)
        for (const option *o = sets[i].options; o && o->name; o++)
            if (strcmp(o->name, name) == 0) {
                if (owner) *owner = &sets[i];
                return o;
            }
    return NULL;
}

static const option *find_letter(const option_sources *s, char letter, const option_set **owner) {
    for (int i = 0; i < s->n_sets; i++)
        for (const option *o = s->sets[i].options; o && o->name; o++)
            if (o->letter == letter) {
                *owner = &s->sets[i];
                return o;
            }
    return NULL;
}

static status take_defaults(const option_sources *s, err *e) {
    for (int i = 0; i < s->n_sets; i++)
        for (const option *o = s->sets[i].options; o && o->name; o++) {
            status ok = o->fallback ? option_assign(o, s->sets[i].values, o->fallback, e) : STATUS_OK;
            if (ok != STATUS_OK) return err_prefix(e, STATUS_INTERNAL, "default of --%s", o->name);
        }
    return STATUS_OK;
}

static status take_environment(const option_sources *s, err *e) {
    for (int i = 0; i < s->n_sets; i++)
        for (const option *o = s->sets[i].options; o && o->name; o++) {
            const char *text = o->environment ? getenv(o->environment) : NULL;
            if (!text || !*text) continue;
            status ok = option_assign(o, s->sets[i].values, text, e);
            if (ok != STATUS_OK) return err_prefix(e, ok, "%s", o->environment);
        }
    return STATUS_OK;
}

static status unknown_option(const option_sources *s, const char *name, err *e) {
    suggestion near = suggest_for(name);
    for (int i = 0; i < s->n_sets; i++)
        for (const option *o = s->sets[i].options; o && o->name; o++)
            suggest_offer(&near, o->name);
    if (!near.best) return err_set(e, STATUS_USAGE, "unknown option --%s", name);
    return err_set(e, STATUS_USAGE, "unknown option --%s, did you mean --%s?", name, near.best);
}

/* The words still to be read. */
typedef struct words {
    int at, n;
    char *const *words;
} words;

static status value_of(const option *o, const char *attached, words *w, const char **text, err *e) {
    *text = attached;
    if (attached) return STATUS_OK;
    if (w->at == w->n) return err_set(e, STATUS_USAGE, "--%s: the value is missing", o->name);
    *text = w->words[w->at++];
    return STATUS_OK;
}

static status assign(const option *o, const option_set *owner, const char *text, err *e) {
    status s = option_assign(o, owner->values, text, e);
    return s == STATUS_OK ? s : err_prefix(e, s, "--%s", o->name);
}

/* "--name", "--name=value", "--no-name". */
static status take_long(const option_sources *s, const char *word, words *w, err *e) {
    char name[64];
    size_t length = strcspn(word, "=");
    const char *attached = word[length] ? word + length + 1 : NULL;
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    const option_set *owner = NULL;
    const option *o = option_find(s->sets, s->n_sets, name, &owner);
    if (!o && strncmp(name, "no-", 3) == 0 && !attached) {
        o = option_find(s->sets, s->n_sets, name + 3, &owner);
        if (o && o->kind == OPTION_FLAG) return assign(o, owner, "no", e);
        o = NULL;
    }
    if (!o) return unknown_option(s, name, e);
    if (o->kind == OPTION_FLAG) return assign(o, owner, attached ? attached : "yes", e);
    const char *text;
    status ok = value_of(o, attached, w, &text, e);
    return ok == STATUS_OK ? assign(o, owner, text, e) : ok;
}

/* "-o value", "-ovalue". */
static status take_short(const option_sources *s, const char *word, words *w, err *e) {
    const option_set *owner = NULL;
    const option *o = find_letter(s, word[0], &owner);
    if (!o) return err_set(e, STATUS_USAGE, "unknown option -%c", word[0]);
    if (o->kind == OPTION_FLAG) {
        if (word[1]) return err_set(e, STATUS_USAGE, "-%c takes no value", word[0]);
        return assign(o, owner, "yes", e);
    }
    const char *text;
    status ok = value_of(o, word[1] ? word + 1 : NULL, w, &text, e);
    return ok == STATUS_OK ? assign(o, owner, text, e) : ok;
}

static status take_words(const option_sources *s, const char **arguments, int *n_arguments, err *e) {
    words w = {0, s->argc, s->argv};
    *n_arguments = 0;
    bool only_arguments = false;
    while (w.at < w.n) {
        const char *word = w.words[w.at++];
        status ok = STATUS_OK;
        if (only_arguments || word[0] != '-' || !word[1])
            arguments[(*n_arguments)++] = word;
        else if (strcmp(word, "--") == 0)
            only_arguments = true;
        else
            ok = word[1] == '-' ? take_long(s, word + 2, &w, e) : take_short(s, word + 1, &w, e);
        if (ok != STATUS_OK) return ok;
    }
    return STATUS_OK;
}

status options_resolve(const option_sources *s, arena *memory, const char **arguments, int *n_arguments,
                       err *e) {
    status ok = take_defaults(s, e);
    if (ok == STATUS_OK) ok = options_from_recipe(s, memory, e);
    if (ok == STATUS_OK) ok = options_from_config(s, memory, e);
    if (ok == STATUS_OK) ok = take_environment(s, e);
    if (ok == STATUS_OK) ok = take_words(s, arguments, n_arguments, e);
    return ok;
}
