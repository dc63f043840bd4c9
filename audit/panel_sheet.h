/* Images in rows and columns, each with a few words: the sheets of attacks that no pair of original and perturbation tells all of. */
#ifndef AUDIT_PANEL_SHEET_H
#define AUDIT_PANEL_SHEET_H

#include "audit/picture.h"
#include "audit/result.h"

enum { PANEL_LINES = 9, PANEL_TEXT = 32, PANEL_TITLE = 400 };

/* One image and what stands below it. A panel without an image leaves its place empty. */
typedef struct sheet_panel {
    const float *image;
    int n_lines;
    struct panel_line {
        char text[PANEL_TEXT];
        bool alarm; /* in red: a wrong answer */
    } lines[PANEL_LINES];
} sheet_panel;

/* The next line of a panel; one too many is dropped. */
void panel_say(sheet_panel *p, bool alarm, const char *format, ...) PRINTF_LIKE(3, 4);

/* Draws columns x rows panels of images of shape s, the first row first; `title` may have several lines, ended by '\n'. With no panels *out is
 * empty (no pixels). */
MUST_CHECK status panel_sheet(shape s, const sheet_panel *panels, int columns, int rows, const char *title, picture *out,
                              err *e);

/* Writes a picture to `path` (NULL: to no file), adds it as body.extra.sheet and frees it. The warning NO_SHEET, with `reason`, where a file was
 * wanted and the picture is empty. */
MUST_CHECK status sheet_finish(result *x, picture *sheet, const char *path, const char *reason, err *e);

#endif
