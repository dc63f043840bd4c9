/* "flip,shift=1" */
#include <stdlib.h>
#include <string.h>

#include "nets/tta.h"

typedef struct wanted {
    bool flip;
    int shift;
} wanted;

static bool is_word(const char *word, size_t length, const char *known) {
    return strlen(known) == length && memcmp(word, known, length) == 0;
}

/* One word; false when it is none of them, or stands there twice. */
static bool parse_word(const char *word, size_t length, wanted *w) {
    if (is_word(word, length, "flip")) {
        bool first = !w->flip;
        w->flip = true;
        return first;
    }
    if (w->shift > 0) return false;
    if (is_word(word, length, "shift")) {
        w->shift = 1;
        return true;
    }
    if (length < 7 || memcmp(word, "shift=", 6) != 0 || word[6] < '0' || word[6] > '9') return false;
    char *end;
    long pixels = strtol(word + 6, &end, 10);
    w->shift = pixels >= 1 && pixels <= TTA_MOST_SHIFT ? (int)pixels : 0;
    return w->shift > 0 && end == word + length;
}

static void list_views(const wanted *w, tta_views *out) {
    static const int moves[][2] = {{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    for (int mirrored = 0; mirrored <= w->flip; mirrored++)
        for (int i = 0; i < (w->shift ? 5 : 1); i++)
            out->views[out->n++] = (tta_view){mirrored, w->shift * moves[i][0], w->shift * moves[i][1]};
}

status tta_parse(const char *text, tta_views *out, err *e) {
    wanted w = {0};
    *out = (tta_views){0};
    for (const char *word = text; word;) {
        const char *comma = strchr(word, ',');
        if (!parse_word(word, comma ? (size_t)(comma - word) : strlen(word), &w))
            return err_set(e, STATUS_USAGE,
                           "\"%s\", expected flip, shift=PIXELS (1..%d) or both: flip,shift=1", text,
                           (int)TTA_MOST_SHIFT);
        word = comma ? comma + 1 : NULL;
    }
    list_views(&w, out);
    return STATUS_OK;
}
