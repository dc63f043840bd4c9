/* Base64 (RFC 4648, with padding), for bitmaps and pictures inside JSON. */
#ifndef AUDIT_BASE64_H
#define AUDIT_BASE64_H

#include "core/bytes.h"

/* A terminated text, malloc'ed, that begins with `prefix` (may be ""); NULL when memory is out. */
char *base64_encode(const char *prefix, const uint8_t *data, size_t size);

/* Strict: padding and alphabet are checked, and unused bits must be zero. */
MUST_CHECK status base64_decode(const char *text, bytes *out, err *e);

#endif
