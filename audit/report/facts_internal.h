/* The few rows that a summary is made of, found in all results of a report. */
#ifndef AUDIT_REPORT_FACTS_INTERNAL_H
#define AUDIT_REPORT_FACTS_INTERNAL_H

#include <stdbool.h>

#include "core/json.h"

typedef enum kind {
    KIND_TRAIN,
    KIND_EVAL,
    KIND_ATTACK,
    KIND_POISON,
    KIND_FAIRNESS,
    KIND_CHECK,
    KIND_ABLATE,
    KIND_EXPLAIN,
    KIND_LANDSCAPE,
    KIND_GRADIENTS,
    KIND_KERNELS,
    KIND_TRANSFER,
    KIND_LR_FIND,
    KIND_BENCH,
    KIND_CERTIFY,
    KIND_CORRUPT,
    KIND_TRANSFERABILITY,
    KIND_SPATIAL,
    KIND_PATCH,
    KIND_UNIVERSAL,
    KIND_OTHER
} kind;

/* The group with the most errors: its row, and that of its distance to the others. */
typedef struct worst_group {
    const json *error, *gap;
    int groups, unjudged; /* among how many, and how many of these are too small */
} worst_group;

/* Pointers into the documents, NULL where there is nothing of the kind. */
typedef struct facts {
    const json *model, *data; /* of the first result that has them; data is what the model was tested on */
    int models;               /* different models, by hash */
    int64_t seed;             /* of the first result */
    int documents[KIND_OTHER + 1]; /* how many of each kind */
    const json *clean;             /* accuracy on the most unchanged images */
    const json *attack;            /* body of the first attack: all methods together, or the strongest, */
    const json *attacked_small;    /* at the smallest */
    const json *attacked_large;    /* and at the largest eps; the same row where there is one eps */
    bool targeted;                 /* these count successes of a targeted attack, not accuracy */
    const char *distrust;       /* code of a warning that makes the attacked figures meaningless, or NULL */
    const json *certified;       /* body of the first certification, */
    const json *certified_small; /* what it proves at the smallest */
    const json *certified_large; /* and at the largest eps; the same row where there is one eps */
    const json *corrupted;      /* mean accuracy under corruptions, and that relative to a baseline, of the first result */
    const json *mce;
    const json *fairness;       /* body */
    worst_group clean_group;    /* on unchanged images, */
    worst_group attacked_group; /* under attack */
    const json *poison;         /* body */
    const json *dose_accuracy, *dose_change, *dose_success, *dose_zero; /* at the largest dose; at none */
    int warnings;
    const json *verdicts; /* of gates */
} facts;

/* What sort of result a document is, by its command. */
kind kind_of(const json *document);

facts facts_of(json *const *results, int n);

/* The row of a metric, attack, norm, eps and group as in `like`, or NULL. Of several, that of the cluster bootstrap:
 * its interval is the one to believe where images come in clusters. */
const json *fact_row(const json *body, const char *metric, const json *like);

/* Accuracy under attack beside a row of certified accuracy, NULL where nothing was attacked. */
const json *certified_attacked(const json *body, const json *certified);

/* Whether the certificates of a result are of a smoothed classifier. */
bool certified_smoothed(const json *body);

/* The dose of a row of poisoning (its group is "dose=0.05"); NAN where it is none. */
double row_dose(const json *row);

/* Whether the gap of a row is told apart from 0 by its interval. */
bool gap_is_clear(const json *row);

#endif
