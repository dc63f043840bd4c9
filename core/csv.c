#include "core/csv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/text.h"

/* A copy of the text that is unquoted in place: a field and its terminator never need more room than they had
 * in the file. */
typedef struct scanner {
    char *at, *end;
    char separator;
    int line;
} scanner;

typedef enum stop { STOP_SEPARATOR, STOP_LINE, STOP_END, STOP_ERROR } stop;

enum { FILE_CAP = 1 << 30, MAX_COLUMNS = 1 << 16, MAX_CELLS = 1 << 28 };

/* Consumes what ends a field. */
static stop scan_stop(scanner *s) {
    if (s->at == s->end) return STOP_END;
    if (*s->at == s->separator) {
        s->at++;
        return STOP_SEPARATOR;
    }
    if (*s->at == '\r' && s->end - s->at > 1 && s->at[1] == '\n') s->at++;
    if (*s->at != '\n') return STOP_ERROR;
    s->at++;
    s->line++;
    return STOP_LINE;
}

/* Unquotes from the opening quote to the closing one; the length, or -1 when that is missing. */
static ptrdiff_t unquote(scanner *s, char *to) {
    char *start = to;
    for (s->at++; s->at < s->end; *to++ = *s->at++) {
        if (*s->at == '"') {
            s->at++;
            if (s->at == s->end || *s->at != '"') return to - start;
        }
        if (*s->at == '\n') s->line++;
    }
    return -1;
}

static ptrdiff_t plain_length(const scanner *s) {
    const char *p = s->at;
    while (p < s->end && *p != s->separator && *p != '\n' && *p != '\r' && *p != '"')
        p++;
    return p - s->at;
}

/* One field, terminated in place; *found says what came behind it. */
static status scan_field(scanner *s, const char **field, stop *found, err *e) {
    char *start = s->at;
    int line = s->line;
    bool quoted = start < s->end && *start == '"';
    ptrdiff_t length = quoted ? unquote(s, start) : plain_length(s);
    if (length < 0) return err_set(e, STATUS_BAD_FILE, "line %d: a quoted field is not closed", line);
    if (!quoted) s->at += length;
    line = s->line;
    const char *behind = s->at;
    *found = scan_stop(s);
    if (*found == STOP_ERROR && quoted)
        return err_set(e, STATUS_BAD_FILE, "line %d: text behind a closing quote", line);
    if (*found == STOP_ERROR)
        return err_set(e, STATUS_BAD_FILE, "line %d: %s inside a field without quotes", line,
                       *behind == '"' ? "a quote" : "a carriage return");
    start[length] = '\0';
    *field = start;
    return STATUS_OK;
}

/* One row of *width fields into `cells`. */
static status scan_row(scanner *s, const char **cells, int *width, stop *found, err *e) {
    *width = 0;
    do {
        status code = scan_field(s, &cells[*width], found, e);
        if (code != STATUS_OK) return code;
        ++*width;
    } while (*found == STOP_SEPARATOR);
    return STATUS_OK;
}

static char find_separator(const char *text, size_t size) {
    const char *end = memchr(text, '\n', size);
    size_t length = end ? (size_t)(end - text) : size;
    return memchr(text, '\t', length) && !memchr(text, ',', length) ? '\t' : ',';
}

/* The most fields and lines that the text can hold. */
static void count(const char *text, size_t size, char separator, size_t *fields, size_t *lines) {
    *lines = 1;
    *fields = 1;
    for (size_t i = 0; i < size; i++) {
        *lines += text[i] == '\n';
        *fields += text[i] == '\n' || text[i] == separator;
    }
}

static status check_text(const char *text, size_t size, err *e) {
    int line = 1;
    for (const char *at = text, *end = text + size; at < end; line++) {
        const char *stop_at = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop_at ? stop_at + 1 : end) - at);
        if (memchr(at, '\0', length)) return err_set(e, STATUS_BAD_FILE, "line %d: a NUL byte", line);
        if (!text_is_utf8(at, length)) return err_set(e, STATUS_BAD_FILE, "line %d: not UTF-8", line);
        at += length;
    }
    return STATUS_OK;
}

static status scan_header(scanner *s, csv *out, stop *found, err *e) {
    status code = scan_row(s, out->header, &out->n_columns, found, e);
    if (code != STATUS_OK) return code;
    if (out->n_columns > MAX_COLUMNS)
        return err_set(e, STATUS_BAD_FILE, "line 1: %d columns, expected at most %d", out->n_columns,
                       MAX_COLUMNS);
    code = text_check_unique(out->header, (size_t)out->n_columns, "column", e);
    return code == STATUS_OK ? code : err_prefix(e, code, "line 1");
}

static bool skip_blank_line(scanner *s) {
    scanner ahead = *s;
    if (scan_stop(&ahead) != STOP_LINE) return false;
    *s = ahead;
    return true;
}

static status scan_rows(scanner *s, csv *out, err *e) {
    stop found;
    status code = scan_header(s, out, &found, e);
    const char **cells = out->cells = out->header + out->n_columns;
    while (code == STATUS_OK && found == STOP_LINE && s->at < s->end) {
        if (out->n_columns > 1 && skip_blank_line(s)) continue;
        int line = s->line, width;
        code = scan_row(s, cells, &width, &found, e);
        if (code != STATUS_OK) break;
        if (width != out->n_columns)
            return err_set(e, STATUS_BAD_FILE, "line %d: %d fields, expected %d", line, width,
                           out->n_columns);
        out->lines[out->n_rows++] = line;
        cells += width;
    }
    return code;
}

static status parse(const char *text, size_t size, char separator, csv *out, err *e) {
    status code = check_text(text, size, e);
    if (code != STATUS_OK) return code;
    size_t fields, lines;
    count(text, size, separator, &fields, &lines);
    if (fields > MAX_CELLS)
        return err_set(e, STATUS_BAD_FILE, "%zu fields, expected at most %d", fields, MAX_CELLS);
    char *copy = arena_strndup(&out->memory, text, size);
    out->header = arena_array(&out->memory, fields, sizeof *out->header);
    out->lines = arena_array(&out->memory, lines, sizeof *out->lines);
    if (!copy || !out->header || !out->lines) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    return scan_rows(&(scanner){copy, copy + size, separator, 1}, out, e);
}

status csv_parse(const char *text, size_t size, char separator, csv *out, err *e) {
    *out = (csv){0};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    if (size == 0) return err_set(e, STATUS_BAD_FILE, "empty, expected a header line");
    status code = parse(text, size, separator ? separator : find_separator(text, size), out, e);
    if (code != STATUS_OK) csv_free(out);
    return code;
}

status csv_read_file(const char *path, csv *out, err *e) {
    *out = (csv){0};
    bytes file;
    status code = file_read_gz(path, FILE_CAP, &file, e);
    if (code != STATUS_OK) return code;
    code = csv_parse((const char *)file.data, file.size, 0, out, e);
    bytes_free(&file);
    return code == STATUS_OK ? code : err_prefix(e, code, "%s", path);
}

int csv_column(const csv *c, const char *name) {
    for (int i = 0; i < c->n_columns; i++)
        if (strcmp(c->header[i], name) == 0) return i;
    return -1;
}

void csv_free(csv *c) {
    arena_free(&c->memory);
    *c = (csv){0};
}

void csv_put(FILE *file, const char *text) {
    if (!strpbrk(text, ",\t\"\r\n")) {
        fputs(text, file);
        return;
    }
    putc('"', file);
    for (; *text; text++) {
        if (*text == '"') putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}
