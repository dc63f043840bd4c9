/* Images that a model likes best. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/explain/explain.h"
#include "core/parallel.h"

static const double step_length = .05; /* root mean square of a step, pixels being 0..1 */
static const double decay = .01;       /* of the distance from grey, each step */

typedef struct ascent {
    model *m;
    const float *cotangents;
    int n, steps;
    const run *r;
    float *images; /* n x input */
    float *room;   /* per worker: tile x input twice, tile x classes */
    first_failure failed;
} ascent;

/* Rolls an image by whole pixels. */
static void roll(const float *from, shape s, int down, int right, float *to) {
    for (int y = 0; y < s.h; y++)
        for (int x = 0; x < s.w; x++) {
            int row = (y + down + s.h) % s.h, col = (x + right + s.w) % s.w;
            memcpy(to + (row * s.w + col) * s.c, from + (y * s.w + x) * s.c, (size_t)s.c * sizeof *to);
        }
}

/* Mixes every pixel with its four neighbours. `share` of 0 leaves it. */
static void blur(float *image, shape s, float share, float *room) {
    memcpy(room, image, shape_size(s) * sizeof *room);
    for (int y = 0; y < s.h; y++)
        for (int x = 0; x < s.w; x++)
            for (int c = 0; c < s.c; c++) {
                int up = y > 0 ? y - 1 : y, below = y + 1 < s.h ? y + 1 : y;
                int left = x > 0 ? x - 1 : x, right = x + 1 < s.w ? x + 1 : x;
                float near = room[(up * s.w + x) * s.c + c] + room[(below * s.w + x) * s.c + c] +
                             room[(y * s.w + left) * s.c + c] + room[(y * s.w + right) * s.c + c];
                float *at = image + (y * s.w + x) * s.c + c;
                *at += share * (near / 4 - *at);
            }
}

static void begin(const ascent *a, int i, float *image) {
    rng noise = rng_stream(a->r->seed, "visualise", 0, (uint32_t)i, 0, 0);
    for (size_t p = 0; p < shape_size(a->m->input); p++)
        image[p] = .5f + .05f * rng_normal(&noise);
}

/* One step along the gradient of the rolled image, rolled back. */
static void climb(const ascent *a, const float *gradient, int down, int right, float *image, float *room) {
    size_t size = shape_size(a->m->input);
    double squares = 0;
    roll(gradient, a->m->input, -down, -right, room);
    for (size_t p = 0; p < size; p++)
        squares += (double)room[p] * (double)room[p];
    float scale = squares > 0 ? (float)(step_length / sqrt(squares / (double)size)) : 0;
    for (size_t p = 0; p < size; p++) {
        float v = image[p] + scale * room[p];
        v = .5f + (float)(1 - decay) * (v - .5f);
        image[p] = v < 0 ? 0 : v > 1 ? 1 : v;
    }
}

static status climb_tile(void *context, int tile, int worker) {
    ascent *a = context;
    shape in = a->m->input;
    size_t size = shape_size(in), classes = (size_t)a->m->classes, room = (size_t)a->m->tile;
    float *shifted = a->room + (size_t)worker * room * (2 * size + classes);
    float *gradient = shifted + room * size, *outputs = gradient + room * size;
    int first = tile * a->m->tile, n = tile_rows(a->m, a->n, tile);
    int longest = in.h > in.w ? in.h : in.w, jitter = longest >= 32 ? longest / 16 : 1;
    float *images = a->images + (size_t)first * size;
    err e = {{0}};
    status s = STATUS_OK;
    for (int i = 0; i < n; i++)
        begin(a, first + i, images + (size_t)i * size);
    for (int step = 0; step < a->steps && s == STATUS_OK && !run_cancelled(a->r); step++) {
        rng random = rng_stream(a->r->seed, "jitter", 0, 0, 0, (uint32_t)step);
        int down = (int)rng_below(&random, (uint32_t)(2 * jitter + 1)) - jitter;
        int right = (int)rng_below(&random, (uint32_t)(2 * jitter + 1)) - jitter;
        for (int i = 0; i < n; i++)
            roll(images + (size_t)i * size, in, down, right, shifted + (size_t)i * size);
        s = model_forward(a->m, worker, n, shifted, true, outputs, &e);
        if (s == STATUS_OK)
            s = model_vjp(a->m, worker, n, a->cotangents + (size_t)first * classes, gradient, &e);
        float share = .12f + .5f * (1 - (float)step / (float)a->steps); /* details come at the end */
        for (int i = 0; i < n && s == STATUS_OK; i++) {
            climb(a, gradient + (size_t)i * size, down, right, images + (size_t)i * size, shifted);
            blur(images + (size_t)i * size, in, share, shifted);
        }
    }
    return failure_note(&a->failed, tile, s, &e);
}

status visualise(model *m, const float *cotangents, int n, int steps, const run *r, float *out, err *e) {
    size_t room = (size_t)m->tile * (2 * shape_size(m->input) + (size_t)m->classes);
    ascent a = {.m = m, .cotangents = cotangents, .n = n, .steps = steps, .r = r, .images = out};
    a.room = malloc((size_t)r->threads * room * sizeof *a.room);
    status s = a.room ? parallel_for(r, tile_count(m, n), climb_tile, &a) : STATUS_NO_MEMORY;
    free(a.room);
    if (s == STATUS_OK && run_cancelled(r)) s = STATUS_CANCELLED;
    return failure_report(&a.failed, s, "visualise", e);
}
