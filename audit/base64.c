#include "audit/base64.h"

#include <stdlib.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const char *prefix, const uint8_t *data, size_t size) {
    size_t head = strlen(prefix);
    if (size > SIZE_MAX / 2 - head) return NULL;
    char *text = malloc(head + (size + 2) / 3 * 4 + 1);
    if (!text) return NULL;
    memcpy(text, prefix, head);
    char *out = text + head;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t triple = (uint32_t)data[i] << 16;
        if (left > 1) triple |= (uint32_t)data[i + 1] << 8;
        if (left > 2) triple |= data[i + 2];
        *out++ = digits[triple >> 18];
        *out++ = digits[triple >> 12 & 63];
        *out++ = left > 1 ? digits[triple >> 6 & 63] : '=';
        *out++ = left > 2 ? digits[triple & 63] : '=';
    }
    *out = 0;
    return text;
}

/* 0..63, or -1. */
static int digit_value(char digit) {
    const char *found = digit ? strchr(digits, digit) : NULL;
    return found ? (int)(found - digits) : -1;
}

status base64_decode(const char *text, bytes *out, err *e) {
    *out = (bytes){0};
    size_t length = strlen(text), padding = 0;
    if (length % 4)
        return err_set(e, STATUS_BAD_FILE, "base64 of %zu letters, expected a multiple of 4", length);
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
        padding++;
    uint8_t *data = malloc(length / 4 * 3 + 1);
    if (!data) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    uint32_t bits = 0;
    size_t size = 0;
    for (size_t i = 0; i < length - padding; i++) {
        int value = digit_value(text[i]);
        if (value < 0) {
            free(data);
            return err_set(e, STATUS_BAD_FILE, "letter %zu is not base64", i + 1);
        }
        bits = bits << 6 | (uint32_t)value;
        if (i % 4) data[size++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
    }
    uint32_t unused = padding == 1 ? 3 : padding == 2 ? 15 : 0;
    if (bits & unused) {
        free(data);
        return err_set(e, STATUS_BAD_FILE, "base64 with bits left over at its end");
    }
    *out = (bytes){data, size};
    return STATUS_OK;
}
