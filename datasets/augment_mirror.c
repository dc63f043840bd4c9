/* Which classes are each other's mirror image, by their names. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/augment_internal.h"

/* Length of the piece of `name` at `at` that says left or right, with its opposite; 0 when there is none. */
static size_t direction_at(const char *name, size_t at, const char **opposite) {
    static const struct {
        const char *word, *opposite;
        bool whole; /* only where no letter or digit is beside it */
    } words[] = {{"left", "right", false}, {"right", "left", false}, {"l", "r", true}, {"r", "l", true}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i].word), same = 0;
        while (same < length && tolower((unsigned char)name[at + same]) == words[i].word[same])
            same++;
        if (same < length) continue;
        bool stands_alone =
            (at == 0 || !isalnum((unsigned char)name[at - 1])) && !isalnum((unsigned char)name[at + length]);
        if (words[i].whole && !stands_alone) continue;
        *opposite = words[i].opposite;
        return length;
    }
    return 0;
}

/* The name in small letters, with left for right and right for left where `swapped`; malloc'ed, NULL when memory is out. */
static char *small_name(const char *name, bool swapped) {
    char *out = malloc(2 * strlen(name) + 1), *to = out; /* a piece grows by one letter at most */
    if (!out) return NULL;
    for (size_t at = 0; name[at];) {
        const char *opposite;
        size_t length = swapped ? direction_at(name, at, &opposite) : 0;
        if (length == 0) {
            *to++ = (char)tolower((unsigned char)name[at++]);
            continue;
        }
        memcpy(to, opposite, strlen(opposite));
        to += strlen(opposite);
        at += length;
    }
    *to = '\0';
    return out;
}

/* The other class whose name is the mirrored one, or `label` itself; -1 when memory is out. */
static int32_t mirror_of(int32_t label, int classes, const char *const *names) {
    char *wanted = small_name(names[label], true), *own = small_name(names[label], false);
    int32_t found = wanted && own ? label : -1;
    for (int32_t k = 0; k < classes && found == label && strcmp(wanted, own) != 0; k++) {
        char *other = small_name(names[k], false);
        if (!other)
            found = -1;
        else if (k != label && strcmp(other, wanted) == 0)
            found = k;
        free(other);
    }
    free(wanted);
    free(own);
    return found;
}

static status fill_mirrors(int classes, const char *const *names, int32_t *mirrored, err *e) {
    bool any = false;
    for (int32_t k = 0; k < classes; k++) {
        mirrored[k] = mirror_of(k, classes, names);
        if (mirrored[k] < 0) return err_set(e, STATUS_NO_MEMORY, "out of memory");
        any = any || mirrored[k] != k;
    }
    if (any) return STATUS_OK;
    return err_set(e, STATUS_USAGE,
                   "augmentation flip-target: no two class names differ by left and right only");
}

status augment_mirrors(int classes, const char *const *names, int32_t **mirrored, err *e) {
    *mirrored = calloc(classes > 0 ? (size_t)classes : 1, sizeof **mirrored);
    if (!*mirrored) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = fill_mirrors(classes, names, *mirrored, e);
    if (s == STATUS_OK) return s;
    free(*mirrored);
    *mirrored = NULL;
    return s;
}
