/* One image under every corruption and severity. */
#include <stdio.h>
#include <stdlib.h>

#include "audit/corruption.h"
#include "audit/sheet_colours.h"

enum { PANEL = 64, GAP = 6, MARGIN = 16, NAME = 19 * TEXT_ADVANCE, HEAD = TEXT_LINE + 6 };

typedef struct sheet {
    picture *p;
    int zoom, width, height; /* of a panel */
    float *shown;
} sheet;

static int left_of(const sheet *t, int panel) {
    return MARGIN + NAME + panel * (t->width + GAP);
}

static int top_of(const sheet *t, int line) {
    return MARGIN + HEAD + line * (t->height + GAP);
}

static status draw(sheet *t, const dataset *one, const corruption_plan *p, const run *r, uint8_t *pixels,
                   err *e) {
    char text[40];
    int panels = p->n_severities + 1;
    status s = picture_new(left_of(t, panels) - GAP + MARGIN, top_of(t, p->n) - GAP + MARGIN, paper, t->p, e);
    if (s != STATUS_OK) return s;
    picture_text(t->p, left_of(t, 0), MARGIN, t->width / TEXT_ADVANCE, faint, "unchanged");
    for (int k = 0; k < p->n_severities; k++) {
        snprintf(text, sizeof text, "severity %d", p->severities[k]);
        picture_text(t->p, left_of(t, k + 1), MARGIN, t->width / TEXT_ADVANCE, faint, text);
    }
    for (int c = 0; s == STATUS_OK && c < corruption_conditions(p); c++) {
        int line = c / p->n_severities, panel = c % p->n_severities + 1;
        const corruption *k = p->list[line];
        if (panel == 1) {
            picture_text(t->p, MARGIN, top_of(t, line) + 4, NAME / TEXT_ADVANCE - 1, ink, k->name);
            if (k->not_comparable && !p->arrays)
                picture_text(t->p, MARGIN, top_of(t, line) + 4 + TEXT_LINE, NAME / TEXT_ADVANCE - 1, faint,
                             "not comparable");
            dataset_image(one, 0, t->shown);
            picture_image(t->p, left_of(t, 0), top_of(t, line), t->zoom, one->image, t->shown);
        }
        s = corruption_images(one, p, c, r, pixels, e);
        for (size_t i = 0; s == STATUS_OK && i < shape_size(one->image); i++)
            t->shown[i] = (float)pixels[i] / 255;
        if (s == STATUS_OK)
            picture_image(t->p, left_of(t, panel), top_of(t, line), t->zoom, one->image, t->shown);
    }
    return s;
}

status corruption_sheet(const dataset *d, int row, const corruption_plan *p, const run *r, picture *out,
                        err *e) {
    dataset one;
    *out = (picture){0};
    status s = dataset_select(d, &(int32_t){row}, 1, &one, e);
    if (s != STATUS_OK) return s;
    int zoom = picture_zoom(d->image, PANEL);
    sheet t = {.p = out, .zoom = zoom, .width = zoom * d->image.w, .height = zoom * d->image.h};
    t.shown = malloc(shape_size(d->image) * sizeof *t.shown);
    uint8_t *pixels = malloc(shape_size(d->image));
    s = t.shown && pixels ? draw(&t, &one, p, r, pixels, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
    free(t.shown);
    free(pixels);
    dataset_free(&one);
    if (s != STATUS_OK) picture_free(out);
    return s;
}
