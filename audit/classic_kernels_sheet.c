/* The sheet of classic kernels: answers above the kernels that gave them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/classic_kernels.h"
#include "audit/sheet_colours.h"
#include "audit/tint.h"

enum { COLUMNS = 6, PANEL = 168, MARGIN = 18, BOX_WIDTH = 26, BOX_HEIGHT = 17, HEAD = 2 * TEXT_LINE + 4 };
enum { FOOT = KERNEL_SIDE * BOX_HEIGHT + TEXT_LINE + 12, MOST = 16 };

typedef struct sheet {
    picture *p;
    shape s;
    int zoom, width, height; /* of a panel */
    float *shown;            /* an image to draw */
} sheet;

static void corner_of(const sheet *t, int cell, int *x, int *y) {
    *x = MARGIN + cell % COLUMNS * (t->width + MARGIN);
    *y = MARGIN + cell / COLUMNS * (HEAD + t->height + FOOT + MARGIN);
}

static void put_title(const sheet *t, int cell, const char *name, const char *what) {
    int x, y;
    corner_of(t, cell, &x, &y);
    picture_text(t->p, x, y, t->width / TEXT_ADVANCE, ink, name);
    picture_text(t->p, x, y + TEXT_LINE, t->width / TEXT_ADVANCE, faint, what);
}

static void put_panel(const sheet *t, int cell, shape s, const float *image) {
    int x, y;
    corner_of(t, cell, &x, &y);
    picture_fill(t->p, x - 1, y + HEAD - 1, t->width + 2, t->height + 2, rule);
    picture_image(t->p, x, y + HEAD, t->zoom, s, image);
}

/* The kernel as a table of numbers, red where positive and blue where negative. */
static void put_kernel(const sheet *t, int cell, const classic_kernel *k) {
    int x, y, largest = 1;
    char text[32];
    corner_of(t, cell, &x, &y);
    y += HEAD + t->height + 8;
    for (int i = 0; i < k->side * k->side; i++)
        largest = abs(k->values[i]) > largest ? abs(k->values[i]) : largest;
    for (int row = 0; row < k->side; row++)
        for (int i = 0; i < k->side; i++) {
            int value = k->values[row * k->side + i], left = x + i * BOX_WIDTH, top = y + row * BOX_HEIGHT;
            int length = snprintf(text, sizeof text, "%d", value);
            picture_fill(t->p, left, top, BOX_WIDTH - 1, BOX_HEIGHT - 1, tint_signed(.7 * value / largest));
            picture_text(t->p, left + (BOX_WIDTH - length * TEXT_ADVANCE) / 2, top + 4, 4, ink, text);
        }
    if (k->divisor == 1) return;
    snprintf(text, sizeof text, "/ %d", k->divisor);
    picture_text(t->p, x + k->side * BOX_WIDTH + 6, y + k->side * BOX_HEIGHT / 2 - 5, 8, faint, text);
}

/* The answer to kernel k, from those to all n: as an image, or as changes of the mean over channels around grey. */
static void put_answer(const sheet *t, int cell, const classic_kernel *kernel, const float *answers, int k,
                       int n) {
    shape s = t->s;
    size_t pixels = (size_t)s.h * (size_t)s.w, channels = (size_t)s.c;
    for (size_t i = 0; i < pixels; i++) {
        float sum = 0;
        for (size_t c = 0; c < channels; c++) {
            float v = answers[(i * channels + c) * (size_t)n + (size_t)k];
            sum += v / (float)channels;
            if (!kernel->is_signed) t->shown[i * channels + c] = v;
        }
        if (kernel->is_signed) t->shown[i] = .5f + sum;
    }
    put_panel(t, cell, kernel->is_signed ? (shape){s.h, s.w, 1} : s, t->shown);
}

