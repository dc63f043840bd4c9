#include "core/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/table_internal.h"

void table_free(table *t) {
    arena_free(&t->memory);
    *t = (table){0};
}

const column *table_find(const table *t, const char *name) {
    for (int i = 0; i < t->n_columns; i++)
        if (strcmp(t->columns[i].name, name) == 0) return &t->columns[i];
    return NULL;
}

status table_no_memory(const char *name, err *e) {
    return err_set(e, STATUS_NO_MEMORY, "column \"%s\": out of memory", name);
}

/* Room for one more: the capacity is the power of two at or above n_columns. */
static bool reserve_column(table *t) {
    int n = t->n_columns;
    if ((n & (n - 1)) != 0) return true;
    column *columns = arena_array(&t->memory, n ? 2 * (size_t)n : 1, sizeof *columns);
    if (!columns) return false;
    if (n) memcpy(columns, t->columns, (size_t)n * sizeof *columns);
    t->columns = columns;
    return true;
}

static status append(table *t, column c, err *e) {
    c.name = arena_strdup(&t->memory, c.name);
    if (!c.name || !reserve_column(t)) return err_set(e, STATUS_NO_MEMORY, "out of memory for a column");
    t->columns[t->n_columns++] = c;
    return STATUS_OK;
}

static status check_new(const table *t, const char *name, err *e) {
    if (t->n_rows < 0) return err_set(e, STATUS_INTERNAL, "a table of %d rows", t->n_rows);
    if (table_find(t, name)) return err_set(e, STATUS_BAD_FILE, "column \"%s\" appears twice", name);
    return STATUS_OK;
}

status table_add_numbers(table *t, const char *name, const double *numbers, err *e) {
    status s = check_new(t, name, e);
    if (s) return s;
    column c = {.name = name, .kind = COLUMN_NUMBER};
    c.numbers = arena_array(&t->memory, (size_t)t->n_rows, sizeof *numbers);
    if (!c.numbers) return table_no_memory(name, e);
    if (t->n_rows) memcpy(c.numbers, numbers, (size_t)t->n_rows * sizeof *numbers);
    return append(t, c, e);
}

typedef struct cell {
    const char *text;
    double value; /* INFINITY when the text is not a number: numbers go first */
    int row;
} cell;

/* Decimal numbers only: "inf", "nan" and hexadecimals are names. */
static double text_value(const char *text) {
    if (text[strspn(text, "+-.0123456789eE")] != '\0') return INFINITY;
    char *end;
    double value = strtod(text, &end);
    return *end == '\0' && isfinite(value) ? value : INFINITY;
}

static int compare_cells(const void *left, const void *right) {
    const cell *a = left, *b = right;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    return strcmp(a->text, b->text);
}

/* Gives c->codes their codes from the sorted cells; the texts of the levels go to the arena. */
static bool code_cells(arena *memory, const cell *cells, int n, column *c) {
    int levels = 0;
    for (int i = 0; i < n; i++) {
        levels += i == 0 || strcmp(cells[i].text, cells[i - 1].text) != 0;
        c->codes[cells[i].row] = levels - 1;
    }
    c->levels = arena_array(memory, (size_t)levels, sizeof *c->levels);
    for (int i = 0; c->levels && i < n; i++) {
        const char **level = &c->levels[c->codes[cells[i].row]];
        if (!*level && !(*level = arena_strdup(memory, cells[i].text))) return false;
    }
    c->n_levels = levels;
    return c->levels;
}

static int collect_cells(const char *const *texts, int n_rows, column *c, cell *cells) {
    int n = 0;
    for (int row = 0; row < n_rows; row++) {
        c->codes[row] = CATEGORY_MISSING;
        if (texts[row] && texts[row][0]) cells[n++] = (cell){texts[row], text_value(texts[row]), row};
    }
    return n;
}

status table_add_texts(table *t, const char *name, const char *const *texts, err *e) {
    status s = check_new(t, name, e);
    if (s) return s;
    column c = {.name = name, .kind = COLUMN_CATEGORY};
    c.codes = arena_array(&t->memory, (size_t)t->n_rows, sizeof *c.codes);
    cell *cells = malloc(((size_t)t->n_rows + 1) * sizeof *cells);
    bool coded = false;
    if (c.codes && cells) {
        int n = collect_cells(texts, t->n_rows, &c, cells);
        qsort(cells, (size_t)n, sizeof *cells, compare_cells);
        coded = code_cells(&t->memory, cells, n, &c);
    }
    free(cells);
    return coded ? append(t, c, e) : table_no_memory(name, e);
}

static bool copy_levels(arena *memory, const column *from, column *to) {
    to->n_levels = from->n_levels;
    to->levels = arena_array(memory, (size_t)from->n_levels, sizeof *to->levels);
    for (int i = 0; to->levels && i < from->n_levels; i++)
        if (!(to->levels[i] = arena_strdup(memory, from->levels[i]))) return false;
    return to->levels;
}

static bool select_codes(arena *memory, const column *from, const int32_t *rows, int n, column *to) {
    to->codes = arena_array(memory, (size_t)n, sizeof *to->codes);
    for (int i = 0; to->codes && i < n; i++)
        to->codes[i] = from->codes[rows[i]];
    return to->codes && copy_levels(memory, from, to);
}

static bool select_numbers(arena *memory, const column *from, const int32_t *rows, int n, column *to) {
    to->numbers = arena_array(memory, (size_t)n, sizeof *to->numbers);
    for (int i = 0; to->numbers && i < n; i++)
        to->numbers[i] = from->numbers[rows[i]];
    return to->numbers;
}

static status check_rows(const table *t, const int32_t *rows, int n, err *e) {
    if (n < 0) return err_set(e, STATUS_USAGE, "%d rows selected", n);
    for (int i = 0; i < n; i++)
        if (rows[i] < 0 || rows[i] >= t->n_rows)
            return err_set(e, STATUS_USAGE, "row %d selected, expected 0..%d", (int)rows[i], t->n_rows - 1);
    return STATUS_OK;
}

status table_select(const table *t, const int32_t *rows, int n, table *out, err *e) {
    *out = (table){0};
    status s = check_rows(t, rows, n, e);
    if (s) return s;
    out->n_rows = n;
    for (int i = 0; i < t->n_columns && !s; i++) {
        const column *from = &t->columns[i];
        column to = {.name = from->name, .kind = from->kind};
        bool copied = from->kind == COLUMN_CATEGORY ? select_codes(&out->memory, from, rows, n, &to)
                                                    : select_numbers(&out->memory, from, rows, n, &to);
        s = copied ? append(out, to, e) : table_no_memory(from->name, e);
    }
    if (s) table_free(out);
    return s;
}
