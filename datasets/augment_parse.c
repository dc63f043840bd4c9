#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "datasets/augment.h"
#include "datasets/augment_internal.h"
#include "datasets/open_internal.h"

enum { WORD = 24 };

/* A row of AUGMENT_LIST. */
typedef struct kind_info {
    const char *name, *unit;
    float strength;
} kind_info;

static const kind_info kinds[AUGMENT_KINDS] = {
#define AUGMENT_ROW(name, what, unit, strength) {#name, unit, strength},
    AUGMENT_LIST(AUGMENT_ROW)
#undef AUGMENT_ROW
};

/* Least and largest strength, and whether it counts something. */
typedef struct strength_range {
    float least, most;
    bool whole;
} strength_range;

static strength_range range_of(augment_kind kind) {
    switch (kind) {
    case AUGMENT_rotate:
        return (strength_range){0, 180, false};
    case AUGMENT_hue:
        return (strength_range){0, 0.5f, false};
    case AUGMENT_posterize:
        return (strength_range){1, 8, true};
    case AUGMENT_randaugment:
        return (strength_range){0, 30, false};
    case AUGMENT_shift:
    case AUGMENT_crop:
    case AUGMENT_cutout:
        return (strength_range){0, 1024, true};
    default:
        return (strength_range){0, 1, false};
    }
}

/* The name as users write it: with - for _. */
static void user_name(const kind_info *kind, char out[WORD]) {
    snprintf(out, WORD, "%s", kind->name);
    for (char *at = out; *at; at++)
        if (*at == '_') *at = '-';
}

static status find_kind(const char *word, augment_kind *kind, err *e) {
    char names[AUGMENT_KINDS][WORD], known[AUGMENT_KINDS * WORD] = "";
    size_t used = 0;
    suggestion near = suggest_for(word);
    for (int k = 0; k < AUGMENT_KINDS; k++) {
        user_name(&kinds[k], names[k]);
        *kind = (augment_kind)k;
        if (strcmp(word, names[k]) == 0 || strcmp(word, kinds[k].name) == 0) return STATUS_OK;
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", k ? ", " : "", names[k]);
        suggest_offer(&near, names[k]);
    }
    return err_set(e, STATUS_USAGE, "unknown augmentation \"%s\"%s (known: %s)", word, suggest_text(&near),
                   known);
}

/* "name" or "name=strength". */
static status parse_step(char *step, augment_kind *kind, float *strength, err *e) {
    char *text = strchr(step, '=');
    if (text) *text++ = '\0';
    status s = find_kind(step, kind, e);
    if (s != STATUS_OK) return s;
    double value = (double)kinds[*kind].strength;
    strength_range range = range_of(*kind);
    bool fine = !text || (text_number(text, &value) && value >= (double)range.least &&
                          value <= (double)range.most && !(range.whole && value != floor(value)));
    if (!fine)
        return err_set(e, STATUS_USAGE, "augmentation %s=%s, expected %s%s, %g..%g", step, text,
                       range.whole ? "whole " : "", kinds[*kind].unit, (double)range.least,
                       (double)range.most);
    *strength = (float)value;
    return STATUS_OK;
}

static status add_mirrors(augmentation *a, int classes, const char *const *names, err *e) {
    a->classes = classes;
    return a->mirrored ? STATUS_OK : augment_mirrors(classes, names, &a->mirrored, e);
}

static status parse_steps(char *text, int classes, const char *const *names, augmentation *out, err *e) {
    char *rest = text;
    for (char *step; (step = rest) && *text;) {
        rest = strchr(step, ',');
        if (rest) *rest++ = '\0';
        if (out->n == AUGMENT_MOST)
            return err_set(e, STATUS_USAGE, "more than %d augmentations", (int)AUGMENT_MOST);
        status s = parse_step(step, &out->steps[out->n].kind, &out->steps[out->n].strength, e);
        if (s == STATUS_OK && out->steps[out->n].kind == AUGMENT_flip_target)
            s = add_mirrors(out, classes, names, e);
        if (s != STATUS_OK) return s;
        out->n++;
    }
    return STATUS_OK;
}

status augment_parse(const char *text, int classes, const char *const *class_names, augmentation *out,
                     err *e) {
    *out = (augmentation){0};
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (!copy) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    memcpy(copy, text, size);
    status s = parse_steps(copy, classes, class_names, out, e);
    free(copy);
    if (s != STATUS_OK) augment_free(out);
    return s;
}
