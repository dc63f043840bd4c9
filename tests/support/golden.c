#include "tests/support/golden.h"

#include "tests/support/test.h"

uint32_t golden_key(const char *text) {
    uint32_t h = 2166136261u;
    for (; *text; text++) {
        h = (h ^ (uint8_t)*text) * 16777619u;
    }
    return h;
}

float golden_unit(uint32_t key, uint32_t i) {
    uint32_t x = i * 0x9E3779B1u + key;
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x = (x ^ (x >> 15)) * 0x846CA68Bu;
    x = x ^ (x >> 16);
    return (float)((double)(x >> 8) / 8388608.0 - 1);
}

npz golden_open(const char *file) {
    char relative[256];
    snprintf(relative, sizeof relative, "tests/golden/%s", file);
    err e;
    npz z;
    assert_ok(npz_read_file(source_path(relative), &z, &e), e);
    return z;
}

double *golden_array(const npz *z, const char *name, int64_t count) {
    const npy *a = npz_find(z, name);
    if (!a) fail_msg("golden array %s is absent", name);
    if (a->count != count) {
        fail_msg("golden array %s has %lld elements, expected %lld", name, (long long)a->count,
                 (long long)count);
    }
    double *out = malloc((size_t)count * sizeof *out);
    assert_non_null(out);
    for (int64_t i = 0; i < count; i++) {
        out[i] = npy_number(a, i);
    }
    return out;
}
