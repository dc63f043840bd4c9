#include <stdlib.h>
#include <string.h>

#include "nets/net.h"

static status allocate(size_t n, weights *out, err *e) {
    size_t bytes;
    *out = (weights){0};
    if (size_multiply(n ? n : 1, sizeof(float), &bytes)) out->data = alloc_aligned(bytes);
    if (!out->data) return err_set(e, STATUS_NO_MEMORY, "no memory for %zu parameters", n);
    out->n = n;
    out->version = 1;
    return STATUS_OK;
}

status weights_new(const net *n, weights *out, err *e) {
    status s = allocate(n->n_floats, out, e);
    if (s != STATUS_OK) return s;
    memset(out->data, 0, n->n_floats * sizeof(float));
    for (int p = 0; p < n->n_params; p++) {
        const net_param *param = &n->params[p];
        if (param->info.kind != PARAM_NORM_SCALE && param->info.kind != BUFFER_VARIANCE) continue;
        for (size_t i = 0; i < param->size; i++)
            out->data[param->offset + i] = 1;
    }
    return STATUS_OK;
}

status weights_copy(const weights *from, weights *out, err *e) {
    status s = allocate(from->n, out, e);
    if (s != STATUS_OK) return s;
    memcpy(out->data, from->data, from->n * sizeof(float));
    out->version = from->version;
    return STATUS_OK;
}

void weights_free(weights *w) {
    free(w->data);
    *w = (weights){0};
}
