/* Charts of loss landscapes, from the body of a result: in a page or in a file of charts. */
#ifndef AUDIT_REPORT_LANDSCAPE_H
#define AUDIT_REPORT_LANDSCAPE_H

#include "audit/report/html_internal.h"

void landscape_charts_put(html *h, const json *body);

#endif
