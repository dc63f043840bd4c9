#include "audit/report/html_internal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 4000 }; /* characters of a text without a precision */

void *html_array(html *h, size_t count, size_t size) {
    void *out = arena_array(&h->memory, count ? count : 1, size);
    if (!out) h->failed = true;
    return out;
}

/* Bytes of the UTF-8 character at `text`; 0 when it is broken, as where a text was cut. */
static size_t character_length(const char *text) {
    unsigned char first = (unsigned char)*text;
    if (first < 0x80) return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    for (size_t i = 1; i < length; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80) return 0;
    return first >= 0xc2 && first < 0xf5 ? length : 0;
}

/* U+200E, U+200F, U+202A..U+202E and U+2066..U+2069 change the direction of the text behind them. */
static bool turns_direction(const char *text, size_t length) {
    const unsigned char *c = (const unsigned char *)text;
    if (length != 3 || c[0] != 0xe2) return false;
    if (c[1] == 0x80) return c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xaa && c[2] <= 0xae);
    return c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9;
}

static const char *entity(char c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static bool is_control(const char *text, size_t length) {
    unsigned char c = (unsigned char)*text;
    if (length == 2 && c == 0xc2) return (unsigned char)text[1] < 0xa0;
    return length == 1 && ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f);
}

static void put_character(html *h, const char *text, size_t length) {
    if (length == 1 && entity(*text))
        fputs(entity(*text), h->file);
    else if (length == 0 || is_control(text, length) || turns_direction(text, length))
        fputs("\xef\xbf\xbd", h->file); /* U+FFFD, the replacement character */
    else
        fwrite(text, 1, length, h->file);
}

static void put_text(html *h, const char *text, int most) {
    for (int i = 0; *text; i++) {
        size_t length = character_length(text), step = length ? length : 1;
        if (i + 1 >= most && text[step]) {
            fputs("\xe2\x80\xa6", h->file); /* an ellipsis */
            return;
        }
        put_character(h, text, length);
        text += step;
    }
}

static int precision_of(const char *conversion) {
    const char *point = strchr(conversion, '.');
    return point ? atoi(point + 1) : TEXT_MOST;
}

typedef struct arguments {
    va_list list;
} arguments;

/* Writes the conversion at `format` and returns what stands behind it. */
static const char *put_conversion(html *h, const char *format, arguments *a) {
    char one[16];
    size_t length = 1 + strcspn(format + 1, "sdfg%");
    snprintf(one, sizeof one, "%.*s", (int)length + 1, format);
    switch (format[length]) {
    case 's':
        put_text(h, va_arg(a->list, const char *), precision_of(one));
        break;
    case 'd':
        if (strstr(one, "ll"))
            fprintf(h->file, one, va_arg(a->list, long long));
        else
            fprintf(h->file, one, va_arg(a->list, int));
        break;
    case 'f':
    case 'g':
        fprintf(h->file, one, va_arg(a->list, double));
        break;
    case '%':
        fputc('%', h->file);
        break;
    }
    return format + length + 1;
}

void html_put(html *h, const char *format, ...) {
    arguments a;
    va_start(a.list, format);
    while (*format) {
        size_t plain = strcspn(format, "%");
        fwrite(format, 1, plain, h->file);
        format += plain;
        if (*format) format = put_conversion(h, format, &a);
    }
    va_end(a.list);
}

void html_section_open(html *h, const char *id, const char *title) {
    html_put(h, "<section id=\"%s\">\n<h2>%s</h2>\n", id, title);
}

void html_section_close(html *h) {
    html_put(h, "</section>\n");
}
