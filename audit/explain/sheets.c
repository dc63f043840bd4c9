#include "audit/explain/sheets.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "audit/sheet_colours.h"
#include "audit/tint.h"

enum {
    MARGIN = 16,
    GAP = 8,
    HEAD = TEXT_LINE + 8,
    MOST_COLUMNS = 8,
    FILTER_SIDE = 56,
    CHANNEL_SIDE = 84,
    IMAGE_SIDE = 112
};

/* Cells of equal size in rows of up to MOST_COLUMNS, below a title. */
typedef struct grid {
    picture *p;
    int columns, width, height; /* of a cell */
} grid;

static status grid_open(grid *g, const char *title, int n, picture *out, err *e) {
    g->p = out;
    g->columns = n < MOST_COLUMNS ? n : MOST_COLUMNS;
    int lines = (n + g->columns - 1) / g->columns, width = g->columns * (g->width + GAP) - GAP + 2 * MARGIN;
    int title_width = (int)strlen(title) * TEXT_ADVANCE + 2 * MARGIN;
    status s = picture_new(width > title_width ? width : title_width,
                           2 * MARGIN + HEAD + lines * (g->height + GAP) - GAP, paper, out, e);
    if (s == STATUS_OK) picture_text(out, MARGIN, MARGIN, (int)strlen(title), ink, title);
    return s;
}

static int cell_x(const grid *g, int i) {
    return MARGIN + i % g->columns * (g->width + GAP);
}
static int cell_y(const grid *g, int i) {
    return MARGIN + HEAD + i / g->columns * (g->height + GAP);
}

/* --- filters */

static int first_conv(const net *n) {
    for (int k = 1; k < n->n_nodes; k++)
        if (strcmp(layer_name(n->nodes[k].op), "conv2d") == 0) return k;
    return -1;
}

/* Filter f (weights are height, width, input, output): three channels as colours, others as their mean in blue and red. */
static void draw_filter(const grid *g, int i, int zoom, const float *values, const int *dims, int f) {
    int channels = dims[2], out = dims[3];
    float largest = 0;
    for (int k = 0; k < dims[0] * dims[1] * channels; k++)
        largest = fmaxf(largest, fabsf(values[k * out + f]));
    for (int y = 0; y < dims[0]; y++)
        for (int x = 0; x < dims[1]; x++) {
            double v[3], sum = 0;
            for (int c = 0; c < channels; c++) {
                float weight = values[((y * dims[1] + x) * channels + c) * out + f];
                double share = largest > 0 ? (double)(weight / largest) : 0;
                sum += share / channels;
                if (c < 3) v[c] = 127.5 + 127.5 * share;
            }
            colour tint = tint_signed(.9 * sum);
            if (channels == 3) tint = (colour){(uint8_t)v[0], (uint8_t)v[1], (uint8_t)v[2]};
            picture_fill(g->p, cell_x(g, i) + x * zoom, cell_y(g, i) + y * zoom, zoom, zoom, tint);
        }
}

status filters_sheet_draw(const net *n, const weights *w, picture *out, err *e) {
    *out = (picture){0};
    int node = first_conv(n);
    if (node < 0) return STATUS_OK;
    const net_param *p = &n->params[n->nodes[node].params[0]];
    const int *dims = p->info.dims;
    int count = dims[3] < FILTERS_MOST ? dims[3] : FILTERS_MOST;
    int zoom = picture_zoom((shape){dims[0], dims[1], 1}, FILTER_SIDE);
    char title[160];
    snprintf(title, sizeof title, "Filters of %s: %d of %d, %d x %d x %d%s", n->nodes[node].name, count,
             dims[3], dims[0], dims[1], dims[2],
             dims[2] == 3 ? ", grey is 0" : ", red positive, blue negative");
    grid g = {.width = zoom * dims[1], .height = zoom * dims[0]};
    status s = grid_open(&g, title, count, out, e);
    for (int f = 0; s == STATUS_OK && f < count; f++)
        draw_filter(&g, f, zoom, w->data + p->offset, dims, f);
    return s;
}

/* --- feature maps */

static void draw_channel(const grid *g, int i, int zoom, const float *map, shape s, int c, float lo,
                         float hi) {
    for (int y = 0; y < s.h; y++)
        for (int x = 0; x < s.w; x++) {
            float v = map[(y * s.w + x) * s.c + c];
            picture_fill(g->p, cell_x(g, i) + x * zoom, cell_y(g, i) + y * zoom, zoom, zoom,
                         tint_heat(hi > lo ? (double)((v - lo) / (hi - lo)) : 0));
        }
}

status features_sheet_draw(const char *title, const float *image, shape image_shape, const float *map,
                           shape s, picture *out, err *e) {
    int count = s.c < CHANNELS_MOST ? s.c : CHANNELS_MOST, zoom = picture_zoom(s, CHANNEL_SIDE);
    int image_zoom = picture_zoom(image_shape, CHANNEL_SIDE);
    float lo = 0, hi = 0;
    for (size_t i = 0; i < shape_size(s); i++) {
        lo = fminf(lo, map[i]);
        hi = fmaxf(hi, map[i]);
    }
    char scaled[300];
    snprintf(scaled, sizeof scaled, "%.200s; black is %.3g, bright %.3g", title, (double)lo, (double)hi);
    grid g = {.width = zoom * s.w, .height = zoom * s.h};
    if (image_zoom * image_shape.w > g.width) g.width = image_zoom * image_shape.w;
    if (image_zoom * image_shape.h > g.height) g.height = image_zoom * image_shape.h;
    status ok = grid_open(&g, scaled, count + 1, out, e);
    if (ok != STATUS_OK) return ok;
    picture_image(out, cell_x(&g, 0), cell_y(&g, 0), image_zoom, image_shape, image);
    for (int c = 0; c < count; c++)
        draw_channel(&g, c + 1, zoom, map, s, c, lo, hi);
    return STATUS_OK;
}

/* --- galleries */

status gallery_draw(const char *title, const float *images, shape s, int n, const char *const *captions,
                    picture *out, err *e) {
    int zoom = picture_zoom(s, IMAGE_SIDE);
    grid g = {.width = zoom * s.w, .height = zoom * s.h + TEXT_LINE + 4};
    status ok = grid_open(&g, title, n, out, e);
    for (int i = 0; ok == STATUS_OK && i < n; i++) {
        picture_image(out, cell_x(&g, i), cell_y(&g, i), zoom, s, images + (size_t)i * shape_size(s));
        picture_text(out, cell_x(&g, i), cell_y(&g, i) + zoom * s.h + 3, g.width / TEXT_ADVANCE, faint,
                     captions[i]);
    }
    return ok;
}
