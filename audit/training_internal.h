/* What the files behind audit/training.h share. */
#ifndef AUDIT_TRAINING_INTERNAL_H
#define AUDIT_TRAINING_INTERNAL_H

#include "audit/training.h"

/* STATUS_USAGE, naming the options, where some do not go together. */
MUST_CHECK status training_rules_check(const training_settings *t, err *e);

/* --- training_robust.c --- */

MUST_CHECK status training_robust_check(const training_settings *t, err *e);
void training_robust_complete(training_settings *t, shape image); /* fills in what was not given */
void training_robust_plan(const training_settings *full, training *out);

#endif
