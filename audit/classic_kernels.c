#include "audit/classic_kernels.h"

#include <stdlib.h>
#include <string.h>

#include "datasets/image.h"
#include "nets/session.h"

static const classic_kernel kernels[] = {
    {"identity", "the image itself", 3, 1, {0, 0, 0, 0, 1, 0, 0, 0, 0}, false},
    {"box blur", "mean of the neighbours", 3, 9, {1, 1, 1, 1, 1, 1, 1, 1, 1}, false},
    {"Gaussian blur",
     "near neighbours count more",
     5,
     256,
     {1, 4, 6, 4, 1, 4, 16, 24, 16, 4, 6, 24, 36, 24, 6, 4, 16, 24, 16, 4, 1, 4, 6, 4, 1},
     false},
    {"sharpen", "adds what the blur takes", 3, 1, {0, -1, 0, -1, 5, -1, 0, -1, 0}, false},
    {"emboss", "light from the top left", 3, 1, {-2, -1, 0, -1, 1, 1, 0, 1, 2}, false},
    {"Sobel x", "brighter to the right", 3, 4, {-1, 0, 1, -2, 0, 2, -1, 0, 1}, true},
    {"Sobel y", "brighter below", 3, 4, {-1, -2, -1, 0, 0, 0, 1, 2, 1}, true},
    {"Laplacian", "edges of both sides", 3, 4, {0, 1, 0, 1, -4, 1, 0, 1, 0}, true},
    {"corner", "corners, not straight edges", 3, 2, {1, 0, -1, 0, 0, 0, -1, 0, 1}, true},
};

enum { KERNELS = sizeof kernels / sizeof *kernels, MARGIN = KERNEL_SIDE / 2 };

const classic_kernel *classic_kernel_at(int k) {
    return k >= 0 && k < KERNELS ? &kernels[k] : NULL;
}

static const classic_kernel *kernel_named(const char *name) {
    const classic_kernel *k = kernels;
    while (strcmp(k->name, name) != 0)
        k++;
    return k;
}

/* The image with its edge pixels repeated MARGIN times around it. */
static float *with_margin(const float *image, shape s) {
    int width = s.w + 2 * MARGIN, height = s.h + 2 * MARGIN;
    float *out = malloc((size_t)width * (size_t)height * (size_t)s.c * sizeof *out);
    for (int y = 0; out && y < height; y++)
        for (int x = 0; x < width; x++) {
            int row = y < MARGIN ? 0 : y >= s.h + MARGIN ? s.h - 1 : y - MARGIN;
            int col = x < MARGIN ? 0 : x >= s.w + MARGIN ? s.w - 1 : x - MARGIN;
            memcpy(out + ((size_t)y * (size_t)width + (size_t)x) * (size_t)s.c,
                   image + ((size_t)row * (size_t)s.w + (size_t)col) * (size_t)s.c,
                   (size_t)s.c * sizeof *out);
        }
    return out;
}

/* The kernels of one channel after the other, in the middle of 5 x 5 weights (height, width, input, output). */
static void put_weights(const classic_kernel *const *list, int n, int channels, float *out) {
    for (int k = 0; k < n; k++) {
        int first = (KERNEL_SIDE - list[k]->side) / 2;
        for (int y = 0; y < list[k]->side; y++)
            for (int x = 0; x < list[k]->side; x++)
                for (int c = 0; c < channels; c++)
                    out[((first + y) * KERNEL_SIDE + first + x) * channels * n + c * n + k] =
                        (float)list[k]->values[y * list[k]->side + x] / (float)list[k]->divisor;
    }
}

static status build_layer(shape s, int n, net **out, weights *w, err *e) {
    int input = 0;
    layer_config c = {.out = s.c * n, .kernel = {KERNEL_SIDE, KERNEL_SIDE}, .groups = s.c};
    net_builder *b = net_begin("kernels", (shape){s.h + 2 * MARGIN, s.w + 2 * MARGIN, s.c});
    net_add(b, "conv", "conv2d", &c, 1, &input);
    status ok = net_finish_map(b, out, e);
    return ok == STATUS_OK ? weights_new(*out, w, e) : ok;
}

status classic_kernels_apply(const float *image, shape s, const classic_kernel *const *list, int n,
                             const run *r, float *out, err *e) {
    net *conv = NULL;
    weights w = {0};
    session *t = NULL;
    run single = *r;
    single.threads = 1;
    float *wide = with_margin(image, s);
    status ok = wide ? build_layer(s, n, &conv, &w, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (ok == STATUS_OK) {
        put_weights(list, n, s.c, w.data);
        w.version++;
        ok = session_new(conv, &w, SESSION_INFER, 0, &single, &t, e);
    }
    if (ok == STATUS_OK) ok = session_infer(t, 0, 1, wide, out, e);
    session_free(t);
    weights_free(&w);
    net_free(conv);
    free(wide);
    return ok;
}

static void brightness(const float *image, shape s, float *out) {
    for (int i = 0; i < s.h * s.w; i++) {
        const float *v = image + (size_t)i * (size_t)s.c;
        out[i] = image_luma(v, s.c);
    }
}

status classic_corners(const float *image, shape s, const run *r, float *out, err *e) {
    size_t pixels = (size_t)s.h * (size_t)s.w;
    const classic_kernel *sobel[] = {kernel_named("Sobel x"), kernel_named("Sobel y")},
                         *window[] = {kernel_named("Gaussian blur")};
    float *room = malloc(9 * pixels * sizeof *room);
    if (!room) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    float *grey = room, *slopes = room + pixels, *products = room + 3 * pixels, *smooth = room + 6 * pixels;
    brightness(image, s, grey);
    status ok = classic_kernels_apply(grey, (shape){s.h, s.w, 1}, sobel, 2, r, slopes, e);
    for (size_t i = 0; ok == STATUS_OK && i < pixels; i++) {
        float x = slopes[2 * i], y = slopes[2 * i + 1];
        products[3 * i] = x * x;
        products[3 * i + 1] = x * y;
        products[3 * i + 2] = y * y;
    }
    if (ok == STATUS_OK) ok = classic_kernels_apply(products, (shape){s.h, s.w, 3}, window, 1, r, smooth, e);
    for (size_t i = 0; ok == STATUS_OK && i < pixels; i++) {
        const float *m = smooth + 3 * i;
        float trace = m[0] + m[2];
        out[i] = m[0] * m[2] - m[1] * m[1] - .05f * trace * trace;
    }
    free(room);
    return ok;
}

static json *values_json(const classic_kernel *k) {
    json *rows = json_new_array();
    for (int y = 0; y < k->side; y++) {
        json *row = json_new_array();
        for (int x = 0; x < k->side; x++)
            json_append(row, json_new_int(k->values[y * k->side + x]));
        json_append(rows, row);
    }
    return rows;
}

json *classic_kernels_json(void) {
    json *list = json_new_array();
    for (int k = 0; k < KERNELS; k++) {
        json *one = json_new_object();
        json_set_string(one, "name", kernels[k].name);
        json_set_string(one, "what", kernels[k].what);
        json_set_int(one, "divisor", kernels[k].divisor);
        json_set(one, "values", values_json(&kernels[k]));
        json_append(list, one);
    }
    return list;
}
