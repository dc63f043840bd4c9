#include "nets/kernels/direct_plan.h"

#include <limits.h>
#include <string.h>

int direct_axis_outputs(const direct_axis *a, int phase) {
    return (a->out - phase + a->phases - 1) / a->phases;
}

bool direct_axis_tap(const direct_axis *a, int phase, int k, int *position) {
    if (a->pass == CONV_FORWARD) {
        *position = k * a->dilation - a->pad;
        return true;
    }
    int reach = phase + a->pad - k * a->dilation;
    *position = reach / a->stride;
    return reach % a->stride == 0;
}

static direct_axis axis_of(conv_pass pass, int in, int out, int taps, int stride, int dilation, int pad) {
    bool forward = pass == CONV_FORWARD;
    direct_axis a = {.pass = pass,
                     .in = in,
                     .out = out,
                     .taps = taps,
                     .stride = stride,
                     .dilation = dilation,
                     .pad = pad,
                     .phases = forward ? 1 : stride,
                     .step = forward ? stride : 1};
    int lowest = INT_MAX, highest = INT_MIN;
    for (int phase = 0; phase < a.phases; phase++)
        for (int k = 0; k < taps; k++) {
            int position;
            if (!direct_axis_tap(&a, phase, k, &position)) continue;
            int outputs = direct_axis_outputs(&a, phase);
            int last = outputs > 0 ? position + a.step * (outputs - 1) : position;
            if (position < lowest) lowest = position;
            if (last > highest) highest = last;
        }
    a.lowest = lowest <= highest ? lowest : 0;
    a.length = lowest <= highest ? highest - lowest + 1 : 0;
    return a;
}

direct_plan direct_plan_of(conv_pass pass, const conv_geometry *g) {
    conv_sides s = conv_sides_of(pass, g);
    direct_plan plan = {.y = axis_of(pass, s.in_h, s.out_h, g->kh, g->stride_h, g->dilation_h, g->pad_top),
                        .x = axis_of(pass, s.in_w, s.out_w, g->kw, g->stride_w, g->dilation_w, g->pad_left),
                        .in_channels = s.in_c,
                        .out_channels = s.out_c,
                        .block = s.in_c < DIRECT_BLOCK / 2 ? 1 : DIRECT_BLOCK};
    plan.blocks = (s.in_c + plan.block - 1) / plan.block;
    size_t columns = (size_t)((plan.x.length + plan.x.step - 1) / plan.x.step);
    plan.row = columns * (size_t)plan.x.step * (size_t)plan.block;
    plan.plane = plan.row * (size_t)plan.y.length;
    return plan;
}

size_t direct_scratch_floats(const direct_plan *plan) {
    return plan->plane * (size_t)plan->blocks;
}

/* Floats from the start of a row to a column. */
static size_t column_offset(const direct_plan *plan, int column) {
    size_t columns = plan->row / (size_t)plan->block / (size_t)plan->x.step;
    return ((size_t)(column % plan->x.step) * columns + (size_t)(column / plan->x.step)) *
           (size_t)plan->block;
}

static int block_channels(const direct_plan *plan, int block) {
    int rest = plan->in_channels - block * plan->block;
    return rest < plan->block ? rest : plan->block;
}

static int axis_taps(const direct_axis *a, int phase) {
    int n = 0, position;
    for (int k = 0; k < a->taps; k++)
        n += direct_axis_tap(a, phase, k, &position);
    return n;
}

int direct_phase_taps(const direct_plan *plan, int phase_y, int phase_x) {
    return axis_taps(&plan->y, phase_y) * axis_taps(&plan->x, phase_x);
}

direct_segment *direct_phase_segments(const direct_plan *plan, int phase_y, int phase_x,
                                      direct_segment *segments) {
    for (int block = 0; block < plan->blocks; block++)
        for (int ky = 0; ky < plan->y.taps; ky++)
            for (int kx = 0; kx < plan->x.taps; kx++) {
                int y, x;
                if (!direct_axis_tap(&plan->y, phase_y, ky, &y) ||
                    !direct_axis_tap(&plan->x, phase_x, kx, &x))
                    continue;
                size_t offset = (size_t)block * plan->plane + (size_t)(y - plan->y.lowest) * plan->row +
                                column_offset(plan, x - plan->x.lowest);
                *segments++ = (direct_segment){(int32_t)offset, block_channels(plan, block),
                                               ky * plan->x.taps + kx, block * plan->block};
            }
    return segments;
}

/* Channels [first, first + n) of the pixels of `in`, a row of the image; the rest of `row` stays zero, as
 * padding. */
static void copy_row(const direct_ops *ops, const direct_plan *plan, int first, int n, const float *in,
                     float *row) {
    const direct_axis *x = &plan->x;
    int end = x->in - x->lowest < x->length ? x->in - x->lowest : x->length;
    for (int residue = 0; residue < x->step; residue++) {
        int column = residue;
        while (column + x->lowest < 0)
            column += x->step;
        if (column < end)
            ops->copy_pixels((end - column + x->step - 1) / x->step, n,
                             in + (size_t)(column + x->lowest) * (size_t)plan->in_channels + first,
                             (size_t)x->step * (size_t)plan->in_channels, row + column_offset(plan, column),
                             (size_t)plan->block);
    }
}

void direct_copy_image(const direct_ops *ops, const direct_plan *plan, const float *in, float *scratch) {
    for (int block = 0; block < plan->blocks; block++)
        for (int row = 0; row < plan->y.length; row++, scratch += plan->row) {
            int y = row + plan->y.lowest;
            memset(scratch, 0, plan->row * sizeof(float));
            if (y >= 0 && y < plan->y.in)
                copy_row(ops, plan, block * plan->block, block_channels(plan, block),
                         in + (size_t)y * (size_t)plan->x.in * (size_t)plan->in_channels, scratch);
        }
}
