/* Fully connected: y = W x + b. In evaluation the samples of a tile share a call; in training the whole batch does, cut into tiles
 * of the weights, which are often larger than all activations together. */
#include "core/blas.h"
#include "nets/layer_internal.h"

enum { INPUT_TILE = 256 }; /* columns of W in a tile of the backward pass */

static status linear_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)n_inputs;
    if (in->h != 1 || in->w != 1)
        return err_set(e, STATUS_BAD_FILE,
                       "a linear layer takes a vector, found %d x %d x %d: put a flatten before it", in->h,
                       in->w, in->c);
    *out = (shape){1, 1, c->out};
    return STATUS_OK;
}

static int linear_params(const layer_config *c, const shape *in, layer_param *out) {
    out[0] = (layer_param){"weight", PARAM_WEIGHT, 2, {c->out, in->c}, in->c, c->out};
    out[1] = (layer_param){"bias", PARAM_BIAS, 1, {c->out}, 0, 0};
    return c->bias ? 2 : 1;
}

static int64_t linear_flops(const layer_view *v) {
    return (int64_t)v->in[0].c * v->out.c;
}

static linear_pass pass_of(layer_pass pass) {
    return pass == LAYER_FORWARD ? LINEAR_FORWARD : LINEAR_BACKWARD_DATA;
}

static const linear_kernel *choose(const layer_view *v, linear_pass pass) {
    return linear_choose(v->kernel, pass, v->in[0].c, v->out.c);
}

static const char *linear_kernel_name(const layer_view *v, layer_pass pass) {
    return pass == LAYER_BACKWARD_PARAMS ? NULL : choose(v, pass_of(pass))->name;
}

static size_t linear_pack_bytes(const layer_view *v, layer_pass pass) {
    return choose(v, pass_of(pass))->pack_bytes(pass_of(pass), v->in[0].c, v->out.c);
}

static void linear_pack(const layer_view *v, layer_pass pass, const float *weights, void *packed) {
    choose(v, pass_of(pass))->pack(pass_of(pass), v->in[0].c, v->out.c, weights, packed);
}

static void linear_forward(const layer_view *v, const layer_io *io) {
    choose(v, LINEAR_FORWARD)
        ->run(LINEAR_FORWARD, v->in[0].c, v->out.c, io->n, io->x[0], io->packed, io->epilogue, io->y);
}

static void linear_backward_data(const layer_view *v, const layer_io *io) {
    choose(v, LINEAR_BACKWARD_DATA)
        ->run(LINEAR_BACKWARD_DATA, v->in[0].c, v->out.c, io->n, io->dy, io->packed, io->epilogue, io->dx);
}

static int tile_size(layer_pass pass) {
    return pass == LAYER_BACKWARD_DATA ? INPUT_TILE : LINEAR_TILE;
}

static int linear_batch_tiles(const layer_view *v, layer_pass pass) {
    int length = pass == LAYER_BACKWARD_DATA ? v->in[0].c : v->out.c, tile = tile_size(pass);
    return (length + tile - 1) / tile;
}

static void linear_batch_run(const layer_view *v, layer_pass pass, const layer_io *io, int tile) {
    int in = v->in[0].c, out = v->out.c, first = tile * tile_size(pass);
    int length = pass == LAYER_BACKWARD_DATA ? in : out;
    int count = length - first < tile_size(pass) ? length - first : tile_size(pass);
    const float *w = io->params[0];
    if (pass == LAYER_FORWARD)
        gemm(v->kernel, false, true, io->n, count, in, 1, io->x[0], in, w + (size_t)first * (size_t)in, in, 0,
             io->y + first, out);
    else if (pass == LAYER_BACKWARD_DATA)
        gemm(v->kernel, false, false, io->n, count, out, 1, io->dy, out, w + first, in, 0, io->dx + first,
             in);
    else
        linear_weights(v->kernel, io->n, in, out, io->x[0], io->dy, first, count, io->dparams[0],
                       io->dparams[1]);
}

static const layer_sample samples[] = {
    {{.out = 5, .bias = true}, 1, {{1, 1, 7}}},
    {{.out = 10}, 1, {{1, 1, 33}}},
    {{.out = 130, .bias = true}, 1, {{1, 1, 300}}},
    {{.out = 1, .bias = true}, 1, {{1, 1, 1}}},
};

const layer layer_linear = {
    .name = "linear",
    .fields = FIELD_OUT | FIELD_BIAS,
    .traits = LAYER_FUSES | LAYER_ROWS,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = linear_shape,
    .params = linear_params,
    .flops = linear_flops,
    .kernel = linear_kernel_name,
    .pack_bytes = linear_pack_bytes,
    .pack = linear_pack,
    .forward = linear_forward,
    .backward_data = linear_backward_data,
    .batch_tiles = linear_batch_tiles,
    .batch_run = linear_batch_run,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
