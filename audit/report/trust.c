/* How far figures under attack can be believed, beside them. Results from before there were grades have none. */
#include <string.h>

#include "audit/report/sections_internal.h"
#include "audit/rows.h"
#include "audit/trust_text.h"

static bool is_low(const json *row) {
    return strcmp(row_text(row, "trust"), "low") == 0;
}

void trust_cell(html *h, const json *row) {
    if (!*row_text(row, "trust")) return;
    html_put(h,
             is_low(row) ? "<small><b class=\"bad\">%.10s trust</b></small>" : "<small>%.10s trust</small>",
             row_text(row, "trust"));
}

void trust_put(html *h, const json *row) {
    char reasons[TRUST_TEXT];
    if (!*row_text(row, "trust")) return;
    html_put(h, is_low(row) ? "<b class=\"bad\">Trust: low</b>" : "Trust: %.10s", row_text(row, "trust"));
    if (*trust_reasons_text(row, reasons)) html_put(h, " (%s)", reasons);
}
