/* Certificates of a model beside its clean and attacked accuracy, and what is reported about them. */
#ifndef AUDIT_CERTIFICATION_H
#define AUDIT_CERTIFICATION_H

#include "attacks/certify.h"
#include "audit/evasion.h"

typedef struct certification {
    certify_plan plan;
    evasion_plan
        attack; /* of the same radii; n_methods is 0 for smoothing, whose classifier is another than the model */
    certify_result found;
    evasion attacked; /* n_done is 0 where none was made, or where it was cut short */
    int n_violations;
    int32_t violations[ATTACK_SAMPLES]; /* row ids of the first of them */
} certification;

/* Certifies every row, attacks it, and compares. STATUS_CANCELLED leaves what was finished. */
MUST_CHECK status certification_run(const certify_subject *s, const dataset *d, const run *r,
                                    certification *c, err *e);
void certification_free(certification *c);

/* Rows with outcomes, settings, cost, warnings; CERT_VIOLATION among them where an attack succeeded within a certified radius. */
void certification_record(result *x, const dataset *d, const certification *c);

/* The table and what it does and does not say. */
void certification_print(const context *c, const dataset *d, const certification *k);

/* For option tables: name i and its description, NULL past the end; the index is that of certificate_at, or the slopes. */
const char *certification_method_choice(int i, const char **what);
const char *certification_slopes_choice(int i, const char **what);

#endif
