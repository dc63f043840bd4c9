#include <string.h>

#include "core/text.h"
#include "datasets/npz_internal.h"

bool npy_is_text(const npy *a) {
    return a->type == NPY_BYTES || a->type == NPY_UNICODE;
}

bool npy_is_column(const npy *a, int n) {
    bool one_column = a->rank == 1 || (a->rank == 2 && a->dims[1] == 1);
    return one_column && a->dims[0] == n;
}

/* Writes the UTF-8 of one code point and gives its length; 0 when it is none. */
static size_t put_utf8(char *to, uint32_t code) {
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return 0;
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t marks[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(marks[length] | code);
    return length;
}

/* Fixed width, filled up with zeros; UCS-4 little-endian. */
static bool unicode_text(const uint8_t *item, size_t size, char *to) {
    reader r = reader_of(item, size);
    for (uint32_t code; (code = reader_u32le(&r)) != 0;) {
        size_t length = put_utf8(to, code);
        if (length == 0) return false;
        to += length;
    }
    *to = '\0';
    return true;
}

static bool bytes_text(const uint8_t *item, size_t size, char *to) {
    memcpy(to, item, size);
    to[size] = '\0';
    return text_is_utf8(to, strlen(to));
}

status npy_texts(const npy *a, int n, arena *memory, const char *const **texts, err *e) {
    size_t size = (size_t)a->item_size;
    const char **found = arena_array(memory, (size_t)n, sizeof *found);
    for (int i = 0; found && i < n; i++) {
        char *text = arena_alloc(memory, size + 1); /* UTF-8 is never longer than UCS-4 */
        if (!text) return err_set(e, STATUS_NO_MEMORY, "out of memory");
        const uint8_t *item = a->data + (size_t)i * size;
        bool good = a->type == NPY_UNICODE ? unicode_text(item, size, text) : bytes_text(item, size, text);
        if (!good) return err_set(e, STATUS_BAD_FILE, "text %d is not Unicode", i);
        found[i] = text;
    }
    *texts = found;
    return found ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
}
