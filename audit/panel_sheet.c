#include "audit/panel_sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/contact_sheet.h"
#include "audit/sheet_colours.h"
#include "datasets/image.h"

enum { PANEL = 96, GAP = 14, MARGIN = 16 };

void panel_say(sheet_panel *p, bool is_alarm, const char *format, ...) {
    if (p->n_lines == PANEL_LINES) return;
    struct panel_line *line = &p->lines[p->n_lines++];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line->text, sizeof line->text, format, arguments);
    va_end(arguments);
    line->alarm = is_alarm;
}

static int count_lines(const char *text) {
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void put_title(picture *p, const char *title) {
    char line[PANEL_TITLE];
    for (int y = MARGIN; *title; y += TEXT_LINE + 2) {
        size_t length = strcspn(title, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, title);
        picture_text(p, MARGIN, y, (p->width - 2 * MARGIN) / TEXT_ADVANCE, ink, line);
        title += length + (title[length] == '\n');
    }
}

static int most_lines(const sheet_panel *panels, int n) {
    int most = 0;
    for (int i = 0; i < n; i++)
        most = panels[i].n_lines > most ? panels[i].n_lines : most;
    return most;
}

static void put_panel(picture *p, const sheet_panel *k, shape s, int zoom, int x, int y) {
    int width = zoom * s.w, height = zoom * s.h;
    if (!k->image) return;
    picture_fill(p, x - 1, y - 1, width + 2, height + 2, rule);
    picture_image(p, x, y, zoom, s, k->image);
    for (int i = 0; i < k->n_lines; i++)
        picture_text(p, x, y + height + 4 + i * TEXT_LINE, (width + GAP) / TEXT_ADVANCE - 1,
                     k->lines[i].alarm ? alarm : ink, k->lines[i].text);
}

status panel_sheet(shape s, const sheet_panel *panels, int columns, int rows, const char *title, picture *out,
                   err *e) {
    *out = (picture){0};
    if (columns < 1 || rows < 1) return STATUS_OK;
    int zoom = picture_zoom(s, PANEL);
    int step = zoom * s.w + GAP, text = most_lines(panels, columns * rows) * TEXT_LINE;
    int line = zoom * s.h + 4 + text + GAP, head = MARGIN + count_lines(title) * (TEXT_LINE + 2) + GAP;
    status ok = picture_new(2 * MARGIN + columns * step - GAP, head + rows * line, paper, out, e);
    if (ok != STATUS_OK) return ok;
    put_title(out, title);
    for (int i = 0; i < columns * rows; i++)
        put_panel(out, &panels[i], s, zoom, MARGIN + i % columns * step, head + i / columns * line);
    return STATUS_OK;
}

status sheet_finish(result *x, picture *sheet, const char *path, const char *reason, err *e) {
    if (!sheet->pixels) {
        if (path) result_warning(x, "NO_SHEET", reason, NULL, 0, NULL);
        return STATUS_OK;
    }
    char *uri = NULL;
    status s =
        path ? image_write_png(path, sheet->pixels, (shape){sheet->height, sheet->width, 3}, e) : STATUS_OK;
    if (s == STATUS_OK) s = picture_data_uri(sheet, &uri, e);
    if (s == STATUS_OK) result_extra(x, "sheet", json_new_string(uri));
    free(uri);
    picture_free(sheet);
    return s;
}
