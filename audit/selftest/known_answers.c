/* Published vectors. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/selftest/selftest_internal.h"
#include "core/rng.h"
#include "core/sha256.h"

bool selftest_philox(const run *r, char detail[SELFTEST_DETAIL]) {
    (void)r;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } vectors[] = {/* Random123, kat_vectors */
                   {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
                   {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                    {0xa4093822, 0x299f31d0},
                    {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint32_t out[4];
        philox4x32_10(vectors[i].counter, vectors[i].key, out);
        if (memcmp(out, vectors[i].out, sizeof out) == 0) continue;
        snprintf(detail, SELFTEST_DETAIL, "vector %zu begins with %08" PRIx32 ", expected %08" PRIx32, i,
                 out[0], vectors[i].out[0]);
        return false;
    }
    snprintf(detail, SELFTEST_DETAIL, "2 vectors");
    return true;
}

bool selftest_sha256(const run *r, char detail[SELFTEST_DETAIL]) {
    (void)r;
    static const char expected[] =
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; /* FIPS 180-4, "abc" */
    char hex[SHA256_HEX];
    sha256_of("abc", 3, hex);
    snprintf(detail, SELFTEST_DETAIL, "%.16s...", hex);
    return strcmp(hex, expected) == 0;
}
