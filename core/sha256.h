/* SHA-256 (FIPS 180-4), for the hashes of data and models in results. */
#ifndef CORE_SHA256_H
#define CORE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct sha256 {
    uint32_t state[8];
    uint64_t length;
    uint8_t block[64];
} sha256;

enum { SHA256_HEX = 65 }; /* 64 hexadecimal digits and the terminator */

void sha256_init(sha256 *s);
void sha256_update(sha256 *s, const void *data, size_t size);
void sha256_hex(sha256 *s, char hex[SHA256_HEX]); /* finishes */

void sha256_of(const void *data, size_t size, char hex[SHA256_HEX]);
MUST_CHECK status sha256_file(const char *path, char hex[SHA256_HEX], err *e);

#endif
