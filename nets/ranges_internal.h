/* Parallel loops over the parameters that training moves: those before net.n_trainable whose rate is not 0. Fixed ranges of floats, so
 * that nothing depends on the number of threads. Private to nets. */
#ifndef NETS_RANGES_INTERNAL_H
#define NETS_RANGES_INTERNAL_H

#include "nets/net.h"

/* Floats [lo, hi) of the block of weights, all of parameter p; chunk 0..range_chunks-1. Those of one chunk come in order. */
typedef void range_body(void *context, int chunk, int p, size_t lo, size_t hi);

int range_chunks(const net *n);

/* `rates` as in optim.h. Never stops half-way: r's cancel flag is not looked at. */
MUST_CHECK status for_moving_ranges(const net *n, const float *rates, const run *r, range_body *body, void *context);

/* L2 norm of x over them: squares are summed in double, chunk by chunk. `partials` has range_chunks doubles. */
MUST_CHECK status moving_norm(const net *n, const float *rates, const run *r, const float *x, double *partials, double *norm);

#endif
