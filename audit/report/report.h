/* One HTML page from the JSON of any results: offline, inline SVG, no script, colour-blind safe, readable
 * without colour. */
#ifndef AUDIT_REPORT_REPORT_H
#define AUDIT_REPORT_REPORT_H

#include "core/json.h"

/* Writes the page (atomically). `results` are n documents as result_read gives them, in the order of reading;
 * sections are made for the commands that are there. */
MUST_CHECK status report_write(const char *path, const char *title, json *const *results, int n, err *e);

#endif
