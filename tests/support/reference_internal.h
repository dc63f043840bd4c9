/* What the files of the double reference share. */
#ifndef TESTS_SUPPORT_REFERENCE_INTERNAL_H
#define TESTS_SUPPORT_REFERENCE_INTERNAL_H

#include "tests/support/reference_net.h"

/* A node with its parameters, and how it is run. */
typedef struct reference_view {
    const net *net;
    const net_node *node;
    const layer_config *c;
    shape in, out;
    const double *params[LAYER_MOST_PARAMS];
    int samples;
    reference_mode mode;
    uint64_t seed;
    const train_context *context;
} reference_view;

/* The value of one place of sample i; 0 outside. */
double reference_at(const double *x, shape s, int i, int y, int col, int ch);

/* One value of a node's output. */
typedef double reference_value(const reference_view *v, const double *x, int i, int y, int col, int ch);

/* How layers are computed that do arithmetic with constants or move values; NULL for others. */
reference_value *reference_arithmetic(const char *op);

#endif
