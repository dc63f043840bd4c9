/* How a pass of a convolution becomes sums over a padded copy of its input.
 *
 * Along each axis an output at phase + j * phases reads, for every tap of that phase, the input at position +
 * j * step. Forward: one phase, step = stride. Backward: one phase per residue of the stride, step = 1. The
 * copy in scratch is [block of channels][row][residue of the column by step][column / step][channels of a
 * block], so that neighbouring outputs of a phase always read neighbouring columns. */
#ifndef NETS_KERNELS_DIRECT_PLAN_H
#define NETS_KERNELS_DIRECT_PLAN_H

#include "nets/kernels/conv_internal.h"
#include "nets/kernels/direct_internal.h"

typedef struct direct_axis {
    conv_pass pass;
    int in, out; /* sizes */
    int taps, stride, dilation, pad;
    int phases, step;
    int lowest, length; /* positions read: [lowest, lowest + length) */
} direct_axis;

typedef struct direct_plan {
    direct_axis y, x;
    int in_channels, out_channels;
    int block, blocks; /* channels that lie together, and how many such blocks */
    size_t row, plane; /* floats of scratch in a row and in a block */
} direct_plan;

direct_plan direct_plan_of(conv_pass pass, const conv_geometry *g);

/* Outputs of an axis that have this phase. */
int direct_axis_outputs(const direct_axis *a, int phase);

/* The position that tap k reads for the first output of a phase; false when the tap belongs to another phase.
 */
bool direct_axis_tap(const direct_axis *a, int phase, int k, int *position);

size_t direct_scratch_floats(const direct_plan *plan);

/* Taps of a phase; its segments are that many times plan->blocks. */
int direct_phase_taps(const direct_plan *plan, int phase_y, int phase_x);

/* The terms of a phase in their order. Returns the end of the segments written. */
direct_segment *direct_phase_segments(const direct_plan *plan, int phase_y, int phase_x,
                                      direct_segment *segments);

/* The padded copy of one image. */
void direct_copy_image(const direct_ops *ops, const direct_plan *plan, const float *in, float *scratch);

#endif
