/* The panel, what its walks left behind, and the checks that judge it. */
#ifndef AUDIT_DIAGNOSIS_PANEL_INTERNAL_H
#define AUDIT_DIAGNOSIS_PANEL_INTERNAL_H

#include "audit/diagnosis/diagnosis.h"
#include "core/arena.h"

enum { PANEL_IMAGES = 64 };

/* One attack on the panel, by image of the panel. Margins are those of the label: negative = broken; NAN where the
 * attack did not go. */
typedef struct walk {
    bool *walked;      /* n: it went to its end */
    bool *broken;      /* n: some iterate succeeded, which a fresh forward pass confirmed */
    bool *passed;      /* n: some iterate succeeded */
    bool *last_broken; /* n: the last one did */
    float *best;       /* n: the smallest margin of all iterates */
} walk;

typedef struct panel {
    model *m;
    dataset d; /* n images */
    run r;     /* as many threads as the model bears; no budget, no progress */
    int n, classes;
    size_t size; /* floats of an image */
    norm norm;
    double eps, smaller;
    bool stand_in;
    attack_options options; /* of the many-step attack, as asked for */
    float *images;          /* n x size */
    float *clean;           /* n x classes: logits there */
    float *margins;         /* n: of these; NAN where one is not finite */
    walk many, whole, one_step, twice, noise, square, small, grey;
    uint64_t forwards, backwards;
    arena memory;
} panel;

/* What a check says of each image. */
typedef struct suspicion {
    double limit;           /* see checks.def; a check may raise it */
    bool *judged, *suspect; /* n, false at first */
    double *value;          /* n: what was measured of the judged, NAN at first; for the record */
} suspicion;

/* Fills all of *p but what the walks leave. */
MUST_CHECK status panel_open(panel *p, model *m, const dataset *d, const diagnosis_plan *plan, const run *r, err *e);
MUST_CHECK status panel_walk(panel *p, err *e);
void panel_close(panel *p);

/* Images [first, first + n) of the panel, which fit a tile, with what their group costs. */
typedef struct panel_group {
    panel *p;
    int worker, first, n;
    uint64_t forwards, backwards;
    err e;
} panel_group;

/* Calls `body` for every group, in parallel; groups do not depend on the number of threads. `user` is passed on. */
MUST_CHECK status panel_groups(panel *p, status (*body)(panel_group *g, void *user), void *user, err *e);

/* Logits (n x classes) at x (n x size); with dz (n x classes) not NULL also dx, the gradient of <dz, logits>. n <= the model's tile. */
MUST_CHECK status group_forward(panel_group *g, int n, const float *x, float *logits);
MUST_CHECK status group_gradient(panel_group *g, int n, const float *x, const float *dz, float *logits, float *dx);

/* dz of the margin between the label and the class that is likeliest of the others on the clean image: one fixed linear function of the logits, so
 * that what is tested is the model and no loss. For the group's images, n x classes. */
void group_cotangents(const panel_group *g, float *dz);

/* c . z in double. */
double contract(const float *c, const float *z, int classes);

#define CHECK(code, function, limit, what, next) status function(panel *p, suspicion *s, err *e);
#include "audit/diagnosis/checks.def"
#undef CHECK

#endif
