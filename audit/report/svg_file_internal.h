/* Charts in a file of their own: an SVG with its style sheet, which every browser shows. */
#ifndef AUDIT_REPORT_SVG_FILE_INTERNAL_H
#define AUDIT_REPORT_SVG_FILE_INTERNAL_H

#include "audit/report/html_internal.h"

/* Writes, atomically, what `put` draws of `body`, the body of a result: charts of PAGE_WIDTH under each other. */
MUST_CHECK status svg_file_write(const char *path, void (*put)(html *h, const json *body), const json *body,
                                 err *e);

#endif
