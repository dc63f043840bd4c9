/* What a command is asked to write, before it works. */
#ifndef AUDIT_OUTPUTS_H
#define AUDIT_OUTPUTS_H

#include "audit/command.h"

/* A long piece of work must not end with an output that could not be written from the start, and none may take the place of another, or
 * of a file that is read: STATUS_USAGE names both. Sets c->payload. */
MUST_CHECK status outputs_check(context *c, void *settings, err *e);

#endif
