/* A net evaluated in double by plain loops: what layers and sessions are compared with. */
#ifndef TESTS_SUPPORT_REFERENCE_NET_H
#define TESTS_SUPPORT_REFERENCE_NET_H

#include "nets/net.h"
#include "nets/session.h"

typedef enum reference_mode { REFERENCE_EVALUATE, REFERENCE_TRAIN, REFERENCE_TRAIN_FROZEN } reference_mode;

/* Logits (n x classes; when training a block of them for each auxiliary head behind it) of x (n x input) with parameters in our layout (n_floats). `context`: ids, epoch and step for dropout; NULL when
 * evaluating. Batch norm uses batch statistics in REFERENCE_TRAIN, dropout drops in both training modes. */
void reference_logits(const net *n, const double *parameters, reference_mode mode, uint64_t seed,
                      const train_context *context, int samples, const double *x, double *logits);

#endif
