/* What is reported of examples that were made on one model and shown to others. */
#ifndef AUDIT_TRANSFERABILITY_H
#define AUDIT_TRANSFERABILITY_H

#include "attacks/transferability.h"
#include "audit/command.h"

enum { MODEL_NAME = 40 };

/* A crowd of models under attack, as results name them. */
typedef struct transfer_crowd {
    int n;
    model *models[TRANSFERABILITY_MODELS];
    char names[TRANSFERABILITY_MODELS][MODEL_NAME]; /* of files, without folder and ending, no two the same */
    const char *labels[TRANSFERABILITY_MODELS]; /* the same, as an array of pointers */
    const dataset *d;
    walk_plan plan;
    transferability found;
} transfer_crowd;

/* Fills names and labels from paths. */
void crowd_name(transfer_crowd *c, const char *const *paths);

/* Rows `accuracy` (attack none, noise, and the method's with group source=A&target=B) and `transfer_rate`, outcomes, settings with all models,
 * cost, warnings. */
void transferability_record(result *x, const transfer_crowd *c);

/* The two tables, and what they do and do not say. */
void transferability_print(const context *c, const transfer_crowd *k);

/* The sheet: images that every model gets right, the example of each source, and what every model says to each. To `path` (NULL: to no
 * file) and as body.extra.sheet. */
MUST_CHECK status transferability_sheet(result *x, const transfer_crowd *c, const char *path, err *e);

#endif
