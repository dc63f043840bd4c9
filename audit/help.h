/* Help, from the tables of commands and options. */
#ifndef AUDIT_HELP_H
#define AUDIT_HELP_H

#include "audit/command.h"

void help_overview(FILE *out);
void help_command(FILE *out, const command *k);

/* A completion script for bash. */
void help_completion_bash(FILE *out);

#endif
