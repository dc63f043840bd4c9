/* Test-time augmentation: a model around a model that answers with the mean over several views of an image. */
#ifndef NETS_TTA_H
#define NETS_TTA_H

#include "nets/model.h"

/* A view: mirrored or not, then moved by whole pixels, the border repeated. */
typedef struct tta_view {
    bool mirrored;
    int down, right;
} tta_view;

enum { TTA_MOST_VIEWS = 10, TTA_MOST_SHIFT = 64 };

typedef struct tta_views {
    int n; /* the first is the image itself */
    tta_view views[TTA_MOST_VIEWS];
} tta_views;

/* Parses "flip", "shift=K" (K pixels up, down, left and right, 1 if not given), or both, "flip,shift=1": then every product of them, 10 views.
 * STATUS_USAGE for anything else. */
MUST_CHECK status tta_parse(const char *text, tta_views *out, err *e);

/* A model whose softmax is the mean of the softmaxes of `inner` over the views; its logits are the logarithms of that mean, so that losses and
 * attacks see a classifier like any other. Gradients flow through all views: model_vjp asks inner for one forward and one backward pass a view.
 * flops count every view. Takes `inner` over: model_free frees it too, and so does a failure. A logit of any view that is not a number makes all
 * logits of that image so. */
MUST_CHECK status model_tta(model *inner, const tta_views *views, model **out, err *e);

#endif
