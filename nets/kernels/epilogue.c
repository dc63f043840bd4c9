#include "nets/kernels/epilogue.h"

static void add_bias(const float *bias, size_t count, int channels, float *v) {
    for (size_t i = 0; i < count; i += (size_t)channels)
        for (int c = 0; c < channels; c++)
            v[i + (size_t)c] += bias[c];
}

static void add(const float *addend, size_t count, float *v) {
    for (size_t i = 0; i < count; i++)
        v[i] += addend[i];
}

static void write_mask(size_t count, const float *v, uint8_t *mask) {
    size_t whole = count / 8;
    for (size_t i = 0; i < whole; i++) {
        unsigned bits = 0;
        for (unsigned j = 0; j < 8; j++)
            bits |= (unsigned)(v[8 * i + j] > 0) << j;
        mask[i] = (uint8_t)bits;
    }
    if (count % 8 == 0) return;
    mask[whole] = 0;
    for (size_t j = 8 * whole; j < count; j++)
        mask[whole] |= (uint8_t)((v[j] > 0) << (j % 8));
}

/* Written so that a NaN stays: it is not <= 0. */
static void rectify(size_t count, float *v) {
    for (size_t i = 0; i < count; i++)
        v[i] = v[i] <= 0 ? 0 : v[i];
}

static void apply_gate(const uint8_t *gate, size_t count, float *v) {
    for (size_t i = 0; i < count; i++)
        v[i] = gate[i / 8] >> (i % 8) & 1 ? v[i] : 0;
}

void epilogue_apply(const epilogue *p, size_t count, int channels, float *v) {
    if (p->bias) add_bias(p->bias, count, channels, v);
    if (p->addend) add(p->addend, count, v);
    if (p->relu) {
        if (p->mask) write_mask(count, v, p->mask);
        rectify(count, v);
    }
    if (p->gate) apply_gate(p->gate, count, v);
}
