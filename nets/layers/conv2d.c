/* Convolution (cross-correlation, as in PyTorch): kernel, stride, padding per side, dilation, groups. */
#include "nets/layer_internal.h"

static int output_length(int length, int before, int after, int kernel, int stride, int dilation) {
    int room = length + before + after - dilation * (kernel - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
}

static status conv_shape(const layer_config *c, int n_inputs, const shape *in, shape *out, err *e) {
    (void)n_inputs;
    if (in->c % c->groups || c->out % c->groups)
        return err_set(e, STATUS_BAD_FILE, "%d groups do not divide %d input and %d output channels",
                       c->groups, in->c, c->out);
    out->h = output_length(in->h, c->pad[0], c->pad[2], c->kernel[0], c->stride[0], c->dilation[0]);
    out->w = output_length(in->w, c->pad[1], c->pad[3], c->kernel[1], c->stride[1], c->dilation[1]);
    out->c = c->out;
    if (out->h > 0 && out->w > 0) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "a %d x %d convolution does not fit an input of %d x %d", c->kernel[0],
                   c->kernel[1], in->h, in->w);
}

static int conv_params(const layer_config *c, const shape *in, layer_param *out) {
    int cin = in->c / c->groups, taps = c->kernel[0] * c->kernel[1];
    out[0] = (layer_param){"weight",   PARAM_WEIGHT, 4, {c->kernel[0], c->kernel[1], cin, c->out},
                           cin * taps, c->out * taps};
    out[1] = (layer_param){"bias", PARAM_BIAS, 1, {c->out}, 0, 0};
    return c->bias ? 2 : 1;
}

static conv_geometry geometry(const layer_view *v) {
    const layer_config *c = v->config;
    return (conv_geometry){.h = v->in[0].h,
                           .w = v->in[0].w,
                           .cin = v->in[0].c,
                           .oh = v->out.h,
                           .ow = v->out.w,
                           .cout = v->out.c,
                           .kh = c->kernel[0],
                           .kw = c->kernel[1],
                           .stride_h = c->stride[0],
                           .stride_w = c->stride[1],
                           .dilation_h = c->dilation[0],
                           .dilation_w = c->dilation[1],
                           .pad_top = c->pad[0],
                           .pad_left = c->pad[1],
                           .groups = c->groups};
}

static int64_t conv_flops(const layer_view *v) {
    const layer_config *c = v->config;
    return (int64_t)shape_size(v->out) * c->kernel[0] * c->kernel[1] * (v->in[0].c / c->groups);
}

static conv_pass pass_of(layer_pass pass) {
    return pass == LAYER_FORWARD ? CONV_FORWARD : CONV_BACKWARD_DATA;
}

static const char *conv_kernel_name(const layer_view *v, layer_pass pass) {
    conv_geometry g = geometry(v);
    if (pass == LAYER_BACKWARD_PARAMS) return conv_weights_choose(v->kernel, &g)->name;
    return conv_choose(v->kernel, pass_of(pass), &g)->name;
}

static size_t conv_scratch_bytes(const layer_view *v, layer_pass pass) {
    conv_geometry g = geometry(v);
    if (pass == LAYER_BACKWARD_PARAMS) return conv_weights_choose(v->kernel, &g)->scratch_bytes(&g);
    return conv_choose(v->kernel, pass_of(pass), &g)->scratch_bytes(pass_of(pass), &g);
}

static size_t conv_pack_bytes(const layer_view *v, layer_pass pass) {
    conv_geometry g = geometry(v);
    return conv_choose(v->kernel, pass_of(pass), &g)->pack_bytes(pass_of(pass), &g);
}

static void conv_pack(const layer_view *v, layer_pass pass, const float *weights, void *packed) {
    conv_geometry g = geometry(v);
    conv_choose(v->kernel, pass_of(pass), &g)->pack(pass_of(pass), &g, weights, packed);
}

static void conv_forward(const layer_view *v, const layer_io *io) {
    conv_geometry g = geometry(v);
    conv_choose(v->kernel, CONV_FORWARD, &g)
        ->run(CONV_FORWARD, &g, io->x[0], io->packed, io->epilogue, io->y, io->scratch);
}

static void conv_backward_data(const layer_view *v, const layer_io *io) {
    conv_geometry g = geometry(v);
    conv_choose(v->kernel, CONV_BACKWARD_DATA, &g)
        ->run(CONV_BACKWARD_DATA, &g, io->dy, io->packed, io->epilogue, io->dx, io->scratch);
}

static void conv_backward_params(const layer_view *v, const layer_io *io) {
    conv_geometry g = geometry(v);
    conv_weights_choose(v->kernel, &g)
        ->run(&g, io->n, io->x[0], io->dy, io->dparams[0], io->dparams[1], io->scratch);
}

static const layer_sample samples[] = {
    {{.out = 3, .kernel = {3, 3}, .pad = {1, 1, 1, 1}, .bias = true}, 1, {{6, 5, 2}}},
    {{.out = 16, .kernel = {3, 3}, .pad = {1, 1, 1, 1}}, 1, {{7, 7, 16}}},
    {{.out = 4, .kernel = {5, 5}, .pad = {2, 2, 2, 2}, .bias = true}, 1, {{9, 8, 1}}},
    {{.out = 8, .kernel = {1, 1}, .stride = {2, 2}}, 1, {{7, 6, 4}}},
    {{.out = 6, .kernel = {3, 2}, .stride = {2, 3}, .pad = {0, 1, 1, 0}, .bias = true}, 1, {{8, 9, 3}}},
    {{.out = 4, .kernel = {3, 3}, .dilation = {2, 2}, .pad = {2, 2, 2, 2}, .bias = true}, 1, {{7, 8, 3}}},
    {{.out = 6, .kernel = {3, 3}, .groups = 2, .pad = {1, 1, 1, 1}, .bias = true}, 1, {{5, 5, 4}}},
    {{.out = 8, .kernel = {3, 3}, .groups = 4, .stride = {2, 2}, .pad = {0, 0, 1, 1}}, 1, {{6, 6, 4}}},
    {{.out = 2, .kernel = {2, 2}, .pad = {3, 2, 2, 3}}, 1, {{3, 4, 2}}},
    {{.out = 5, .kernel = {4, 4}, .stride = {2, 2}, .pad = {1, 1, 1, 1}, .bias = true}, 1, {{8, 8, 1}}},
};

const layer layer_conv2d = {
    .name = "conv2d",
    .fields =
        FIELD_OUT | FIELD_KERNEL | FIELD_STRIDE | FIELD_DILATION | FIELD_PAD | FIELD_GROUPS | FIELD_BIAS,
    .traits = LAYER_FUSES,
    .least_inputs = 1,
    .most_inputs = 1,
    .shape = conv_shape,
    .params = conv_params,
    .flops = conv_flops,
    .kernel = conv_kernel_name,
    .scratch_bytes = conv_scratch_bytes,
    .pack_bytes = conv_pack_bytes,
    .pack = conv_pack,
    .forward = conv_forward,
    .backward_data = conv_backward_data,
    .backward_params = conv_backward_params,
    .n_samples = sizeof samples / sizeof *samples,
    .samples = samples,
};
