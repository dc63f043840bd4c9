/* Tables of a page, and the cells that rows of results fill. */
#include <math.h>
#include <string.h>

#include "audit/report/figures_internal.h"
#include "audit/report/html_internal.h"
#include "audit/rows.h"

void html_table_open(html *h, const char *caption, const char *headings) {
    html_put(h, "<div class=\"wide\"><table>\n<caption>%s</caption>\n<thead><tr>", caption);
    while (*headings) {
        char heading[64];
        bool figure_column = *headings == '>';
        headings += figure_column;
        size_t length = strcspn(headings, "|");
        snprintf(heading, sizeof heading, "%.*s", (int)length, headings);
        html_put(h, figure_column ? "<th scope=\"col\" class=\"n\">%s</th>" : "<th scope=\"col\">%s</th>",
                 heading);
        headings += length + (headings[length] == '|');
    }
    html_put(h, "</tr></thead>\n<tbody>\n");
}

void html_table_close(html *h) {
    html_put(h, "</tbody></table></div>\n");
}

void html_n_cell(html *h, const json *row) {
    if (row)
        html_put(h, "<td class=\"n\">%s</td>", figure_count(row_n(row)).text);
    else
        html_put(h, "<td></td>");
}

void html_value_cells(html *h, const json *row, bool signed_points) {
    if (!row) {
        html_put(h, "<td></td><td></td>");
        return;
    }
    double value = row_value(row);
    interval i = row_interval(row);
    if (isnan(value)) {
        html_put(h, "<td class=\"soft\" colspan=\"2\">%.120s</td>", row_text(row, "reason"));
        return;
    }
    figure shown = signed_points ? figure_points(value, i) : figure_percent(value, i);
    html_put(h, "<td class=\"n\">%s</td><td class=\"n soft\">%s</td>", shown.text, figure_interval(i).text);
}

bool html_heat_open(html *h, double share, interval i, double damage) {
    if (isnan(share)) {
        html_put(h, "<td class=\"soft\">\xe2\x80\x93");
        return false;
    }
    html_put(h, "<td style=\"--v:%.2f\">%s<small>%s</small>", fmin(fmax(damage, 0), 1),
             figure_percent(share, i).text, figure_interval(i).text);
    return true;
}

void html_heat_cell(html *h, const json *row, bool harm) {
    double value = row_value(row);
    html_heat_open(h, value, row_interval(row), harm ? value : 1 - value);
    html_put(h, "</td>");
}
