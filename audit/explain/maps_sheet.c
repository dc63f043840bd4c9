/* Images beside their maps. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/explain/sheets.h"
#include "audit/sheet_colours.h"
#include "audit/tint.h"
#include "core/stats.h"
#include "nets/loss.h"

enum { MARGIN = 16, GAP = 10, HEAD = 2 * TEXT_LINE + 6, FOOT = 2 * TEXT_LINE + 8, SIDE = 112 };
enum { BAR = 48, LEGEND = 2 * (TEXT_LINE + 4) };

static const colour good = {0, 110, 60};

typedef struct sheet {
    const maps_sheet *s;
    picture *p;
    int zoom, width, height; /* of a panel */
    float *image;
    double *sorted;
} sheet;

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What counts as the brightest: few pixels are brighter. 0 for a map of nothing. */
static double bright(const sheet *t, const float *map, int n) {
    for (int i = 0; i < n; i++)
        t->sorted[i] = fabs((double)map[i]);
    qsort(t->sorted, (size_t)n, sizeof *t->sorted, compare);
    double high = sorted_quantile(t->sorted, n, .99);
    return high > 0 ? high : t->sorted[n - 1];
}

/* Gradients as light in the dark; the others as colours over the pale image, which shows where they are. */
static colour map_tint(explain_method k, double share, double grey) {
    uint8_t level = (uint8_t)(255 * grey), pale = (uint8_t)(150 + 90 * grey);
    if (k == EXPLAIN_GRADCAM)
        return tint_mix((colour){level, level, level}, tint_heat(.15 + .85 * share), .7);
    if (k == EXPLAIN_OCCLUSION)
        return tint_mix((colour){pale, pale, pale}, tint_signed(share), .25 + .7 * fmin(1, fabs(share)));
    return tint_heat(share);
}

/* False when the map is 0 everywhere, which a picture does not tell from dark. */
static bool draw_map(const sheet *t, int x, int y, explain_method k, const float *map) {
    shape s = t->s->d->image;
    double most = bright(t, map, s.h * s.w);
    for (int row = 0; row < s.h; row++)
        for (int col = 0; col < s.w; col++) {
            const float *pixel = t->image + (row * s.w + col) * s.c;
            double grey = s.c < 3 ? (double)pixel[0] : (double)(pixel[0] + pixel[1] + pixel[2]) / 3;
            double share = most > 0 ? fmin(fmax((double)map[row * s.w + col] / most, -1), 1) : 0;
            picture_fill(t->p, x + col * t->zoom, y + row * t->zoom, t->zoom, t->zoom,
                         map_tint(k, share, fmin(fmax(grey, 0), 1)));
        }
    return most > 0;
}

/* The label; and what the net says, with which probability. */
static void put_caption(const sheet *t, int i, int x, int y) {
    const dataset *d = t->s->d;
    const float *z = t->s->logits + (size_t)i * (size_t)d->classes;
    int label = d->labels[t->s->rows[i]], class = logits_class(z, d->classes), most = t->width / TEXT_ADVANCE;
    double sum = 0;
    char text[80];
    picture_text(t->p, x, y, most, ink, d->class_names[label]);
    for (int k = 0; k < d->classes && class >= 0; k++)
        sum += exp((double)z[k] - (double)z[class]);
    if (class >= 0)
        snprintf(text, sizeof text, "> %.50s %.0f%%", d->class_names[class], 100 / sum);
    else
        snprintf(text, sizeof text, "> undecided");
    picture_text(t->p, x, y + TEXT_LINE, most, class == label ? good : alarm, text);
}

static void draw_row(const sheet *t, int i) {
    const maps_sheet *s = t->s;
    int y = MARGIN + HEAD + i * (t->height + FOOT), pixels = s->d->image.h * s->d->image.w;
    char text[80];
    dataset_image(s->d, s->rows[i], t->image);
    picture_image(t->p, MARGIN, y, t->zoom, s->d->image, t->image);
    put_caption(t, i, MARGIN, y + t->height + 3);
    for (int k = 0; k < s->n_columns; k++) {
        int x = MARGIN + (k + 1) * (t->width + GAP);
        if (!draw_map(t, x, y, s->columns[k].method, s->columns[k].maps + (size_t)i * (size_t)pixels))
            picture_text(t->p, x, y + t->height + 3 + (k == 0) * TEXT_LINE, t->width / TEXT_ADVANCE, alarm,
                         "0 everywhere");
        snprintf(text, sizeof text, "for %.60s", s->d->class_names[s->classes[i]]);
        if (k == 0) picture_text(t->p, x, y + t->height + 3, t->width / TEXT_ADVANCE, faint, text);
    }
}

static void put_heads(const sheet *t) {
    const maps_sheet *s = t->s;
    char text[40];
    picture_text(t->p, MARGIN, MARGIN, t->width / TEXT_ADVANCE, ink, "image");
    for (int k = 0; k < s->n_columns; k++) {
        int x = MARGIN + (k + 1) * (t->width + GAP);
        picture_text(t->p, x, MARGIN, t->width / TEXT_ADVANCE, ink,
                     explain_method_name(s->columns[k].method));
        if (isnan(s->columns[k].correlation)) continue;
        snprintf(text, sizeof text, "random net: %.2f", s->columns[k].correlation);
        picture_text(t->p, x, MARGIN + TEXT_LINE, t->width / TEXT_ADVANCE, faint, text);
    }
}

static void put_bar(const sheet *t, int y, explain_method k, const char *text) {
    for (int x = 0; x < BAR; x++) {
        double share = (double)x / (BAR - 1);
        picture_fill(t->p, MARGIN + x, y, 1, TEXT_LINE - 2,
                     k == EXPLAIN_OCCLUSION ? tint_signed(2 * share - 1) : tint_heat(share));
    }
    picture_text(t->p, MARGIN + BAR + 6, y, 40, faint, text);
}

static void put_legend(const sheet *t) {
    int y = MARGIN + HEAD + t->s->n * (t->height + FOOT);
    bool occlusion = false, others = false;
    for (int k = 0; k < t->s->n_columns; k++)
        *(t->s->columns[k].method == EXPLAIN_OCCLUSION ? &occlusion : &others) = true;
    if (others) put_bar(t, y, EXPLAIN_GRADIENT, "0 to the largest of each map");
    if (occlusion) put_bar(t, y + others * (TEXT_LINE + 4), EXPLAIN_OCCLUSION, "against to for the class");
}

status maps_sheet_draw(const maps_sheet *s, picture *out, err *e) {
    shape image = s->d->image;
    int zoom = picture_zoom(image, SIDE);
    sheet t = {.s = s, .p = out, .zoom = zoom, .width = zoom * image.w, .height = zoom * image.h};
    t.image = malloc(shape_size(image) * sizeof *t.image);
    t.sorted = malloc((size_t)image.h * (size_t)image.w * sizeof *t.sorted);
    status ok = t.image && t.sorted
                    ? picture_new(2 * MARGIN + (s->n_columns + 1) * (t.width + GAP) - GAP,
                                  2 * MARGIN + HEAD + s->n * (t.height + FOOT) + LEGEND, paper, out, e)
                    : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (ok == STATUS_OK) put_heads(&t);
    for (int i = 0; i < s->n && ok == STATUS_OK; i++)
        draw_row(&t, i);
    if (ok == STATUS_OK) put_legend(&t);
    free(t.image);
    free(t.sorted);
    return ok;
}
