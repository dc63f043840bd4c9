/* From an ONNX graph to a net with gradients, and back. */
#ifndef NETS_ONNX_IMPORT_H
#define NETS_ONNX_IMPORT_H

#include "nets/model_file.h"
#include "nets/onnx/evaluate.h"

/* What the file does not say: how [0,1] RGB pixels in our order become what its input wants: x * range, then (x - mean) / std per channel
 * of the file's channel order. */
typedef struct preprocessing {
    double range;          /* 1, or 255 for nets that want bytes */
    int n_mean, n_std;     /* 0: none; 1: all channels alike */
    float mean[4], std[4]; /* in units of `range`, in the file's channel order */
    bool bgr;              /* the file wants blue first */
    enum { LAYOUT_AUTO, LAYOUT_NCHW, LAYOUT_NHWC } layout;
    int height, width; /* where the file leaves them open; 0: not given */
} preprocessing;

preprocessing preprocessing_default(void); /* range 1, nothing else */

/* The graph as a net whose first layers are the preprocessing, given and found at the graph's beginning; a trailing Softmax is left out. Class names are
 * numbers; the recipe holds {"imported": {"format", "opset", "producer", "sha256", "left_out"}}. Every operator must have
 * a counterpart among our layers; else STATUS_UNSUPPORTED says node, operator, opset and why. The finished net is run on one image and
 * compared with the reference evaluator; a difference is STATUS_UNSUPPORTED too: no model is audited that we read wrongly. */
MUST_CHECK status onnx_import(const onnx_graph *g, const preprocessing *p, model_file *out, err *e);

/* What is in a graph, node by node, whether it can be imported or not. */
typedef struct onnx_survey_row {
    const onnx_node *node;
    const onnx_tensor *output; /* its first one, of one image; NULL: not known */
    int64_t parameters;        /* initialisers that it reads */
    int64_t multiply_adds;     /* of one image; convolutions and products only */
    const char *refused; /* why no layer does this; NULL: one does, or it stands behind one that is refused */
} onnx_survey_row;

typedef struct onnx_survey {
    shape image;              /* zeros: not known */
    const char *not_run;      /* why the graph could not be evaluated: rows have no outputs then; or NULL */
    int n_folded;             /* nodes that only compute constants, or that nothing needs; they have no row */
    const onnx_node *softmax; /* left out at the end, or NULL */
    int n_mean;               /* channels of a normalisation found in front or asked for; 0: none */
    float mean[4], std[4];    /* in units of [0,1] pixels */
    int n, n_refused;
    onnx_survey_row *rows;
    onnx_trace trace;
    arena memory;
} onnx_survey;

/* Points into `g`. Only out of memory is an error; everything else is in *out. */
MUST_CHECK status onnx_survey_make(const onnx_graph *g, const preprocessing *p, onnx_survey *out, err *e);
void onnx_survey_free(onnx_survey *s);

/* The net as an ONNX file (opset 13): input "input", N x C x H x W pixels in [0,1] with N left open, preprocessing included, output "logits". Parameters have
 * their names of a PyTorch state_dict; auxiliary heads and dropout are left out. The graph is compared with the net before it is written,
 * atomically. */
MUST_CHECK status onnx_export(const char *path, const net *n, const weights *w, err *e);

#endif
