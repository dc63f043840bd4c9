/* Parameters between our layouts and those of a PyTorch state_dict. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nets/model_file.h"
#include "nets/model_file_internal.h"

/* For each value of a parameter in PyTorch's order, where it is in ours. */
typedef struct layout {
    enum { LAYOUT_SAME, LAYOUT_CONV, LAYOUT_FLATTENED } kind;
    size_t taps, in, out;    /* conv: kernel positions, channels */
    size_t pixels, channels; /* flattened input of a linear layer */
} layout;

static layout layout_of(const net *n, const net_param *p) {
    shape map = n->nodes[p->node].flattened;
    const int *d = p->info.dims;
    if (p->info.kind == PARAM_WEIGHT && p->info.rank == 4)
        return (layout){.kind = LAYOUT_CONV,
                        .taps = (size_t)d[0] * (size_t)d[1],
                        .in = (size_t)d[2],
                        .out = (size_t)d[3]};
    if (p->info.kind == PARAM_WEIGHT && map.c)
        return (layout){
            .kind = LAYOUT_FLATTENED, .pixels = (size_t)map.h * (size_t)map.w, .channels = (size_t)map.c};
    return (layout){.kind = LAYOUT_SAME};
}

static size_t ours(const layout *l, size_t i) {
    if (l->kind == LAYOUT_CONV) { /* OIHW -> HWIO */
        size_t tap = i % l->taps, in = i / l->taps % l->in, out = i / l->taps / l->in;
        return (tap * l->in + in) * l->out + out;
    }
    if (l->kind == LAYOUT_FLATTENED) { /* out x CHW -> out x HWC */
        size_t size = l->pixels * l->channels, pixel = i % l->pixels, channel = i % size / l->pixels;
        return i / size * size + pixel * l->channels + channel;
    }
    return i;
}

void param_to_pytorch(const net *n, const net_param *p, const float *from, float *to) {
    layout l = layout_of(n, p);
    for (size_t i = 0; i < p->size; i++)
        to[i] = from[ours(&l, i)];
}

void param_from_pytorch(const net *n, const net_param *p, const float *from, float *to) {
    layout l = layout_of(n, p);
    for (size_t i = 0; i < p->size; i++)
        to[ours(&l, i)] = from[i];
}

void param_copy(const net *from_net, const net_param *source, const float *from, const net *to_net,
                const net_param *target, float *to) {
    layout l = layout_of(from_net, source), m = layout_of(to_net, target);
    for (size_t i = 0; i < target->size; i++)
        to[ours(&m, i)] = from[ours(&l, i)];
}

int param_pytorch_dims(const net_param *p, int64_t dims[PARAM_MOST_RANK]) {
    static const int oihw[] = {3, 2, 0, 1};
    for (int k = 0; k < p->info.rank; k++)
        dims[k] = p->info.dims[p->info.rank == 4 ? oihw[k] : k];
    return p->info.rank;
}

static status check_shape(const net_param *p, const st_tensor *t, err *e) {
    int64_t dims[PARAM_MOST_RANK];
    bool same = param_pytorch_dims(p, dims) == t->rank;
    for (int k = 0; same && k < t->rank; k++)
        same = dims[k] == t->dims[k];
    if (same) return STATUS_OK;
    char expected[96] = "", found[160] = "";
    dims_text(p->info.rank, dims, expected, sizeof expected);
    dims_text(t->rank, t->dims, found, sizeof found);
    return err_set(e, STATUS_BAD_FILE, "tensor '%s' has shape %s, expected %s", p->name, found, expected);
}

static status check_values(const net_param *p, const float *values, err *e) {
    for (size_t i = 0; i < p->size; i++) {
        if (!isfinite(values[i]))
            return err_set(e, STATUS_BAD_FILE, "tensor '%s' holds %s at %zu, expected finite numbers",
                           p->name, isnan(values[i]) ? "NaN" : "an infinity", i);
        if (p->info.kind == BUFFER_VARIANCE && values[i] < 0)
            return err_set(e, STATUS_BAD_FILE, "tensor '%s' holds a variance of %g at %zu", p->name,
                           (double)values[i], i);
    }
    return STATUS_OK;
}

static status load_param(const net *n, const net_param *p, const safetensors *file, float *room, weights *w,
                         err *e) {
    const st_tensor *t = safetensors_find(file, p->name);
    if (!t) return err_set(e, STATUS_BAD_FILE, "tensor '%s' is missing", p->name);
    status s = check_shape(p, t, e);
    if (s == STATUS_OK) s = st_tensor_floats(t, room, e);
    if (s == STATUS_OK) s = check_values(p, room, e);
    if (s == STATUS_OK) param_from_pytorch(n, p, room, w->data + p->offset);
    return s;
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

static status check_no_others(const net *n, const safetensors *file, err *e) {
    int counters = 0;
    for (int i = 0; i < file->n; i++)
        counters += ends_with(file->tensors[i].name, ".num_batches_tracked");
    if (file->n - counters == n->n_params)
        return STATUS_OK; /* all parameters were found, and names are unique */
    for (int i = 0; i < file->n; i++) {
        bool known = ends_with(file->tensors[i].name, ".num_batches_tracked");
        for (int p = 0; p < n->n_params && !known; p++)
            known = !strcmp(n->params[p].name, file->tensors[i].name);
        if (!known)
            return err_set(e, STATUS_BAD_FILE, "tensor '%.96s' belongs to no layer of the net",
                           file->tensors[i].name);
    }
    return STATUS_OK;
}

status weights_from_state_dict(const net *n, const safetensors *file, weights *w, err *e) {
    size_t most = 1;
    for (int p = 0; p < n->n_params; p++)
        most = n->params[p].size > most ? n->params[p].size : most;
    float *room = malloc(most * sizeof *room);
    if (!room) return err_set(e, STATUS_NO_MEMORY, "no memory for a tensor of %zu values", most);
    status s = STATUS_OK;
    for (int p = 0; p < n->n_params && s == STATUS_OK; p++)
        s = load_param(n, &n->params[p], file, room, w, e);
    if (s == STATUS_OK) s = check_no_others(n, file, e);
    free(room);
    w->version++;
    return s;
}
