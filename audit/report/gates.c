/* Verdicts of a policy. */
#include <math.h>
#include <string.h>

#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

enum { GATES_MOST = 200 };

static const char *symbol(const char *verdict) {
    if (strcmp(verdict, "pass") == 0) return "\xe2\x9c\x93";
    return strcmp(verdict, "fail") == 0 ? "\xe2\x9c\x97" : "?";
}

static void verdict_put(html *h, const json *v) {
    const char *word = row_text(v, "verdict");
    int64_t needed = json_as_int(json_get(v, "n_needed"), 0);
    html_put(
        h, "<tr><td class=\"verdict-word %s\"><b>%s %.20s</b></td><th scope=\"row\">%.80s</th><td>%.80s</td>",
        strcmp(word, "pass") == 0 ? "" : "bad", symbol(word), word, row_text(v, "gate"),
        row_text(v, "group"));
    html_n_cell(h, v);
    if (isnan(row_value(v)))
        html_put(h, "<td></td><td></td>");
    else
        html_value_cells(h, v, false);
    html_put(h, "<td class=\"n\">%s %.4g</td><td class=\"why\">%.200s",
             strcmp(row_text(v, "bound"), "min") == 0 ? "\xe2\x89\xa5" : "\xe2\x89\xa4",
             json_as_real(json_get(v, "limit"), NAN), row_text(v, "reason"));
    if (needed > 0) html_put(h, "; about n = %s would decide", figure_count(needed).text);
    html_put(h, "</td></tr>\n");
}

void gates_put(html *h, const json *document) {
    const json *list = json_get(json_get(json_get(document, "body"), "extra"), "verdicts");
    html_table_open(h, "Limits that must hold, and whether the results show that they do",
                    "verdict|gate|group|>n|>value|>bounds|>limit|why");
    for (size_t i = 0; i < json_count(list) && i < GATES_MOST; i++)
        verdict_put(h, json_at(list, i));
    html_table_close(h);
}
