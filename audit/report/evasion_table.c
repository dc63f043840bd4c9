/* Accuracy by attack and eps, as a table. */
#include "audit/report/evasion_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

static void cell_put(html *h, const attacked *a, const json *row) {
    double value = row_value(row);
    if (html_heat_open(h, value, row_interval(row), a->targeted ? value : 1 - value)) trust_cell(h, row);
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
    html_table_close(h);
}
