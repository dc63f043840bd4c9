#include "core/sha256.h"

#include <string.h>
#include <unistd.h>

#include "core/bytes_internal.h"

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, int n) {
    return x >> n | x << (32 - n);
}

static void compress(uint32_t state[8], const uint8_t block[64]) {
    uint32_t w[64];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i++) {
        uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + constants[i] + w[i];
        uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + t2;
    }
    const uint32_t sums[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++)
        state[i] += sums[i];
}

void sha256_init(sha256 *s) {
    *s = (sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                            0x1f83d9ab, 0x5be0cd19}};
}

void sha256_update(sha256 *s, const void *data, size_t size) {
    if (size == 0) return;
    const uint8_t *p = data;
    size_t held = s->length % 64;
    s->length += size;
    if (held > 0) {
        size_t n = size < 64 - held ? size : 64 - held;
        memcpy(s->block + held, p, n);
        if (held + n < 64) return;
        compress(s->state, s->block);
        p += n, size -= n;
    }
    for (; size >= 64; p += 64, size -= 64)
        compress(s->state, p);
    if (size > 0) memcpy(s->block, p, size);
}

void sha256_hex(sha256 *s, char hex[SHA256_HEX]) {
    uint64_t bits = s->length * 8;
    uint8_t padding[72] = {0x80};
    size_t zeros = (64 + 55 - s->length % 64) % 64; /* up to 8 bytes before the end of a block */
    for (int i = 0; i < 8; i++)
        padding[1 + zeros + i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_update(s, padding, 1 + zeros + 8);
    for (int i = 0; i < 64; i++)
        hex[i] = "0123456789abcdef"[s->state[i / 8] >> (28 - 4 * (i % 8)) & 15];
    hex[64] = '\0';
}

void sha256_of(const void *data, size_t size, char hex[SHA256_HEX]) {
    sha256 s;
    sha256_init(&s);
    sha256_update(&s, data, size);
    sha256_hex(&s, hex);
}

status sha256_file(const char *path, char hex[SHA256_HEX], err *e) {
    hex[0] = '\0';
    int descriptor;
    uint64_t expected;
    status s = file_open(path, &descriptor, &expected, e);
    if (s != STATUS_OK) return s;
    sha256 hash;
    sha256_init(&hash);
    uint8_t buffer[1 << 15];
    for (size_t got = sizeof buffer; s == STATUS_OK && got == sizeof buffer;) {
        s = file_fill(descriptor, path, buffer, sizeof buffer, &got, e);
        sha256_update(&hash, buffer, got);
    }
    close(descriptor);
    if (s == STATUS_OK) sha256_hex(&hash, hex);
    return s;
}
