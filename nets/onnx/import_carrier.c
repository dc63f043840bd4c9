/* Values of the graph and the nodes of the net that carry them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nets/onnx/import_internal.h"

status import_refuse(const importer *im, err *e, const char *format, ...) {
    char why[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    return err_set(e, STATUS_UNSUPPORTED, "node '%.80s' (%.32s, opset %lld): %s", im->at->name, im->at->op,
                   (long long)im->g->opset, why);
}

static bool has_input(const onnx_node *n, int i) {
    return i < n->n_inputs && n->inputs[i] >= 0;
}

const onnx_tensor *import_tensor(const importer *im, const onnx_node *n, int i) {
    return has_input(n, i) ? im->trace->values[n->inputs[i]] : NULL;
}

bool import_depends(const importer *im, const onnx_node *n, int i) {
    return has_input(n, i) && im->trace->depends[n->inputs[i]];
}

const onnx_tensor *import_constant(const importer *im, const onnx_node *n, int i) {
    return import_depends(im, n, i) ? NULL : import_tensor(im, n, i);
}

const onnx_tensor *import_result(const importer *im, const onnx_node *n) {
    return im->trace->values[n->outputs[0]];
}

const int64_t *import_integers(const importer *im, const onnx_node *n, const char *attribute, int input,
                               int *count) {
    const onnx_attribute *a = onnx_attribute_find(n, attribute);
    const onnx_tensor *t = import_constant(im, n, input);
    *count = 0;
    if (a && a->kind == ONNX_ATTRIBUTE_INTS) {
        *count = a->n;
        return a->ints;
    }
    if (!t || !t->ints || t->n > ONNX_MOST_RANK * 2) return NULL;
    *count = (int)t->n;
    return t->ints;
}

int64_t import_before(const onnx_tensor *t, int axis) {
    int64_t n = 1;
    for (int k = 0; k < axis; k++)
        n *= t->dims[k];
    return n;
}

int64_t import_behind(const onnx_tensor *t, int axis) {
    int64_t n = 1;
    for (int k = axis + 1; k < t->rank; k++)
        n *= t->dims[k];
    return n;
}

int import_axis(int64_t axis, int rank) {
    int64_t a = axis < 0 ? axis + rank : axis;
    return a >= 0 && a < rank ? (int)a : -1;
}

shape import_vector(const onnx_tensor *t) {
    return (shape){1, 1, (int)t->n};
}

shape import_shape(const onnx_tensor *t) {
    const int64_t *d = t->dims;
    if (t->rank < 3) return import_vector(t);
    if (t->rank == 3) return (shape){1, (int)d[2], (int)(d[0] * d[1])};
    int r = t->rank;
    return (shape){(int)d[r - 2], (int)d[r - 1], (int)import_before(t, r - 2)};
}

shape import_node_shape(const importer *im, int node) {
    return node >= 0 ? net_being_built(im->b)->nodes[node].out : (shape){1, 1, 1};
}

static int axis_length(shape s, int axis) {
    return axis == MAP_C ? s.c : axis == MAP_H ? s.h : s.w;
}

bool import_plain(const importer *im, const carrier *c) {
    shape s = import_node_shape(im, c->node);
    int last = -1;
    for (int k = 0; k < MAP_AXES; k++) {
        if (axis_length(s, c->axes[k]) == 1) continue;
        if (c->axes[k] < last) return false;
        last = c->axes[k];
    }
    return true;
}

/* --- layers -------------------------------------------------------------------------------------------------------------- */

/* Writes BASE_k, for the first BASE; whether a node is called so already. */
static bool is_taken(const importer *im, const char *base, int k, char out[NET_MOST_NAME + 1]) {
    int length = k == 1 ? snprintf(out, NET_MOST_NAME + 1, "%s", base)
                        : snprintf(out, NET_MOST_NAME + 1, "%s_%d", base, k);
    return length <= NET_MOST_NAME && net_find(net_being_built(im->b), out) >= 0;
}

/* A name that a net allows and that is not taken: foreign characters are replaced, long ones lose their beginning. A graph may call all its
 * nodes alike: the first free number is found by bisection. */
