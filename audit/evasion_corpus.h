/* A corpus file in a run of attacks: read before, written after. */
#ifndef AUDIT_EVASION_CORPUS_H
#define AUDIT_EVASION_CORPUS_H

#include "audit/corpus.h"
#include "audit/evasion.h"

typedef struct evasion_corpus {
    const char *path;
    corpus kept;
    const float **stored; /* for the plan: one image a row or NULL, pointers into `kept` */
    int before, found;    /* examples in the file, and those of this run's images */
} evasion_corpus;

/* Reads the file and finds the examples of d. Starts as {0}; free it in any case. Errors: see corpus_read and corpus_match. */
MUST_CHECK status evasion_corpus_open(evasion_corpus *k, const char *path, const dataset *d, norm which, err *e);

/* Takes over the best examples of the run (the plan's keep_best), writes the file if that changes it, records the setting `corpus` (what was
 * read) and body.extra.corpus (what is in it now), and says so. */
MUST_CHECK status evasion_corpus_close(evasion_corpus *k, const context *c, result *x, const dataset *d,
                                       const evasion *v, err *e);

void evasion_corpus_free(evasion_corpus *k);

#endif
