/* Certificates: for each image a proof that no perturbation of a given size changes the answer. Bounds (`ibp`, `crown`) prove it of the net
 * itself, in float32 as it runs; `smoothing` proves it, up to a stated chance of error, of another classifier made from the net. */
#ifndef ATTACKS_CERTIFY_H
#define ATTACKS_CERTIFY_H

#include "attacks/runner.h"
#include "nets/net.h"

/* X(code, name, what): the lower line of an unstable rectifier, on l <= x <= u with l < 0 < u; the upper one is u / (u - l) * (x - l). */
#define SLOPES_LIST(X)                                                                                       \
    X(SLOPES_ADAPTIVE, "adaptive", "0 or 1, whichever leaves the smaller area (Zhang et al. 2018)")          \
    X(SLOPES_KW, "kw", "u / (u - l), the dual bound of Wong and Kolter 2018")

typedef enum slopes {
#define SLOPES_CODE(code, name, what) code,
    SLOPES_LIST(SLOPES_CODE)
#undef SLOPES_CODE
} slopes;

/* What is certified. Bounds read the net, smoothing asks the model; it must be that of the net, and n and w may be NULL for it. */
typedef struct certify_subject {
    const net *n;
    const weights *w;
    model *m;
} certify_subject;

typedef struct certificate certificate; /* a method: attacks/certify/certify_internal.h */

typedef struct certify_plan {
    const certificate *method;
    const double *eps; /* n_eps radii >= 0, ascending, in units of the [0,1] input */
    int n_eps;
    bool no_clip;  /* bounds: the whole box [x - eps, x + eps], not only its part in [0,1] */
    slopes slopes; /* crown */
    bool real;     /* bounds: of the net in real arithmetic, with no allowance for its roundings in float32 */
    /* smoothing */
    double sigma,
        alpha; /* noise > 0 in units of the [0,1] input; chance of a wrong certificate, per image, in (0, 1) */
    int selections, samples; /* noisy copies that choose the class, and that estimate its share; both >= 1 */
} certify_plan;

/* Defaults but for method and radii: adaptive, clipped, sigma .25, alpha .001, 100 and 1000 copies. */
certify_plan certify_plan_default(void);

/* Per image; the arrays belong to the result. */
typedef struct certify_result {
    int n, n_eps;
    uint8_t *finished; /* 1 = judged; 0 only after a cancelled run */
    int32_t *
        certified; /* how many of the radii are certified: those before the first that is not. 0 where the answer is wrong */
    int32_t *predicted; /* smoothing: the class of the smoothed classifier, -1 = abstained. Bounds: -1 */
    double *radius;     /* smoothing: certified L2 radius around that class, 0 where abstained. Bounds: NAN */
    double *
        margin; /* bounds: lower bound of the margin of the label at the last radius tried, less the rounding of the net. Smoothing: NAN */
} certify_result;

/* Judges every row of d against its label. Images are the chunks of work: results do not depend on r->threads.
 *
 * STATUS_USAGE for shapes that do not match and values out of range; STATUS_UNSUPPORTED, naming node and layer, where a method cannot bound
 * a net; STATUS_CANCELLED leaves a valid result in which images that are not finished are not certified. */
MUST_CHECK status certify_run(const certify_subject *s, const dataset *d, const certify_plan *plan,
                              const run *r, certify_result *out, err *e);
void certify_result_free(certify_result *c);

/* Images certified at radius index i. */
int64_t certify_count(const certify_result *c, int i);

/* Rows that contradict a certificate, wrong unchanged or attacked successfully within a certified radius: a bug of one of the two, always an
 * error. Of the same plan of radii, in the norm of the certificate; not for smoothing. Writes the ids of the first `most` and returns how many. */
int certify_violations(const certify_result *c, const attack_result *a, const dataset *d, int32_t *ids,
                       int most);

/* Cohen et al. 2019: sigma * quantile of the one-sided Clopper-Pearson lower bound (1 - alpha) of count / n; 0 = abstain, where that bound is
 * not above 1/2. */
double certify_smoothed_radius(int64_t count, int64_t n, double sigma, double alpha);

const certificate *certificate_find(const char *name); /* NULL when unknown */
const certificate *certificate_at(int i); /* in the order of certificates.def; NULL past the end */
const char *certificate_name(const certificate *c);
const char *certificate_title(const certificate *c);
norm certificate_norm(const certificate *c);
bool certificate_is_exact(const certificate *c); /* about the model itself: attacks on it can contradict it */
const char *slopes_name(slopes s);

#endif
