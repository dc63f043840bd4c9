/* The geometry that convolutions and pools share: windows over one to three spatial axes behind N and C. */
#ifndef NETS_ONNX_OPS_WINDOW_INTERNAL_H
#define NETS_ONNX_OPS_WINDOW_INTERNAL_H

#include "nets/onnx/operator_internal.h"

enum { MOST_SPATIAL = 3 };

typedef struct window {
    int n; /* spatial axes */
    int64_t in[MOST_SPATIAL], out[MOST_SPATIAL], kernel[MOST_SPATIAL], stride[MOST_SPATIAL],
        dilation[MOST_SPATIAL];
    int64_t before[MOST_SPATIAL], after[MOST_SPATIAL]; /* padding */
    size_t in_size, out_size, kernel_size;             /* products */
} window;

/* Reads kernel_shape (`kernel` where the attribute is absent, NULL: it must be there), strides, dilations, pads, auto_pad and ceil_mode for an input of
 * N x C x spatial, and finds the output size. Windows that ceil_mode would begin in the padding behind the input are left out. */
MUST_CHECK status window_read(op_call *c, const onnx_tensor *x, const int64_t *kernel, window *w);

/* The positions of a window over one channel, one after the other: *inside is false where it lies in the padding. */
typedef struct window_walk {
    int64_t origin[MOST_SPATIAL]; /* of the window, in the padded input; may be negative */
    int64_t tap[MOST_SPATIAL];
} window_walk;
void window_place(const window *w, size_t out_index, window_walk *at);
bool window_tap(const window *w, const window_walk *at, size_t *in_index); /* false: padding */
void window_next(const window *w, window_walk *at);
bool window_within_pads(
    const window *w, const window_walk *at); /* whether the tap lies in the input or its declared padding */

#endif
