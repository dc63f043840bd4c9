/* HTML text. One door through which every text goes, and that escapes: what a result file says can never become
 * markup. */
#ifndef AUDIT_REPORT_HTML_INTERNAL_H
#define AUDIT_REPORT_HTML_INTERNAL_H

#include <stdbool.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/stats.h"

typedef struct html {
    FILE *file;   /* its error flag is looked at when the file is committed */
    int last_id;  /* of an element that something refers to */
    arena memory; /* of what sections gather; freed with the page */
    bool failed;  /* memory ran out */
    bool picture; /* charts alone, under each other in one SVG: see svg_file_internal.h */
    int height;   /* of the charts so far */
} html;

/* Writes markup as printf does, except that every %s is escaped: the characters with a meaning in HTML, control
 * characters, and those that turn the direction of text around. "%.28s" cuts to 28 characters, with an ellipsis;
 * without a precision long texts are cut too. Conversions: %s, %d, %lld, %f, %g with flags, width, precision. */
void html_put(html *h, const char *format, ...) PRINTF_LIKE(2, 3);

/* Zeroed memory that lives as long as the page; NULL, with h->failed set, when memory is out. */
void *html_array(html *h, size_t count, size_t size);

/* <section>, with a heading; `id` is the target of links. */
void html_section_open(html *h, const char *id, const char *title);
void html_section_close(html *h);

/* <table> with a caption. Headings are separated by '|'; one that begins with '>' is of a column of figures, set
 * right: "attack|>n|>accuracy". Rows are written between the two calls. */
void html_table_open(html *h, const char *caption, const char *headings);
void html_table_close(html *h);

/* Cells of one row of a result: n; value and interval, or the reason why there is none. `signed_points` writes
 * differences ("+1.2 points") instead of shares ("91.2 %"). A NULL row gives empty cells. */
void html_n_cell(html *h, const json *row);
void html_value_cells(html *h, const json *row, bool signed_points);

/* Opens a cell of a table of class "heat", which the caller ends with "</td>": a share and its interval, the darker the higher `damage`, cut to 0..1.
 * False, and a dash, where the share is NAN. */
bool html_heat_open(html *h, double share, interval i, double damage);

/* The whole cell of a row, whose value is the damage (`harm`), or what is left without it. */
void html_heat_cell(html *h, const json *row, bool harm);

#endif
