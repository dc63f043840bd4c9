/* Products of matrices. */
#include <string.h>

#include "nets/onnx/operator_internal.h"

typedef struct matrix {
    const float *at;
    size_t row_step, column_step;
} matrix;

/* out (m x n) = a (m x k) b (k x n), sums in double in `sums` (n). */
static void multiply(matrix a, matrix b, size_t m, size_t k, size_t n, double *sums, float *out) {
    for (size_t i = 0; i < m; i++) {
        memset(sums, 0, n * sizeof *sums);
        for (size_t l = 0; l < k; l++) {
            double factor = (double)a.at[i * a.row_step + l * a.column_step];
            for (size_t j = 0; j < n; j++)
                sums[j] += factor * (double)b.at[l * b.row_step + j * b.column_step];
        }
        for (size_t j = 0; j < n; j++)
            out[i * n + j] = (float)sums[j];
    }
}

static status need_two(op_call *c) {
    status s = op_need_floats(c, 0);
    return s == STATUS_OK ? op_need_floats(c, 1) : s;
}

static status gemm_add(op_call *c, onnx_tensor *out, float alpha, float beta) {
    const onnx_tensor *bias = op_input(c, 2);
    for (size_t i = 0; i < out->n; i++)
        out->floats[i] *= alpha;
    if (!bias) return STATUS_OK;
    broadcast walk;
    status s = op_need_floats(c, 2);
    if (s == STATUS_OK) s = op_broadcast(c, (const onnx_tensor *const[]){out, bias}, 2, &walk);
    if (s != STATUS_OK) return s;
    if (walk.rank != 2 || walk.n != out->n) return op_bad(c, "input 2 does not fit the product");
    for (size_t i = 0; i < out->n; i++, broadcast_next(&walk))
        out->floats[i] += beta * bias->floats[walk.at[1]];
    return STATUS_OK;
}

status op_gemm(op_call *c) {
    const onnx_tensor *a = c->in[0], *b = c->in[1];
    status s = need_two(c);
    if (s != STATUS_OK) return s;
    if (a->rank != 2 || b->rank != 2)
        return op_bad(c, "inputs of %d and %d dimensions, expected 2", a->rank, b->rank);
    bool ta = onnx_int(c->node, "transA", 0) != 0, tb = onnx_int(c->node, "transB", 0) != 0;
    int64_t m = a->dims[ta], k = a->dims[!ta], n = b->dims[!tb];
    if (b->dims[tb] != k) return op_bad(c, "the inner dimensions do not fit");
    onnx_tensor *out;
    double *sums;
    s = op_new(c, 0, a->type, 2, (int64_t[]){m, n}, &out);
    if (s == STATUS_OK) s = op_scratch(c, (size_t)n, sizeof *sums, &sums);
    if (s == STATUS_OK) s = op_work(c, (size_t)m, (size_t)k, (size_t)n + 1);
    if (s != STATUS_OK) return s;
    matrix ma = {a->floats, ta ? 1 : (size_t)k, ta ? (size_t)m : 1};
    matrix mb = {b->floats, tb ? 1 : (size_t)n, tb ? (size_t)k : 1};
    multiply(ma, mb, (size_t)m, (size_t)k, (size_t)n, sums, out->floats);
    return gemm_add(c, out, onnx_float(c->node, "alpha", 1), onnx_float(c->node, "beta", 1));
}

/* As numpy: the last two dimensions are matrices, those in front broadcast; of one dimension: a row on the left, a column on the
 * right, that the result does not have. */
static onnx_tensor as_matrices(const onnx_tensor *t, bool left) {
    onnx_tensor m = *t;
    if (t->rank > 1) return m;
    m.rank = 2;
    m.dims[0] = left ? 1 : t->dims[0];
    m.dims[1] = left ? t->dims[0] : 1;
    return m;
}

/* The shape of the stack of matrices in front of the last two dimensions. */
static status broadcast_stacks(op_call *c, const onnx_tensor *a, const onnx_tensor *b, broadcast *walk) {
    onnx_tensor stacks[2] = {*a, *b};
    for (int i = 0; i < 2; i++)
        stacks[i].rank -= 2;
    return op_broadcast(c, (const onnx_tensor *const[]){&stacks[0], &stacks[1]}, 2, walk);
}

status op_matmul(op_call *c) {
    status s = need_two(c);
    if (s != STATUS_OK) return s;
    if (c->in[0]->rank == 0 || c->in[1]->rank == 0) return op_bad(c, "a scalar");
    onnx_tensor a = as_matrices(c->in[0], true), b = as_matrices(c->in[1], false), *out;
    int64_t m = a.dims[a.rank - 2], k = a.dims[a.rank - 1], n = b.dims[b.rank - 1];
    if (b.dims[b.rank - 2] != k) return op_bad(c, "the inner dimensions do not fit");
    broadcast walk;
    s = broadcast_stacks(c, &a, &b, &walk);
    if (s != STATUS_OK) return s;
    int64_t dims[ONNX_MOST_RANK + 2];
    int rank = walk.rank;
    memcpy(dims, walk.dims, (size_t)rank * sizeof *dims);
    if (c->in[0]->rank > 1) dims[rank++] = m;
    if (c->in[1]->rank > 1) dims[rank++] = n;
    double *sums;
    s = op_new(c, 0, a.type, rank, dims, &out);
    if (s == STATUS_OK) s = op_scratch(c, (size_t)n, sizeof *sums, &sums);
    if (s == STATUS_OK) s = op_work(c, walk.n, (size_t)m, (size_t)k * (size_t)(n + 1));
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < walk.n && out->n > 0; i++, broadcast_next(&walk))
        multiply((matrix){a.floats + walk.at[0] * m * k, (size_t)k, 1},
                 (matrix){b.floats + walk.at[1] * k * n, (size_t)n, 1}, (size_t)m, (size_t)k, (size_t)n, sums,
                 out->floats + i * (size_t)(m * n));
    return STATUS_OK;
}
