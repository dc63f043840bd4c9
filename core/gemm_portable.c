#include "core/gemm_internal.h"

#include <string.h>

#include "core/twins.h"

/* A block of ROWS x COLUMNS results keeps its sums while slices of DEPTH of k go by; a tile of TILE rows of
 * it fits the registers. Columns are the vector direction: sums over k may not be reordered, neighbouring
 * columns are independent. */
enum { ROWS = 64, COLUMNS = 16, DEPTH = 256, TILE = 4 };

static int least(int a, int b) {
    return a < b ? a : b;
}

/* Rows k of B, COLUMNS wide, laid one behind the other; missing columns are 0. */
static void pack(float packed[DEPTH][COLUMNS], matrix b, int depth, int columns) {
    for (int k = 0; k < depth; k++)
        for (int j = 0; j < COLUMNS; j++)
            packed[k][j] = j < columns ? b.data[(size_t)k * b.row + (size_t)j * b.column] : 0;
}

/* sums += A's rows times the packed slice of B. Rows beyond `rows` repeat the last one; their sums are never
 * read. */
WIDER_TWINS static void add_tile(float sums[TILE][COLUMNS], matrix a, int rows, int depth,
                                 float packed[DEPTH][COLUMNS]) {
    const float *row[TILE];
    for (int i = 0; i < TILE; i++)
        row[i] = a.data + (size_t)least(i, rows - 1) * a.row;
    float s[TILE][COLUMNS];
    memcpy(s, sums, sizeof s);
    for (int k = 0; k < depth; k++)
        for (int i = 0; i < TILE; i++)
            for (int j = 0; j < COLUMNS; j++)
                s[i][j] += row[i][(size_t)k * a.column] * packed[k][j];
    memcpy(sums, s, sizeof s);
}

static void store(float sums[ROWS][COLUMNS], int rows, int columns, float alpha, float beta, float *c,
                  size_t ldc) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            float *out = c + (size_t)i * ldc + j;
            *out = beta == 0 ? alpha * sums[i][j] : alpha * sums[i][j] + beta * *out;
        }
}

static matrix from(matrix a, int i, int j) {
    a.data += (size_t)i * a.row + (size_t)j * a.column;
    return a;
}

static void block(int rows, int columns, int k, float alpha, matrix a, matrix b, float beta, float *c,
                  size_t ldc) {
    float sums[ROWS][COLUMNS] = {0}, packed[DEPTH][COLUMNS];
    for (int begin = 0; begin < k; begin += DEPTH) {
        int depth = least(DEPTH, k - begin);
        pack(packed, from(b, begin, 0), depth, columns);
        for (int i = 0; i < rows; i += TILE)
            add_tile(sums + i, from(a, i, begin), least(TILE, rows - i), depth, packed);
    }
    store(sums, rows, columns, alpha, beta, c, ldc);
}

void gemm_portable(int m, int n, int k, float alpha, matrix a, matrix b, float beta, float *c, size_t ldc) {
    for (int j = 0; j < n; j += COLUMNS)
        for (int i = 0; i < m; i += ROWS)
            block(least(ROWS, m - i), least(COLUMNS, n - j), k, alpha, from(a, i, 0), from(b, 0, j), beta,
                  c + (size_t)i * ldc + j, ldc);
}
