/* Pictures of what a net looks at: a value for every pixel of an image and a class, made in four ways; and images that a net likes best. */
#ifndef AUDIT_EXPLAIN_EXPLAIN_H
#define AUDIT_EXPLAIN_EXPLAIN_H

#include "core/stats.h"
#include "datasets/dataset.h"
#include "nets/model.h"

/* X(code, name, what) */
#define EXPLAIN_LIST(X)                                                                                      \
    X(EXPLAIN_GRADIENT, "gradient",                                                                          \
      "size of the class logit's gradient at each pixel (Simonyan et al. 2014)")                             \
    X(EXPLAIN_SMOOTHGRAD, "smoothgrad", "the same, its mean over noisy copies (Smilkov et al. 2017)")        \
    X(EXPLAIN_GRADCAM, "gradcam", "parts of a feature map that speak for the class (Selvaraju et al. 2017)") \
    X(EXPLAIN_OCCLUSION, "occlusion", "what covering a patch costs in log probability (Zeiler & Fergus 2014)")

typedef enum explain_method {
#define EXPLAIN_ENUM(code, name, what) code,
    EXPLAIN_LIST(EXPLAIN_ENUM)
#undef EXPLAIN_ENUM
        EXPLAIN_METHODS
} explain_method;

const char *explain_method_name(explain_method k);

typedef struct explain_options {
    int noisy;         /* copies of smoothgrad */
    double sigma;      /* standard deviation of their noise, pixels being 0..1 */
    int patch, stride; /* of occlusion, pixels */
    float fill[4];     /* what covers, per channel */
} explain_options;

/* What is explained: a model, and its two parts for Grad-CAM. */
typedef struct subject {
    model *whole;
    net *trunk_net, *head_net;
    weights trunk_weights, head_weights;
    model *trunk, *head; /* NULL without a layer */
    run run;
    explain_options options;
} subject;

/* `node`: that of Grad-CAM's map, -1 = none. Keeps pointers to n and w. */
MUST_CHECK status subject_open(const net *n, const weights *w, int node, const explain_options *o,
                               const run *r, subject *out, err *e);
void subject_close(subject *s);

/* The node whose map Grad-CAM reads by default: the last on every way through the net that is as large as what the last convolution
 * gives, -1 when there is none. And the first such node behind the first convolution. */
int explain_last_map(const net *n);
int explain_first_map(const net *n);

/* Maps (h x w each) of rows of d for a class each; parallel over images. Grad-CAM maps are not negative and enlarged to the image;
 * occlusion is positive where the covered pixels spoke for the class. */
MUST_CHECK status explain_maps(subject *s, explain_method k, const dataset *d, const int32_t *rows,
                               const int32_t *classes, int n, float *maps, err *e);

/* Spearman's rank correlation of two maps of n values, ties at their mean rank; NAN when one is constant. */
double rank_correlation(const float *a, const float *b, int n);

/* Images that raise the sum of cotangent x output of a model, by gradient ascent from grey noise with jitter, blur and decay (Olah et al.
 * 2017). `cotangents`: n x classes; out: n x input. Pixels stay in [0, 1]. */
MUST_CHECK status visualise(model *m, const float *cotangents, int n, int steps, const run *r, float *out,
                            err *e);

#endif
