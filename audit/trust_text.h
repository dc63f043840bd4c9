/* Grades of trust in words. */
#ifndef AUDIT_TRUST_TEXT_H
#define AUDIT_TRUST_TEXT_H

#include "audit/command.h"

/* Prints a line for every grade below high that rows of the body were given, with the reasons. */
void trust_say(const context *c, const json *body);

/* "one step only; warning FD_MISMATCH" of a row, in `text`; "" where it was given no reasons. */
enum { TRUST_TEXT = 400 };
const char *trust_reasons_text(const json *row, char text[TRUST_TEXT]);

#endif
