/* Defences that change the input before the net sees it, alone or in a chain, and the models behind them. They are here to be attacked: many look
 * robust only because they hide the gradient (Athalye, Carlini and Wagner 2018, "Obfuscated gradients give a false sense of security"). Such
 * a gradient may be zero (quantize, jpeg), for which the way out is BPDA, or that of one random draw (shift, resize-pad), for which it is EOT. */
#ifndef ATTACKS_DEFENCE_H
#define ATTACKS_DEFENCE_H

#include "core/rng.h"
#include "nets/model.h"

/* One kind. Images are shape_size(s) floats, NHWC, of nominal range [0,1]; x and out, dout and dx never overlap. */
typedef struct defence {
    const char *name;  /* as users write it */
    const char *title; /* for help and docs */
    const char *unit;  /* what its strength is */
    double least, most;
    bool whole;        /* the strength counts something */
    bool random;       /* draws from g; pull gets a stream in the very state that apply got it in */
    /* NULL, or STATUS_USAGE for images it cannot take. */
    status (*fits)(double strength, shape s, err *e);
    status (*apply)(double strength, shape s, rng *g, const float *x, float *out, err *e);
    /* dx = transpose of the derivative at x, times dout, which is exact but at kinks. NULL: the derivative is zero almost everywhere, or there is none. */
    void (*pull)(double strength, shape s, rng *g, const float *x, const float *dout, float *dx);
} defence;

const defence *defence_at(int i); /* in the order of defences.def; NULL past the end */
const defence *defence_find(const char *name);

enum { DEFENCE_MOST = 8, DEFENCE_TEXT = 256, DEFENCE_VOTES = 10, DEFENCE_MOST_VOTES = 10000 };

/* Applied from the first to the last. */
typedef struct defence_chain {
    int n;
    struct {
        const defence *kind;
        double strength;
    } steps[DEFENCE_MOST];
} defence_chain;

/* Parses "quantize:8,noise:.1" for images of shape s. STATUS_USAGE for unknown names (with the known ones), strengths out of range or missing, images
 * that a step cannot take, an empty list, and more than DEFENCE_MOST steps. */
MUST_CHECK status defence_parse(const char *text, shape s, defence_chain *out, err *e);

/* The chain in one spelling, for the record: equal chains give equal texts. Fills and returns `buffer`. */
const char *defence_text(const defence_chain *c, char buffer[DEFENCE_TEXT]);

bool defence_is_blind(const defence_chain *c); /* some step has no gradient: without BPDA that of the whole is zero */
bool defence_is_random(const defence_chain *c);

typedef struct defended_options {
    uint64_t seed;
    int votes; /* >= 1: draws whose mean logits are the verdict where the chain is random */
    bool bpda; /* backward pass differentiable approximation: a step without gradient counts as the identity in model_vjp, not in model_forward */
} defended_options;

/* The model behind a chain: random when the chain is, with draws from streams of (seed, place in the chain, draw). model_vjp without bpda is the true
 * derivative, zero where a step has none. flops are those of one draw. Takes `inner` (not random) over: model_free frees it too, and so does a
 * failure. */
MUST_CHECK status model_defended(model *inner, const defence_chain *c, const defended_options *o, model **out, err *e);

#endif
