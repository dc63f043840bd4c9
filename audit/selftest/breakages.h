/* Models broken on purpose: wrappers of a healthy one. */
#ifndef AUDIT_SELFTEST_BREAKAGES_H
#define AUDIT_SELFTEST_BREAKAGES_H

#include "audit/selftest/analytic.h"

/* What a hook may know of the image that it touches. */
typedef struct touch {
    int place;        /* in the batch */
    uint32_t call;    /* of the model, counted from 0 */
    const float *x;   /* the image, before anything was done to it */
    const float *raw; /* on the way back: the logits of the healthy model */
    const float *dz;  /* on the way back: the cotangents that the caller gave */
} touch;

/* What is done to each image on its way in, to its logits on their way out, to those of the whole batch, and to cotangents and
 * gradient on their way back; NULL: nothing. */
typedef struct breakage {
    const char *name;
    void (*input)(const touch *t, float *x);
    void (*logits)(const touch *t, float *z);
    void (*batch)(int n, float *z);
    void (*cotangent)(const touch *t, float *dz);
    void (*gradient)(const touch *t, float *dx);
} breakage;

const breakage *breakage_find(const char *name); /* NULL when unknown */

/* *out is the model `inner`, broken. `broken` and `inner` must outlive it; nothing needs to be freed. */
typedef struct broken {
    const breakage *b;
    model *inner;
    _Atomic uint32_t calls;
    struct {
        uint32_t call;
        float x[ANALYTIC_TILE][ANALYTIC_FLOATS], raw[ANALYTIC_TILE][ANALYTIC_CLASSES];
    } kept[ANALYTIC_WORKERS];
} broken;
void broken_make(broken *self, const breakage *b, analytic *inner, model *out);

#endif
