/* Attacks: images of 256 levels, and what limited time left. */
#include <math.h>

#include "audit/report/evasion_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/rows.h"

static void metric_put(html *h, const json *body, const char *metric, const char *caption, const char *what) {
    row_query q = {.metric = metric, .group = "all", .eps = NAN};
    const json *row;
    char headings[96];
    if (!row_find(body, &q)) return;
    snprintf(headings, sizeof headings, "attack|>\xce\xb5|>n|>%s|>95 %% interval", what);
    html_table_open(h, caption, headings);
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        html_put(h, "<tr><th scope=\"row\">%s</th><td class=\"n\">%s</td>",
                 figure_attack(row_text(row, "attack")).text, figure_eps(row_eps(row)).text);
        html_n_cell(h, row);
        html_value_cells(h, row, false);
        html_put(h, "</tr>\n");
    }
    html_table_close(h);
}

void evasion_rounded_put(html *h, const json *body) {
    static const char rounded[] = "The examples as images of 256 levels, as a file or camera holds "
                                  "them: rounded inside the ball, or others found near them";
    static const char finished[] =
        "Time was over: of the images that were finished by then (how many depends on the machine)";
    metric_put(h, body, "uint8_accuracy", rounded, "accuracy");
    metric_put(h, body, "uint8_target_success", rounded, "to target");
    metric_put(h, body, "finished_accuracy", finished, "accuracy");
    metric_put(h, body, "finished_target_success", finished, "to target");
}
