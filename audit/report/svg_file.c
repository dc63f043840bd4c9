#include "audit/report/svg_file_internal.h"

#include <stdlib.h>

#include "audit/report/charts_internal.h"
#include "audit/report/sections_internal.h"
#include "core/outfile.h"

enum { MARGIN = 16 };

/* The height stands at the head of the file and is known when all is drawn. */
static status draw(void (*put)(html *h, const json *body), const json *body, char **text, int *height,
                   err *e) {
    size_t size;
    FILE *memory = open_memstream(text, &size);
    if (!memory) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    html h = {.file = memory, .picture = true};
    put(&h, body);
    arena_free(&h.memory);
    *height = h.height;
    bool failed = ferror(memory) || h.failed;
    if (fclose(memory) != 0 || failed) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    return STATUS_OK;
}

status svg_file_write(const char *path, void (*put)(html *h, const json *body), const json *body, err *e) {
    char *charts = NULL;
    int height = 0;
    outfile o;
    status s = draw(put, body, &charts, &height, e);
    if (s == STATUS_OK) s = outfile_open(&o, path, e);
    if (s == STATUS_OK) {
        int width = PAGE_WIDTH + 2 * MARGIN;
        height += 2 * MARGIN;
        html h = {.file = o.file};
        html_put(
            &h,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"%d %d %d %d\">\n",
            width, height, -MARGIN, -MARGIN, width, height);
        style_put(&h);
        html_put(&h,
                 "<style>text{font-family:system-ui,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif}svg "
                 "text.head{font-size:16px;font-weight:600}.ground{fill:var(--paper)}</style>\n<rect "
                 "class=\"ground\" "
                 "x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
                 -MARGIN, -MARGIN, width, height);
        fputs(charts, o.file);
        html_put(&h, "</svg>\n");
        s = outfile_commit(&o, e);
    }
    free(charts);
    return s;
}
