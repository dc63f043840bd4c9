/* Accuracy under common corruptions: measuring, recording and showing it. */
#ifndef AUDIT_CORRUPTION_H
#define AUDIT_CORRUPTION_H

#include "attacks/corrupt.h"
#include "audit/column_choice.h"
#include "audit/command.h"
#include "audit/picture.h"
#include "audit/predictions.h"
#include "core/npy.h"

enum { CORRUPTIONS_MOST = 32 };

/* Published arrays: NAME.npy of uint8 (5 N, h, w, c), severity after severity, and labels.npy of N or 5 N labels. Those of one corruption are kept
 * until another is asked for. Starts as {.folder = FOLDER}. */
typedef struct corruption_arrays {
    const char *folder;
    const corruption *kept; /* whose images are here, or NULL */
    npy images, labels;
} corruption_arrays;

typedef struct corruption_plan {
    int n; /* corruptions */
    const corruption *list[CORRUPTIONS_MOST];
    int n_severities;
    int severities[SEVERITIES]; /* ascending */
    corruption_arrays *arrays;  /* to take the images from, or NULL */
} corruption_plan;

/* Condition c of a plan is corruption c / n_severities at severity number c % n_severities. */
int corruption_conditions(const corruption_plan *p);

/* What one model answers. */
typedef struct corruption_answers {
    predictions clean;
    uint8_t *correct;    /* conditions x n */
    int32_t *likeliest;  /* conditions: the class that is answered most, */
    int *likeliest_n;    /* and how often */
    int64_t not_finite;  /* answers, over all conditions */
} corruption_answers;

typedef struct corruption_found {
    int n, n_done; /* images; conditions that were finished */
    int n_models;
    corruption_answers models[2]; /* the model, and where there is one the baseline */
} corruption_found;

/* Asks one or two models about the images of d, unchanged and under every condition, with progress. When cancelled, the finished conditions stay
 * valid. Free in any case. */
MUST_CHECK status corruption_measure(model *const *models, int n_models, const dataset *d, const corruption_plan *p, const run *r,
                                     corruption_found *out, err *e);
void corruption_found_free(corruption_found *f);

/* The pixels of d (n x h x w x c) under a condition, drawn or from the published arrays. */
MUST_CHECK status corruption_images(const dataset *d, const corruption_plan *p, int condition, const run *r, uint8_t *out, err *e);

/* The same from arrays. Row i of a severity is image i of the data: its label must be that of the row with original id i, so that the two cannot
 * be mixed up. */
MUST_CHECK status corruption_arrays_read(corruption_arrays *a, const dataset *d, const corruption *k, int severity, uint8_t *out, err *e);
void corruption_arrays_free(corruption_arrays *a);

/* Some of the images: those whose code is `code`. */
typedef struct corruption_group {
    const char *name;     /* "column=value"; NULL = all images */
    const int32_t *codes; /* one an image, or NULL */
    int32_t code;
} corruption_group;

bool corruption_group_has(const corruption_group *g, int row);

/* Rows, for all images, every class and every group of the columns:
 *
 *   accuracy             unchanged, and for all images under each condition (attack NAME, norm "severity", eps 1..5), with outcomes
 *   corruption_accuracy  mean over severities (attack NAME), and over all conditions (attack "corruptions"); t interval with the image as unit,
 *                        Wilson's where all images are equally often right
 *   mean_corruption_error  1 - that of all conditions
 *   baseline_accuracy, baseline_corruption_accuracy  of the baseline
 *   corruption_error     with a baseline, by corruption: 100 x sum over severities of errors / that of the baseline
 *   mce                  with a baseline: the mean of these; bootstrap intervals over images
 *
 * Means are of all conditions or not at all. And the warnings NOT_FINITE, TIED, CONSTANT, ACCURACY_RISES, COLLAPSED, LARGE_IMAGES. */
MUST_CHECK status corruption_record(result *x, const dataset *d, const corruption_plan *p, const corruption_found *f,
                                    const column_choice *columns, const run *r, err *e);
void corruption_warn(result *x, const dataset *d, const corruption_plan *p, const corruption_found *f);

/* corruption_error and mce of some images. They are null where there are fewer than 30 images, or the baseline makes too few errors on them to
 * divide by: none in one of 2,000 resamples. */
MUST_CHECK status corruption_record_ratio(result *x, const corruption_plan *p, const corruption_found *f, const corruption_group *g,
                                          const run *r, err *e);

/* The tables, from the body of the result. */
void corruption_print(const context *c, const corruption_plan *p, const json *body);

/* One image of d unchanged and under every condition, as a picture. */
MUST_CHECK status corruption_sheet(const dataset *d, int row, const corruption_plan *p, const run *r, picture *out, err *e);

/* Writes every image under every condition as npz that `--data npz:` reads: images (conditions x n, h, w, c) uint8, labels, ids, corruption (its
 * number in the order of the documentation, from 0), severity. STATUS_USAGE above 1 GB. */
MUST_CHECK status corruption_save(const char *path, const dataset *d, const corruption_plan *p, const run *r, err *e);

#endif
