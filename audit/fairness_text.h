/* The fairness rows of a result as tables on a terminal. */
#ifndef AUDIT_FAIRNESS_TEXT_H
#define AUDIT_FAIRNESS_TEXT_H

#include "audit/command.h"

/* One table a condition: groups with n, error, gap and their intervals, the attack's success; then each group's worst class. */
void fairness_print(const context *c, const json *body);

#endif
