/* Direct convolution for both passes. Packed weights: the segments of every phase, then for each block of
 * output channels and each phase its weights in the order of the terms. */
#include <string.h>

#include "nets/kernels/direct_plan.h"

static bool fits(conv_pass pass, const conv_geometry *g) {
    if (g->groups != 1) return false;
    direct_plan plan = direct_plan_of(pass, g);
    return direct_scratch_floats(&plan) <= INT32_MAX;
}

static size_t tap_count(const conv_geometry *g) {
    return (size_t)g->kh * (size_t)g->kw;
}

static size_t segments_bytes(const direct_plan *plan, const conv_geometry *g) {
    size_t bytes = (size_t)plan->blocks * tap_count(g) * sizeof(direct_segment);
    return (bytes + 63) / 64 * 64;
}

static size_t padded_channels(const direct_ops *ops, int channels) {
    return (size_t)((channels + ops->lanes - 1) / ops->lanes * ops->lanes);
}

static size_t pack_bytes(const direct_ops *ops, conv_pass pass, const conv_geometry *g) {
    direct_plan plan = direct_plan_of(pass, g);
    size_t weights = tap_count(g) * (size_t)plan.in_channels * padded_channels(ops, plan.out_channels);
    return segments_bytes(&plan, g) + weights * sizeof(float);
}

static size_t scratch_bytes(conv_pass pass, const conv_geometry *g) {
    direct_plan plan = direct_plan_of(pass, g);
    return direct_scratch_floats(&plan) * sizeof(float);
}

/* Weights of one input channel and tap for output channels [first, first + width), 0 behind the last. */
static void pack_term(const direct_plan *plan, const conv_geometry *g, const float *w, int tap, int channel,
                      int first, int width, float *to) {
    const float *of_tap = w + (size_t)tap * (size_t)g->cin * (size_t)g->cout;
    bool forward = plan->y.pass == CONV_FORWARD;
    for (int c = 0; c < width; c++) {
        size_t i = (size_t)(forward ? channel : first + c), o = (size_t)(forward ? first + c : channel);
        to[c] = first + c < plan->out_channels ? of_tap[i * (size_t)g->cout + o] : 0;
    }
}

static direct_segment *segments_of(void *packed) {
    return packed;
}

static void pack(const direct_ops *ops, conv_pass pass, const conv_geometry *g, const float *w,
                 void *packed) {
    direct_plan plan = direct_plan_of(pass, g);
    memset(packed, 0, segments_bytes(&plan, g));
    direct_segment *end = segments_of(packed);
    for (int py = 0; py < plan.y.phases; py++)
        for (int px = 0; px < plan.x.phases; px++)
            end = direct_phase_segments(&plan, py, px, end);

    float *to = (float *)((char *)packed + segments_bytes(&plan, g));
    for (int first = 0, width; first < plan.out_channels; first += width) {
        width = direct_tile_width(ops, DIRECT_MOST_VECTORS, plan.out_channels, first);
        for (const direct_segment *s = segments_of(packed); s < end; s++)
            for (int c = 0; c < s->count; c++, to += width)
                pack_term(&plan, g, w, s->tap, s->channel + c, first, width, to);
    }
}

/* What one call of run works on. */
typedef struct job {
    const direct_ops *ops;
    direct_plan plan;
    const epilogue *p;
    const float *image; /* the padded copy */
    float *out;
} job;

/* A block of output channels of one phase. */
static void run_phase(const job *j, int phase_y, int phase_x, int first, int width, const direct_terms *t,
                      const float *w) {
    const direct_plan *plan = &j->plan;
    const direct_axis *ay = &plan->y, *ax = &plan->x;
    int vectors = width / j->ops->lanes, columns = direct_axis_outputs(ax, phase_x);
    int most = direct_tile_rows(columns, j->ops->most_rows[vectors - 1]), rest = plan->out_channels - first;
    const direct_sum *sums = j->ops->sum[plan->block == DIRECT_BLOCK][vectors - 1];
    direct_target target = {.p = j->p,
                            .out = j->out,
                            .channels = plan->out_channels,
                            .step = (size_t)ax->phases,
                            .channel = first,
                            .count = rest < width ? rest : width};
    alignas(64) float tile[DIRECT_TILE];
    for (int y = 0; y < direct_axis_outputs(ay, phase_y); y++)
        for (int x = 0, pixels; x < columns; x += pixels) {
            pixels = columns - x < most ? columns - x : most;
            sums[pixels - 1](t, j->image + (size_t)(y * ay->step) * plan->row + (size_t)(x * plan->block), w,
                             tile);
            target.first =
                (size_t)(phase_y + y * ay->phases) * (size_t)ax->out + (size_t)(phase_x + x * ax->phases);
            j->ops->finish(&target, pixels, width, tile);
        }
}

/* Output channels [first, first + width); returns the weights of the next ones. */
static const float *run_channels(const job *j, int first, int width, const direct_segment *segments,
                                 const float *w) {
    for (int py = 0; py < j->plan.y.phases; py++)
        for (int px = 0; px < j->plan.x.phases; px++) {
            int taps = direct_phase_taps(&j->plan, py, px);
            direct_terms t = {.n = taps * j->plan.blocks, .segments = segments, .step_a = 1, .step_b = width};
            run_phase(j, py, px, first, width, &t, w);
            segments += t.n;
            w += (size_t)taps * (size_t)j->plan.in_channels * (size_t)width;
        }
    return w;
}

static void run_image(const direct_ops *ops, conv_pass pass, const conv_geometry *g, const float *in,
                      const void *packed, const epilogue *p, float *out, void *scratch) {
    job j = {.ops = ops, .plan = direct_plan_of(pass, g), .p = p, .image = scratch, .out = out};
    direct_copy_image(ops, &j.plan, in, scratch);
    if (p->relu && p->mask && j.plan.out_channels % 8 != 0)
        memset(p->mask, 0,
               mask_bytes((size_t)j.plan.y.out * (size_t)j.plan.x.out * (size_t)j.plan.out_channels));
    const float *w = (const float *)((const char *)packed + segments_bytes(&j.plan, g));
    for (int first = 0, width; first < j.plan.out_channels; first += width) {
        width = direct_tile_width(ops, DIRECT_MOST_VECTORS, j.plan.out_channels, first);
        w = run_channels(&j, first, width, packed, w);
    }
}

#define KERNEL(set)                                                                                          \
    static bool supports_##set(conv_pass pass, const conv_geometry *g) {                                     \
        return kernel_cpu_has_##set() && fits(pass, g);                                                      \
    }                                                                                                        \
    static size_t pack_bytes_##set(conv_pass pass, const conv_geometry *g) {                                 \
        return pack_bytes(&direct_##set, pass, g);                                                           \
    }                                                                                                        \
    static void pack_##set(conv_pass pass, const conv_geometry *g, const float *w, void *packed) {           \
        pack(&direct_##set, pass, g, w, packed);                                                             \
    }                                                                                                        \
    static void run_##set(conv_pass pass, const conv_geometry *g, const float *in, const void *packed,       \
                          const epilogue *p, float *out, void *scratch) {                                    \
        run_image(&direct_##set, pass, g, in, packed, p, out, scratch);                                      \
    }

KERNEL(avx512)
KERNEL(avx2)

const conv_kernel conv_direct_avx512 = {"direct-avx512", supports_avx512, pack_bytes_avx512,
                                        scratch_bytes,   pack_avx512,     run_avx512};
const conv_kernel conv_direct_avx2 = {"direct-avx2", supports_avx2, pack_bytes_avx2,
                                      scratch_bytes, pack_avx2,     run_avx2};
