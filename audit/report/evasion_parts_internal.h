/* The parts of the section on attacks that stand below its chart and table: evasion_rounded.c and so on. Each writes nothing where the result has nothing of its kind. */
#ifndef AUDIT_REPORT_EVASION_PARTS_INTERNAL_H
#define AUDIT_REPORT_EVASION_PARTS_INTERNAL_H

#include "audit/report/html_internal.h"

void evasion_rounded_put(html *h, const json *body);
void evasion_classes_put(html *h, const json *body, bool targeted);
void evasion_pushed_put(html *h, const json *body);
void evasion_distances_put(html *h, const json *body);

#endif
