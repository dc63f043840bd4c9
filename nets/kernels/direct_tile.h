/* The tiles of one instruction set, in terms of `vec`, LANES and the vec_ functions that the including file
 * defines.
 *
 * A tile's sums are independent chains of fused multiply-adds over the terms in order: an element's bits
 * depend neither on the tile's size nor on its place in it. */

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#define INLINE static inline __attribute__((always_inline))

INLINE void sum_tile(const int spread, const int vectors, const int rows, const direct_terms *t,
                     const float *a, const float *b, float *tile) {
    vec sum[DIRECT_MOST_ROWS][DIRECT_MOST_VECTORS];
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        sum[r][v] = vec_zero();
    for (int s = 0; s < t->n; s++) {
        const float *from = a + t->segments[s].offset;
        for (int i = t->segments[s].count; i > 0; i--, from += t->step_a, b += t->step_b) {
            vec w[DIRECT_MOST_VECTORS];
            UNROLL
            for (int v = 0; v < vectors; v++)
                w[v] = vec_load(b + v * LANES);
            UNROLL
            for (int r = 0; r < rows; r++) {
                vec x = vec_broadcast(from + r * spread);
                UNROLL
                for (int v = 0; v < vectors; v++)
                    sum[r][v] = vec_multiply_add(x, w[v], sum[r][v]);
            }
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        vec_store(tile + (r * vectors + v) * LANES, sum[r][v]);
}

#define SUM(spread, vectors, rows)                                                                           \
    static void sum_##spread##_##vectors##_##rows(const direct_terms *t, const float *a, const float *b,     \
                                                  float *tile) {                                             \
        sum_tile(spread, vectors, rows, t, a, b, tile);                                                      \
    }

INLINE void sum_eight_rows(const int vectors, int k, const float *x, const float *w, float *tile) {
    enum { ROWS = 8 };
    vec sum[ROWS][DIRECT_MOST_VECTORS];
    const float *row[ROWS];
    UNROLL
    for (int r = 0; r < ROWS; r++) {
        row[r] = x + (size_t)r * (size_t)k;
        UNROLL
        for (int v = 0; v < vectors; v++)
            sum[r][v] = vec_zero();
    }
    for (int i = 0; i < k; i++, w += vectors * LANES) {
        vec c[DIRECT_MOST_VECTORS];
        UNROLL
        for (int v = 0; v < vectors; v++)
            c[v] = vec_load(w + v * LANES);
        UNROLL
        for (int r = 0; r < ROWS; r++) {
            vec f = vec_broadcast(row[r] + i);
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[r][v] = vec_multiply_add(f, c[v], sum[r][v]);
        }
    }
    UNROLL
    for (int r = 0; r < ROWS; r++)
        UNROLL
    for (int v = 0; v < vectors; v++)
        vec_store(tile + (r * vectors + v) * LANES, sum[r][v]);
}

/* Bits [at, at + n) of a mask whose at and n are multiples of 8. */
INLINE unsigned bits_at(const uint8_t *bits, size_t at, int n) {
    unsigned b = bits[at / 8];
    return n > 8 ? b | (unsigned)bits[at / 8 + 1] << 8 : b;
}

INLINE void write_bits(uint8_t *bits, size_t at, int n, unsigned b) {
    bits[at / 8] = (uint8_t)b;
    if (n > 8) bits[at / 8 + 1] = (uint8_t)(b >> 8);
}

/* n <= LANES values of channel c and element `at`. */
INLINE void finish_vector(const epilogue *p, vec v, int c, size_t at, int n, float *out) {
    if (p->bias) v = vec_add(v, vec_load_part(p->bias + c, n));
    if (p->addend) v = vec_add(v, vec_load_part(p->addend + at, n));
    if (p->relu) {
        if (p->mask) write_bits(p->mask, at, n, vec_positive(v));
        v = vec_rectify(v);
    }
    if (p->gate) v = vec_keep(v, bits_at(p->gate, at, n));
    vec_store_part(out + at, n, v);
}

/* One value whose mask bit shares its byte with other pixels; the mask was zeroed before. */
static void finish_value(const epilogue *p, float v, int c, size_t at, float *out) {
    if (p->bias) v += p->bias[c];
    if (p->addend) v += p->addend[at];
    if (p->relu) {
        if (p->mask && v > 0) p->mask[at / 8] |= (uint8_t)(1u << (at % 8));
        v = v <= 0 ? 0 : v;
    }
    if (p->gate && !(p->gate[at / 8] >> (at % 8) & 1)) v = 0;
    out[at] = v;
}

static void finish(const direct_target *t, int rows, int width, const float *tile) {
    bool whole_bytes = t->channels % 8 == 0 || !(t->p->gate || (t->p->relu && t->p->mask));
    for (int r = 0; r < rows; r++) {
        const float *from = tile + r * width;
        size_t at = (t->first + (size_t)r * t->step) * (size_t)t->channels + (size_t)t->channel;
        if (whole_bytes) {
            for (int c = 0; c < t->count; c += LANES)
                finish_vector(t->p, vec_load(from + c), t->channel + c, at + (size_t)c,
                              t->count - c < LANES ? t->count - c : LANES, t->out);
        } else {
            for (int c = 0; c < t->count; c++)
                finish_value(t->p, from[c], t->channel + c, at + (size_t)c, t->out);
        }
    }
}
