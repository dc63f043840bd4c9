/* What a method of certification is made of. Private to attacks. */
#ifndef ATTACKS_CERTIFY_INTERNAL_H
#define ATTACKS_CERTIFY_INTERNAL_H

#include "attacks/certify.h"

struct certificate {
    const char *name, *title;
    norm norm;
    bool exact; /* about the model itself, not about a smoothed one */
    /* Checks the plan and makes what judging needs, for `workers` workers at once; they may be fewer than those of r. */
    status (*prepare)(const certify_subject *s, const dataset *d, const certify_plan *p, int workers,
                      void **state, err *e);
    /* Fills the entries of one row. */
    status (*judge)(void *state, int worker, uint64_t seed, int row, certify_result *out, err *e);
    void (*free)(void *state);
};

#define CERTIFICATE(name) extern const certificate certificate_##name;
#include "attacks/certificates.def"
#undef CERTIFICATE

#endif
