/* Accuracy by attack and eps, as a table. */
#include <math.h>

#include "audit/report/evasion_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

static void cell_put(html *h, const attacked *a, const json *row) {
    double value = row_value(row);
    if (isnan(value)) {
        html_put(h, "<td class=\"soft\">\xe2\x80\x93</td>");
        return;
    }
    interval i = row_interval(row);
    html_put(h, "<td style=\"--v:%.2f\">%s<small>%s</small>",
             fmin(fmax(a->targeted ? value : 1 - value, 0), 1), figure_percent(value, i).text,
             figure_interval(i).text);
    trust_cell(h, row);
    html_put(h, "</td>");
}

void attacked_table_put(html *h, const attacked *a) {
    html_put(h,
             "<div class=\"wide\"><table class=\"heat\">\n<caption>%s by attack, the strongest first, and "
             "\xce\xb5 (norm %s), of %s images, with 95 %% intervals; the darker the cell, the more "
             "damage</caption>\n<thead><tr><th scope=\"col\">\xce\xb5</th>",
             a->targeted ? "Success of targeted attacks" : "Accuracy",
             figure_norm(row_text(a->any, "norm")).text, figure_count(row_n(a->any)).text);
    for (int i = 0; i < a->n_eps; i++)
        html_put(h, "<th scope=\"col\">%s</th>", figure_eps(a->eps[i]).text);
    html_put(h, "</tr></thead>\n<tbody>\n");
    for (int k = 0; k < a->n; k++) {
        html_put(h, "<tr><th scope=\"row\">%s</th>", figure_attack(a->list[k].name).text);
        for (int i = 0; i < a->n_eps; i++)
            cell_put(h, a, a->list[k].rows[i]);
        html_put(h, "</tr>\n");
    }
    html_put(h, "</tbody></table></div>\n");
}
