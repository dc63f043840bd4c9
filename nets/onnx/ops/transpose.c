/* The same elements in another order. */
#include <inttypes.h>
#include <string.h>

#include "nets/onnx/operator_internal.h"

/* Output 0: `in`, seen as of shape dims[0..rank), with axis order[i] as its axis i, then in shape out_dims. */
static status permute(op_call *c, const onnx_tensor *in, int rank, const int64_t *dims, const int *order,
                      int out_rank, const int64_t *out_dims) {
    int64_t dense[ONNX_MOST_RANK], view_dims[ONNX_MOST_RANK], strides[ONNX_MOST_RANK];
    op_strides(rank, dims, dense);
    for (int i = 0; i < rank; i++) {
        view_dims[i] = dims[order[i]];
        strides[i] = dense[order[i]];
    }
    return op_view(c, in, rank, view_dims, strides, out_rank, out_dims ? out_dims : view_dims);
}

status op_transpose(op_call *c) {
    const onnx_tensor *x = c->in[0];
    const onnx_attribute *perm = onnx_attribute_find(c->node, "perm");
    if (perm && perm->n != x->rank) return op_bad(c, "perm has %d entries, expected %d", perm->n, x->rank);
    bool marked[ONNX_MOST_RANK];
    int order[ONNX_MOST_RANK];
    status s = perm ? op_axes(c, (op_list){perm->n, perm->ints}, x->rank, marked) : STATUS_OK;
    if (s != STATUS_OK) return s;
    for (int i = 0; i < x->rank; i++) {
        int64_t axis = perm ? perm->ints[i] : x->rank - 1 - i;
        order[i] = (int)(axis < 0 ? axis + x->rank : axis);
    }
    return permute(c, x, x->rank, x->dims, order, x->rank, NULL);
}

static status need_blocks(op_call *c, int64_t *block) {
    *block = onnx_int(c->node, "blocksize", 0);
    if (c->in[0]->rank != 4) return op_bad(c, "an input of %d dimensions, expected 4", c->in[0]->rank);
    if (*block < 1 || *block > 1 << 15) return op_bad(c, "blocksize is %" PRId64, *block);
    return STATUS_OK;
}

status op_depth_to_space(op_call *c) {
    int64_t b;
    status s = need_blocks(c, &b);
    if (s != STATUS_OK) return s;
    const onnx_tensor *x = c->in[0];
    int64_t n = x->dims[0], depth = x->dims[1] / (b * b), h = x->dims[2], w = x->dims[3];
    if (x->dims[1] % (b * b) != 0)
        return op_bad(c, "%" PRId64 " channels in blocks of %" PRId64, x->dims[1], b);
    const int64_t out[] = {n, depth, h * b, w * b};
    if (strcmp(onnx_string(c->node, "mode", "DCR"), "CRD") == 0)
        return permute(c, x, 6, (int64_t[]){n, depth, b, b, h, w}, (int[]){0, 1, 4, 2, 5, 3}, 4, out);
    return permute(c, x, 6, (int64_t[]){n, b, b, depth, h, w}, (int[]){0, 3, 4, 1, 5, 2}, 4, out);
}

status op_space_to_depth(op_call *c) {
    int64_t b;
    status s = need_blocks(c, &b);
    if (s != STATUS_OK) return s;
    const onnx_tensor *x = c->in[0];
    int64_t n = x->dims[0], depth = x->dims[1], h = x->dims[2] / b, w = x->dims[3] / b;
    if (x->dims[2] % b != 0 || x->dims[3] % b != 0)
        return op_bad(c, "a picture that is no multiple of the blocks");
    const int64_t out[] = {n, depth * b * b, h, w};
    return permute(c, x, 6, (int64_t[]){n, depth, h, b, w, b}, (int[]){0, 3, 5, 1, 2, 4}, 4, out);
}
