/* The predictions that the model options of a command ask for. */
#ifndef AUDIT_PREDICTIONS_OF_H
#define AUDIT_PREDICTIONS_OF_H

#include "audit/command.h"
#include "audit/predictions.h"

/* Plain, or with dropout on; as predictions_make. */
MUST_CHECK status predictions_of(const context *c, loaded_model *m, const dataset *d, predictions *out, err *e);

#endif
