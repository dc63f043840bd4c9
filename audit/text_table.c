#include "audit/text_table.h"

#include <stdarg.h>
#include <string.h>

int text_width(const char *text) {
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void add_cell(text_table *t, const char *text) {
    if (t->n_cells == t->room) {
        int room = t->room ? 2 * t->room : 64;
        const char **cells = arena_array(&t->memory, (size_t)room, sizeof *cells);
        if (cells && t->n_cells) memcpy(cells, t->cells, (size_t)t->n_cells * sizeof *cells);
        t->cells = cells;
        t->room = room;
    }
    if (!t->cells || !text)
        t->failed = true;
    else
        t->cells[t->n_cells++] = text;
}

text_table text_table_new(const char *headings) {
    text_table t = {0};
    for (;;) {
        t.right[t.n_columns] = *headings == '>';
        headings += *headings == '>';
        size_t length = strcspn(headings, "|");
        add_cell(&t, arena_strndup(&t.memory, headings, length));
        t.n_columns++;
        if (!headings[length] || t.n_columns == TEXT_TABLE_COLUMNS) return t;
        headings += length + 1;
    }
}

void text_table_cell(text_table *t, const char *format, ...) {
    if (t->failed) return;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add_cell(t, arena_strdup(&t->memory, text));
}

static void put_cell(FILE *out, const char *text, int width, bool right, bool last) {
    int padding = width - text_width(text);
    if (right) fprintf(out, "%*s", padding, "");
    fputs(text, out);
    if (!last) fprintf(out, "%*s", (right ? 0 : padding) + 2, "");
}

/* The column of a row's last cell that is not empty. */
static int last_column(const text_table *t, const char *const *row) {
    int last = t->n_columns - 1;
    while (last > 0 && !*row[last])
        last--;
    return last;
}

void text_table_print(const text_table *t, FILE *out) {
    if (!out || t->failed) return;
    int widths[TEXT_TABLE_COLUMNS] = {0};
    for (int i = 0; i < t->n_cells; i++) {
        int width = text_width(t->cells[i]), k = i % t->n_columns;
        if (width > widths[k]) widths[k] = width;
    }
    for (int row = 0; row + t->n_columns <= t->n_cells; row += t->n_columns) {
        int last = last_column(t, t->cells + row);
        for (int k = 0; k <= last; k++)
            put_cell(out, t->cells[row + k], widths[k], t->right[k], k == last);
        fputc('\n', out);
    }
}

void text_table_free(text_table *t) {
    arena_free(&t->memory);
    *t = (text_table){0};
}
