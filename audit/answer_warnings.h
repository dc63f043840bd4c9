/* What looks wrong with a model itself, told by its answers to unchanged images. */
#ifndef AUDIT_ANSWER_WARNINGS_H
#define AUDIT_ANSWER_WARNINGS_H

#include "audit/result.h"

/* The warnings NOT_FINITE and TIED for answers as attacks/changed.h gives them (d->n). `name` of the model, NULL where there is one only. */
void answers_warn(result *x, const dataset *d, const int32_t *answers, const char *name);

#endif