/* How steep the brightness is, whatever the direction. */
static void put_steepness(const sheet *t, int cell, const float *answers, int x, int y, int n) {
    size_t pixels = (size_t)t->s.h * (size_t)t->s.w, channels = (size_t)t->s.c;
    for (size_t i = 0; i < pixels; i++) {
        float a = 0, b = 0;
        for (size_t c = 0; c < channels; c++) {
            a += answers[(i * channels + c) * (size_t)n + (size_t)x] / (float)channels;
            b += answers[(i * channels + c) * (size_t)n + (size_t)y] / (float)channels;
        }
        t->shown[i] = 1.6f * hypotf(a, b);
    }
    put_title(t, cell, "Sobel x and y", "sqrt(x^2 + y^2)");
    put_panel(t, cell, (shape){t->s.h, t->s.w, 1}, t->shown);
}

/* Corners glow over the darkened image. */
static status put_corners(const sheet *t, int cell, const float *image, const run *r, err *e) {
    shape s = t->s;
    size_t pixels = (size_t)s.h * (size_t)s.w;
    float *response = malloc(pixels * sizeof *response), most = 0;
    status ok =
        response ? classic_corners(image, s, r, response, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; ok == STATUS_OK && i < pixels; i++)
        most = fmaxf(most, response[i]);
    int x, y;
    corner_of(t, cell, &x, &y);
    for (size_t i = 0; ok == STATUS_OK && i < pixels; i++) {
        double share = most > 0 && response[i] > 0 ? pow((double)(response[i] / most), .4) : 0;
        float v = image[i * (size_t)s.c];
        uint8_t level = (uint8_t)(90 * (v > 0 ? v < 1 ? v : 1 : 0));
        colour tint = tint_mix((colour){level, level, level}, (colour){255, 200, 40}, share);
        picture_fill(t->p, x + (int)i % s.w * t->zoom, y + HEAD + (int)i / s.w * t->zoom, t->zoom, t->zoom,
                     tint);
    }
    put_title(t, cell, "corners (Harris)", "products of Sobel, blurred");
    free(response);
    return ok;
}

static status draw(sheet *t, const float *image, const run *r, float *answers, err *e) {
    const classic_kernel *list[MOST];
    int n = 0, sobel_x = 0;
    while (n < MOST && (list[n] = classic_kernel_at(n)))
        n++;
    status ok = classic_kernels_apply(image, t->s, list, n, r, answers, e);
    if (ok != STATUS_OK) return ok;
    int cells = n + 3, lines = (cells + COLUMNS - 1) / COLUMNS;
    ok = picture_new(COLUMNS * (t->width + MARGIN) + MARGIN,
                     lines * (HEAD + t->height + FOOT + MARGIN) + MARGIN + TEXT_LINE, paper, t->p, e);
    if (ok != STATUS_OK) return ok;
    put_title(t, 0, "the image", "");
    put_panel(t, 0, t->s, image);
    for (int k = 0; k < n; k++) {
        put_title(t, k + 1, list[k]->name, list[k]->what);
        put_answer(t, k + 1, list[k], answers, k, n);
        put_kernel(t, k + 1, list[k]);
        if (list[k]->is_signed && !sobel_x) sobel_x = k;
    }
    put_steepness(t, n + 1, answers, sobel_x, sobel_x + 1, n);
    picture_text(
        t->p, MARGIN, t->p->height - MARGIN - TEXT_LINE / 2, 120, faint,
        "Where a kernel sums to 0, grey is 0, white positive, black negative. Kernels are applied as they "
        "stand, not mirrored.");
    return put_corners(t, n + 2, image, r, e);
}

status classic_kernels_sheet(const float *image, shape s, const run *r, picture *out, err *e) {
    int zoom = picture_zoom(s, PANEL);
    sheet t = {.p = out, .s = s, .zoom = zoom, .width = zoom * s.w, .height = zoom * s.h};
    if (t.width < PANEL) t.width = PANEL;
    *out = (picture){0};
    t.shown = malloc(shape_size(s) * sizeof *t.shown);
    float *answers = malloc(shape_size(s) * MOST * sizeof *answers);
    status ok =
        t.shown && answers ? draw(&t, image, r, answers, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
    free(t.shown);
    free(answers);
    if (ok != STATUS_OK) picture_free(out);
    return ok;
}
