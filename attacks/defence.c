/* The list of defences, and chains of them as users write them. */
#include "attacks/defence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/defence/defence_internal.h"
#include "core/suggest.h"

static const defence *const kinds[] = {
#define DEFENCE(name) &defence_##name,
#include "attacks/defences.def"
#undef DEFENCE
};

enum { KINDS = sizeof kinds / sizeof *kinds };

const defence *defence_at(int i) {
    return i >= 0 && i < KINDS ? kinds[i] : NULL;
}

const defence *defence_find(const char *name) {
    for (int i = 0; i < KINDS; i++)
        if (strcmp(kinds[i]->name, name) == 0) return kinds[i];
    return NULL;
}

status defence_fits_side(double strength, shape s, err *e) {
    int side = s.h < s.w ? s.h : s.w;
    if (strength < side) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "%g pixels, expected fewer than the %d of the image's side", strength,
                   side);
}

static status unknown(const char *name, err *e) {
    char known[256] = "";
    size_t used = 0;
    suggestion near = suggest_for(name);
    for (int i = 0; i < KINDS; i++) {
        suggest_offer(&near, kinds[i]->name);
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", kinds[i]->name);
    }
    return err_set(e, STATUS_USAGE, "unknown defence \"%.60s\"%s (known: %s)", name, suggest_text(&near),
                   known);
}

/* "name:strength" of one step. */
static status parse_step(char *step, shape s, defence_chain *out, err *e) {
    char *text = strchr(step, ':'), *end;
    if (text) *text++ = '\0';
    const defence *kind = defence_find(step);
    if (!kind) return unknown(step, e);
    double value = text ? strtod(text, &end) : NAN;
    bool number = text && *text && !*end && isfinite(value);
    if (!number || value < kind->least || value > kind->most || (kind->whole && value != floor(value)))
        return err_set(e, STATUS_USAGE, "%s%s%.40s, expected %s:N, N = %s%s, %g..%g", kind->name,
                       text ? ":" : "", text ? text : "", kind->name, kind->whole ? "whole " : "", kind->unit,
                       kind->least, kind->most);
    status ok = kind->fits ? kind->fits(value, s, e) : STATUS_OK;
    if (ok != STATUS_OK) return err_prefix(e, ok, "%s", kind->name);
    out->steps[out->n].kind = kind;
    out->steps[out->n++].strength = value;
    return STATUS_OK;
}

status defence_parse(const char *text, shape s, defence_chain *out, err *e) {
    char copy[DEFENCE_TEXT], *rest = copy;
    *out = (defence_chain){0};
    if (strlen(text) >= sizeof copy)
        return err_set(e, STATUS_USAGE, "a list of %zu bytes, expected fewer than %zu", strlen(text),
                       sizeof copy);
    strcpy(copy, text);
    for (char *step; (step = rest);) {
        rest = strchr(step, ',');
        if (rest) *rest++ = '\0';
        if (out->n == DEFENCE_MOST)
            return err_set(e, STATUS_USAGE, "more than %d defences", (int)DEFENCE_MOST);
        status ok = parse_step(step, s, out, e);
        if (ok != STATUS_OK) return ok;
    }
    return STATUS_OK;
}

const char *defence_text(const defence_chain *c, char buffer[DEFENCE_TEXT]) {
    size_t used = 0;
    buffer[0] = '\0';
    for (int i = 0; i < c->n && used < DEFENCE_TEXT; i++)
        used += (size_t)snprintf(buffer + used, DEFENCE_TEXT - used, "%s%s:%.10g", i ? "," : "",
                                 c->steps[i].kind->name, c->steps[i].strength);
    return buffer;
}

bool defence_is_blind(const defence_chain *c) {
    for (int i = 0; i < c->n; i++)
        if (!c->steps[i].kind->pull) return true;
    return false;
}

bool defence_is_random(const defence_chain *c) {
    for (int i = 0; i < c->n; i++)
        if (c->steps[i].kind->random) return true;
    return false;
}
