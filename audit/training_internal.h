/* What the files behind audit/training.h share. */
#ifndef AUDIT_TRAINING_INTERNAL_H
#define AUDIT_TRAINING_INTERNAL_H

#include "audit/training.h"

/* STATUS_USAGE, naming the options, where some do not go together. */
MUST_CHECK status training_rules_check(const training_settings *t, err *e);

#endif
