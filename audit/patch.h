/* An adversarial patch and its controls, from learning to what is reported. */
#ifndef AUDIT_PATCH_H
#define AUDIT_PATCH_H

#include "attacks/patch.h"
#include "audit/command.h"

/* X(code, name in results, what): the learned patch, and what others of its size do. */
#define PATCH_KIND_LIST(X)                                                                                             \
    X(PATCH_LEARNED, "patch", "the learned patch")                                                                     \
    X(PATCH_IMAGE, "image-patch", "a small picture of the class")                                                      \
    X(PATCH_NOISE, "noise-patch", "a patch of noise")

typedef enum patch_kind {
#define PATCH_ENUM(code, name, what) code,
    PATCH_KIND_LIST(PATCH_ENUM)
#undef PATCH_ENUM
        PATCH_KINDS
} patch_kind;

enum { PATCH_TRIALS_MOST = 20 };

typedef struct patch_study {
    /* Given. */
    model *m;
    const dataset *train, *test;
    bool halved;         /* train and test are halves of the same data */
    patch_rules rules;
    learn_plan plan;     /* target -1: every class is tried with fewer steps, and that with most success on the training images is taken */
    /* Found. */
    int target, tried;   /* the class; how many classes were tried: trials[0..tried) are their shares of the training images */
    double trials[PATCH_TRIALS_MOST];
    float *patches[PATCH_KINDS]; /* NULL: there is no such image */
    int32_t *clean, *answers[PATCH_KINDS]; /* test->n */
    learn_cost cost;
} patch_study;

/* STATUS_USAGE where no target is given and there are more than PATCH_TRIALS_MOST classes. After any failure nothing is found. */
MUST_CHECK status patch_study_run(patch_study *s, const run *r, err *e);
void patch_study_free(patch_study *s);

/* Rows `accuracy` (none, patch, image-patch, noise-patch) and `target_success`, outcomes, settings, cost, body.extra.trials. */
void patch_record(result *x, const patch_study *s);

void patch_print(const context *c, const patch_study *s);

/* The patches, and test images without and with the learned one. To `path` (NULL: to no file) and as body.extra.sheet. */
MUST_CHECK status patch_sheet(result *x, const patch_study *s, const char *path, err *e);

#endif
