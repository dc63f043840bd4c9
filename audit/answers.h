/* Answers as attacks/changed.h gives them, one an image, in results. */
#ifndef AUDIT_ANSWERS_H
#define AUDIT_ANSWERS_H

#include "audit/result.h"

/* The class that was answered, "undecided" where there is none: negative ones. */
const char *answer_name(const dataset *d, int answer);

/* The row `accuracy` of these d->n answers and its outcomes; key.metric is not looked at. */
void answers_record(result *x, row_key key, const dataset *d, const int32_t *answers);

/* What looks wrong with the model itself, told by its answers to unchanged images: the warnings NOT_FINITE and TIED for d->n answers. `name` of the model, NULL where there is one only. */
void answers_warn(result *x, const dataset *d, const int32_t *answers, const char *name);

#endif
