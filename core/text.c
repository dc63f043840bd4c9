#include "core/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 sequence that begins at `s`, 0 when it is not one. */
static size_t sequence_length(const uint8_t *s, size_t left) {
    if (s[0] < 0x80) return 1;
    size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || length > left) return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool surrogate = s[0] == 0xed && s[1] > 0x9f;
    bool too_large = s[0] == 0xf4 && s[1] > 0x8f;
    return overlong || surrogate || too_large ? 0 : length;
}

bool text_is_utf8(const char *text, size_t size) {
    const uint8_t *s = (const uint8_t *)text;
    for (size_t at = 0; at < size;) {
        size_t length = sequence_length(s + at, size - at);
        if (!length) return false;
        at += length;
    }
    return true;
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

status text_check_unique(const char *const *texts, size_t n, const char *what, err *e) {
    if (n < 2) return STATUS_OK;
    const char **sorted = calloc(n, sizeof *sorted);
    if (!sorted) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    memcpy(sorted, texts, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_texts);
    status s = STATUS_OK;
    for (size_t i = 1; i < n && s == STATUS_OK; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            s = err_set(e, STATUS_BAD_FILE, "%s \"%s\" occurs twice", what, sorted[i]);
    free(sorted);
    return s;
}

bool text_integers(const char *text, const char *separators, int lo, int hi, int *out) {
    for (;; separators++, text++) {
        char *end;
        long number = strtol(text, &end, 10);
        if (end == text || number < lo || number > hi || *end != *separators) return false;
        *out++ = (int)number;
        if (!*end) return true;
        text = end;
    }
}
