/* One perturbation for all images and its control, from learning to what is reported. */
#ifndef AUDIT_UNIVERSAL_H
#define AUDIT_UNIVERSAL_H

#include "attacks/universal.h"
#include "audit/command.h"

typedef struct universal_study {
    /* Given. */
    model *m;
    const dataset *train, *test;
    bool halved;      /* train and test are halves of the same data */
    norm norm;
    double eps[LIST_MOST];
    int n_eps;
    learn_plan plan;  /* target -1: any class but the label */
    /* Found, at each eps that was finished. */
    int done;
    float *delta[LIST_MOST], *chance[LIST_MOST];     /* d: the learned one, and one by chance of the same size */
    int32_t *clean, *fooled[LIST_MOST], *control[LIST_MOST]; /* test->n: answers unchanged, and under each */
    learn_cost cost;
} universal_study;

/* Learns on the training images and measures on the others, eps by eps. STATUS_CANCELLED leaves those that were done; after other failures nothing is found. */
MUST_CHECK status universal_study_run(universal_study *s, const run *r, err *e);
void universal_study_free(universal_study *s);

/* Rows `accuracy` and `fooling_rate` of `universal` and `random`, with a target `target_success`; outcomes, settings, cost. */
void universal_record(result *x, const universal_study *s);

void universal_print(const context *c, const universal_study *s);

/* The perturbations, magnified about grey, and test images without and with that of the largest eps. To `path` (NULL: to no file) and as
 * body.extra.sheet. */
MUST_CHECK status universal_sheet(result *x, const universal_study *s, const char *path, err *e);

#endif