static void free_name(const importer *im, const char *wanted, char out[NET_MOST_NAME + 1]) {
    enum { ROOM = NET_MOST_NAME - 8 };
    wanted += strspn(wanted, "/");
    size_t length = strlen(wanted);
    char base[ROOM + 1];
    snprintf(base, sizeof base, "%s", length > ROOM ? wanted + length - ROOM : length ? wanted : "node");
    for (char *c = base; *c; c++) {
        char one[2] = {*c, 0};
        if (!net_name_is_fine(one)) *c = '_';
    }
    int taken = 0, unused = 1;
    while (is_taken(im, base, unused, out)) {
        taken = unused;
        unused *= 2;
    }
    while (unused - taken > 1) {
        int middle = (taken + unused) / 2;
        *(is_taken(im, base, middle, out) ? &taken : &unused) = middle;
    }
    is_taken(im, base, unused, out);
}

int import_add(importer *im, const char *op, const layer_config *config, int n_inputs, const int *inputs) {
    char name[NET_MOST_NAME + 1];
    if (net_failed(im->b)) return -1;
    free_name(im, im->name, name);
    return net_add(im->b, name, op, config, n_inputs, inputs);
}

int import_add_one(importer *im, const char *op, const layer_config *config, int input) {
    return import_add(im, op, config, 1, &input);
}

void import_param(importer *im, int node, int param, const float *values, size_t n) {
    import_values *v = arena_alloc(im->memory, sizeof *v);
    if (!v) return; /* the parameter is then missing when the net is finished, which says so */
    *v = (import_values){.node = node, .param = param, .values = values, .n = n, .next = im->values};
    im->values = v;
}

float *import_floats(importer *im, size_t n, float value) {
    float *out = arena_array(im->memory, n ? n : 1, sizeof *out);
    for (size_t i = 0; out && i < n; i++)
        out[i] = value;
    return out;
}

int import_affine(importer *im, int node, const float *scale, const float *shift) {
    size_t n = (size_t)import_node_shape(im, node).c;
    int made = import_add_one(im, "affine", NULL, node);
    import_param(im, made, 0, scale, n);
    import_param(im, made, 1, shift, n);
    return made;
}

/* --- carriers ------------------------------------------------------------------------------------------------------------ */

static void normalise(importer *im, carrier *c) {
    int channels = import_node_shape(im, c->node).c;
    layer_config config = {0};
    bool needed = false;
    if (!c->pixels) return;
    c->pixels = false;
    for (int k = 0; k < channels; k++) {
        config.mean[k] = (float)c->mean[k];
        config.std[k] = (float)c->std[k];
        needed |= config.mean[k] != 0 || config.std[k] != 1;
    }
    const char *kept = im->name;
    im->name = "normalise";
    if (needed) c->node = import_add_one(im, "normalise", &config, c->node);
    im->name = kept;
}

int import_any(importer *im, int value) {
    normalise(im, &im->carriers[value]);
    return im->carriers[value].node;
}

/* What a transposition of a map into C,H,W order is called; layers that only move values have no name of their own. */
static int turn(importer *im, const carrier *c, shape have, shape want) {
    layer_config config = {.view = {1, 1, have.c, have.h, have.w},
                           .order = {0, 1, 2 + c->axes[0], 2 + c->axes[1], 2 + c->axes[2]},
                           .to = {want.h, want.w, want.c}};
    return import_add_one(im, "permute", &config, c->node);
}

static int view(importer *im, int node, shape want) {
    layer_config config = {.view = {1, 1, 1, 1, (int)shape_size(want)},
                           .order = {0, 1, 2, 3, 4},
                           .to = {want.h, want.w, want.c}};
    bool vector = want.h == 1 && want.w == 1;
    return vector ? import_add_one(im, "flatten", NULL, node) : import_add_one(im, "permute", &config, node);
}

int import_map(importer *im, int value, shape want) {
    carrier *c = &im->carriers[value];
    normalise(im, c);
    shape have = import_node_shape(im, c->node);
    int node = c->node;
    if (!import_plain(im, c))
        node = turn(im, c, have, want);
    else if (!shape_equal(have, want))
        node = view(im, node, want);
    *c = (carrier){.node = node, .axes = {MAP_C, MAP_H, MAP_W}};
    return node;
}

void import_give(importer *im, const onnx_node *n, int node) {
    im->carriers[n->outputs[0]] = (carrier){.node = node, .axes = {MAP_C, MAP_H, MAP_W}};
}

void import_give_alike(importer *im, const onnx_node *n, int node) {
    carrier like = im->carriers[n->inputs[0]];
    like.node = node;
    im->carriers[n->outputs[0]] = like;
}
