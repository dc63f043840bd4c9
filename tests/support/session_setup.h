/* A net with weights, and samples for it: what tests of sessions begin with. */
#ifndef TESTS_SUPPORT_SESSION_SETUP_H
#define TESTS_SUPPORT_SESSION_SETUP_H

#include "nets/session.h"

enum { SAMPLES = 21, CLASSES = 7, OUTPUTS = (1 + NET_MOST_AUX) * SAMPLES * CLASSES };

typedef struct setup {
    net *net;
    weights w; /* random, the running statistics too */
    float *x, cotangent[OUTPUTS];
    int32_t ids[SAMPLES];
} setup;

/* Fails the test where it cannot. `dropout` as in zoo_options; without: the usual one of the net. */
void set_up_dropping(setup *s, const char *arch, shape input, double dropout);
void set_up(setup *s, const char *arch, shape input);
void tear_down(setup *s);

#endif
