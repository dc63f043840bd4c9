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

INLINE void sum_tile(const ptrdiff_t spread, const int vectors, const int rows, const direct_terms *t,
                     const float *a, const float *b, float *tile) {
    vec sum[DIRECT_MOST_ROWS][DIRECT_MOST_VECTORS];
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++)
            sum[r][v] = vec_zero();
    }
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
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++)
            vec_store(tile + (r * vectors + v) * LANES, sum[r][v]);
    }
}

#define SUM(spread, vectors, rows) SUM_NAMED(sum_##spread##_##vectors##_##rows, spread, vectors, rows)
#define SUM_NAMED(name, spread, vectors, rows)                                                               \
    static void name(const direct_terms *t, const float *a, const float *b, float *tile) {                   \
        sum_tile(spread, vectors, rows, t, a, b, tile);                                                      \
    }

/* The rows of a linear layer lie apart by their length. */
SUM_NAMED(sum_rows_1, t->spread, 1, DIRECT_LINEAR_ROWS)
SUM_NAMED(sum_rows_2, t->spread, 2, DIRECT_LINEAR_ROWS)

static void copy_pixels(int n, int channels, const float *from, size_t step, float *to, size_t spread) {
    if (spread == 1 && step == 1) {
        memcpy(to, from, (size_t)n * sizeof(float));
        return;
    }
    if (spread == 1 && step == 2) { /* a loop of its own, so that grey images go by vectors */
        for (int i = 0; i < n; i++)
            to[i] = from[2 * i];
        return;
    }
    for (int i = 0; i < n; i++, from += step, to += spread) {
        if (channels == DIRECT_BLOCK)
            memcpy(to, from, DIRECT_BLOCK * sizeof(float));
        else
            for (int c = 0; c < channels; c++)
                to[c] = from[c];
    }
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

/* The parts of an epilogue, so that a loop over a tile is compiled for each set of them. */
enum { BIAS = 1, ADDEND = 2, RELU = 4, MASK = 8, GATE = 16, EVERY_PART = 31 };

static unsigned parts_of(const epilogue *p) {
    return (p->bias ? BIAS : 0u) | (p->addend ? ADDEND : 0u) | (p->relu ? RELU : 0u) |
           (p->relu && p->mask ? MASK : 0u) | (p->gate ? GATE : 0u);
}

/* One vector of a tile's width, n <= LANES of its channels used, over all rows. */
INLINE void finish_column(const unsigned parts, const direct_target *t, int column, int n, int rows,
                          int width, const float *tile) {
    const epilogue *p = t->p;
    part used = vec_part(n);
    vec bias = parts & BIAS ? vec_load_part(p->bias + t->channel + column, used) : vec_zero();
    size_t at = t->first * (size_t)t->channels + (size_t)(t->channel + column),
           step = t->step * (size_t)t->channels;
    for (int r = 0; r < rows; r++, at += step) {
        vec v = vec_load(tile + r * width + column);
        if (parts & BIAS) v = vec_add(v, bias);
        if (parts & ADDEND) v = vec_add(v, vec_load_part(p->addend + at, used));
        if (parts & MASK) write_bits(p->mask, at, n, vec_positive(v));
        if (parts & RELU) v = vec_rectify(v);
        if (parts & GATE) v = vec_keep(v, bits_at(p->gate, at, n));
        vec_store_part(t->out + at, used, v);
    }
}

typedef void (*finish_parts)(const direct_target *t, int column, int n, int rows, int width,
                             const float *tile);
#define FINISH(parts)                                                                                        \
    static void finish_##parts(const direct_target *t, int column, int n, int rows, int width,               \
                               const float *tile) {                                                          \
        finish_column(parts, t, column, n, rows, width, tile);                                               \
    }
#define FINISH_NAME(parts) finish_##parts,
/* clang-format off */
#define EACH_PARTS(X) \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) \
    X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
/* clang-format on */
EACH_PARTS(FINISH)
static const finish_parts finish_columns[EVERY_PART + 1] = {EACH_PARTS(FINISH_NAME)};

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

static void finish_values(const direct_target *t, int rows, int width, const float *tile) {
    for (int r = 0; r < rows; r++) {
        size_t at = (t->first + (size_t)r * t->step) * (size_t)t->channels + (size_t)t->channel;
        for (int c = 0; c < t->count; c++)
            finish_value(t->p, tile[r * width + c], t->channel + c, at + (size_t)c, t->out);
    }
}

static void finish(const direct_target *t, int rows, int width, const float *tile) {
    unsigned parts = parts_of(t->p);
    if (t->channels % 8 != 0 && parts & (MASK | GATE)) {
        finish_values(t, rows, width, tile);
        return;
    }
    for (int column = 0; column < t->count; column += LANES)
        finish_columns[parts](t, column, t->count - column < LANES ? t->count - column : LANES, rows, width,
                              tile);
}
