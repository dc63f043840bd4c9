/* The tables of training options, one a heading; each ends with an option without a name. */
#ifndef AUDIT_TRAINING_OPTIONS_TABLES_INTERNAL_H
#define AUDIT_TRAINING_OPTIONS_TABLES_INTERNAL_H

#include "audit/training.h"

#define FIELD(field) offsetof(training_settings, field)

extern const option net_options[], data_options[], loss_options[], optimizer_options[], schedule_options[],
    average_options[], stopping_options[], robust_train_options[];

typedef struct described {
    const char *name, *what;
} described;

/* For `choice` functions: entry i of a list of n, NULL past its end. */
const char *described_at(const described *list, size_t n, int i, const char **what);

#endif
