#include <string.h>

#include "core/npy.h"
#include "core/text.h"

/* The UTF-8 bytes of a code point, 0 of them when it does not exist. */
static size_t encode(uint32_t c, char out[4]) {
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return 0;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[length] | c);
    return length;
}

/* UTF-32 to UTF-8, which takes no more bytes; the length, or SIZE_MAX where a code point does not exist. */
static size_t encode_all(const uint8_t *item, int characters, char *out) {
    size_t length = 0;
    for (int i = 0; i < characters; i++) {
        uint32_t c;
        memcpy(&c, item + 4 * (size_t)i, sizeof c);
        size_t n = encode(c, out + length);
        if (n == 0) return SIZE_MAX;
        length += n;
    }
    return length;
}

status npy_text(const npy *a, int64_t i, arena *memory, const char **text, err *e) {
    *text = NULL;
    if (a->type != NPY_BYTES && a->type != NPY_UNICODE)
        return err_set(e, STATUS_BAD_FILE, "npy: not an array of strings");
    const uint8_t *item = a->data + (size_t)i * (size_t)a->item_size;
    size_t length = (size_t)a->item_size;
    char *out = arena_alloc(memory, length + 1);
    if (!out) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (a->type == NPY_UNICODE)
        length = encode_all(item, a->item_size / 4, out);
    else
        memcpy(out, item, length);
    while (length != SIZE_MAX && length > 0 && out[length - 1] == '\0')
        length--;
    if (length == SIZE_MAX || memchr(out, '\0', length) || !text_is_utf8(out, length))
        return err_set(e, STATUS_BAD_FILE, "npy: element %lld is not a text", (long long)i);
    *text = out;
    return STATUS_OK;
}
