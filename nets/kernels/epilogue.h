/* What a matrix or convolution kernel does with each result before it is stored, in this order:
 *   v = acc + bias[channel];  v += addend[i];  relu: v = max(v, 0) and mask bit i = v > 0;  gate: v = gate bit i ? v : 0.
 * Each part is optional (NULL or false). So one kernel serves conv + folded batch norm + residual + ReLU in a forward pass, and
 * accumulation of branches + the derivative of the ReLU before it in a backward pass. `addend` may be the output itself. */
#ifndef NETS_KERNELS_EPILOGUE_H
#define NETS_KERNELS_EPILOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct epilogue {
    const float *bias;      /* one per output channel */
    const float *addend;    /* shape of the output */
    bool relu;
    uint8_t *mask;          /* with relu: one bit per output element, lowest bit first, whole bytes written; NULL = not wanted */
    const uint8_t *gate;    /* one bit per output element */
} epilogue;

static inline size_t mask_bytes(size_t elements) { return (elements + 7) / 8; }

/* The plain twin: applies an epilogue to `count` values of `channels` channels (channel fastest) in place. NaN passes the ReLU as NaN. */
void epilogue_apply(const epilogue *p, size_t count, int channels, float *v);

#endif
