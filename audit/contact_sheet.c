#include "audit/contact_sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "attacks/changed.h"
#include "audit/answers.h"
#include "audit/base64.h"
#include "audit/sheet_colours.h"
#include "datasets/image.h"
#include "nets/loss.h"

enum { COLUMNS = 3, PANEL = 84, GAP = 6, MARGIN = 16, CAPTION = 2 * TEXT_LINE + 6 };

typedef struct sheet {
    const dataset *d;
    const attack_result *a;
    const char *norm_name;
    int zoom, panel_width, panel_height;
    float *original, *perturbation; /* an image each */
    picture *p;
} sheet;

/* Rows that were right and that the attack broke, spread over the classes. */
static status choose_rows(const dataset *d, const attack_result *a, int rows[SHEET_MOST], int *n, err *e) {
    uint8_t *broken = calloc((size_t)d->n + 1, 1);
    if (!broken) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int row = 0; row < d->n; row++)
        broken[row] = a->clean_correct[row] && a->broken_at[row] < a->n_eps;
    *n = rows_spread(d, broken, SHEET_MOST, rows);
    free(broken);
    return STATUS_OK;
}

/* Class and confidence under a panel. */
static void caption(const sheet *s, int x, int y, colour tint, const float *logits) {
    int classes = s->d->classes, class = logits_class(logits, classes), most = s->panel_width / TEXT_ADVANCE;
    picture_text(s->p, x, y, most, tint, answer_name(s->d, class));
    if (class < 0) return;
    double sum = 0;
    for (int i = 0; i < classes; i++)
        sum += exp((double)logits[i] - logits[class]);
    char text[24];
    snprintf(text, sizeof text, "%.0f %%", 100 / sum);
    picture_text(s->p, x, y + TEXT_LINE, most, tint, text);
}

static void draw_card(const sheet *s, int x, int y, int row) {
    size_t d = shape_size(s->d->image);
    const float *adversarial = s->a->examples + (size_t)row * d;
    float largest = 0;
    dataset_image(s->d, row, s->original);
    for (size_t i = 0; i < d; i++)
        largest = fmaxf(largest, fabsf(adversarial[i] - s->original[i]));
    float magnify = largest > 0 ? 0.5f / largest : 0;
    for (size_t i = 0; i < d; i++)
        s->perturbation[i] = 0.5f + magnify * (adversarial[i] - s->original[i]);

    int step = s->panel_width + GAP, below = y + s->panel_height + 4, most = s->panel_width / TEXT_ADVANCE;
    char text[40];
    picture_image(s->p, x, y, s->zoom, s->d->image, s->original);
    picture_image(s->p, x + step, y, s->zoom, s->d->image, s->perturbation);
    picture_image(s->p, x + 2 * step, y, s->zoom, s->d->image, adversarial);
    caption(s, x, below, ink, s->a->clean_logits + (size_t)row * (size_t)s->d->classes);
    snprintf(text, sizeof text, "x %.3g  ->", magnify);
    picture_text(s->p, x + step, below, most, faint, text);
    snprintf(text, sizeof text, "%s %.3g", s->norm_name, s->a->distance[row]);
    picture_text(s->p, x + step, below + TEXT_LINE, most, faint, text);
    caption(s, x + 2 * step, below, alarm, s->a->example_logits + (size_t)row * (size_t)s->d->classes);
}

static status draw(sheet *s, const int *rows, int n, const char *title, err *e) {
    int columns = n < COLUMNS ? n : COLUMNS, lines = (n + COLUMNS - 1) / COLUMNS;
    int card_width = 3 * s->panel_width + 2 * GAP, card_height = s->panel_height + CAPTION;
    int width = columns * (card_width + MARGIN) + MARGIN;
    int height = lines * (card_height + MARGIN) + 2 * MARGIN + TEXT_LINE;
    status ok = picture_new(width, height, paper, s->p, e);
    if (ok != STATUS_OK) return ok;
    picture_text(s->p, MARGIN, MARGIN, (width - 2 * MARGIN) / TEXT_ADVANCE, ink, title);
    for (int i = 0; i < n; i++)
        draw_card(s, MARGIN + i % COLUMNS * (card_width + MARGIN),
                  2 * MARGIN + TEXT_LINE + i / COLUMNS * (card_height + MARGIN), rows[i]);
    return STATUS_OK;
}

status contact_sheet_draw(const dataset *d, const attack_result *a, const char *title, const char *norm_name,
                          picture *out, err *e) {
    int rows[SHEET_MOST], n = 0;
    *out = (picture){0};
    status ok = choose_rows(d, a, rows, &n, e);
    if (ok != STATUS_OK || n == 0) return ok;
    int zoom = picture_zoom(d->image, PANEL);
    size_t floats = shape_size(d->image);
    sheet s = {.d = d,
               .a = a,
               .norm_name = norm_name,
               .zoom = zoom,
               .panel_width = zoom * d->image.w,
               .panel_height = zoom * d->image.h,
               .original = malloc(2 * floats * sizeof(float)),
               .p = out};
    s.perturbation = s.original ? s.original + floats : NULL;
    ok = s.original ? draw(&s, rows, n, title, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
    free(s.original);
    return ok;
}

status picture_data_uri(const picture *p, char **out, err *e) {
    bytes png;
    *out = NULL;
    status s = image_encode_png(p->pixels, (shape){p->height, p->width, 3}, &png, e);
    if (s != STATUS_OK) return s;
    *out = base64_encode("data:image/png;base64,", png.data, png.size);
    bytes_free(&png);
    return *out ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
}
