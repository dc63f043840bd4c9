#include "attacks/patch.h"

#include <math.h>
#include <stdlib.h>

#include "attacks/scene/learn_internal.h"
#include "core/rng.h"
#include "datasets/image.h"

enum { JUDGED = -1 }; /* the draw of images that are judged, as uint32_t */

/* Where a patch lies: its centre (row, col) in pixels of the image, and how a step there is a step in the patch. */
typedef struct place {
    double row, col, cosine, sine; /* both divided by the scale */
} place;

/* The pixels of the patch that make one pixel of the image. */
typedef struct taps {
    int n, at[4]; /* pixels of the patch */
    double share[4];
} taps;

size_t patch_size(const patch_rules *k) {
    return (size_t)k->side * (size_t)k->side * (size_t)k->image.c;
}

static place place_of(const patch_rules *k, int32_t id, uint32_t draw) {
    rng g = rng_stream(k->seed, "patch", 0, (uint32_t)id, draw, 0);
    double half = (k->side - 1) / 2.0, pi = 3.14159265358979323846;
    double row = rng_below(&g, (uint32_t)(k->image.h - k->side + 1)) + half;
    double col = rng_below(&g, (uint32_t)(k->image.w - k->side + 1)) + half;
    double angle = k->degrees * (2 * rng_uniform_double(&g) - 1) * pi / 180;
    double size = 1 + k->scale * (2 * rng_uniform_double(&g) - 1);
    return (place){row, col, cos(angle) / size, sin(angle) / size};
}

/* Two neighbours of a place between 0 and side - 1, and the second's share. */
static int below(double at, int side, double *share) {
    double inside = at < 0 ? 0 : at > side - 1 ? side - 1 : at;
    int first = (int)inside;
    if (first == side - 1 && first > 0) first--;
    *share = inside - first;
    return first;
}

/* None where the pixel is not covered. */
static taps taps_of(const patch_rules *k, const place *p, int row, int col) {
    double down = row - p->row, right = col - p->col, half = (k->side - 1) / 2.0, v, u;
    double y = half + p->cosine * down - p->sine * right, x = half + p->sine * down + p->cosine * right;
    taps t = {0};
    if (!(y >= -0.5 && y < k->side - 0.5 && x >= -0.5 && x < k->side - 0.5)) return t;
    int top = below(y, k->side, &v), left = below(x, k->side, &u);
    for (int i = 0; i < 4; i++) {
        double share = (i / 2 ? v : 1 - v) * (i % 2 ? u : 1 - u);
        if (share == 0) continue;
        t.at[t.n] = (top + i / 2) * k->side + left + i % 2;
        t.share[t.n++] = share;
    }
    return t;
}

/* Calls `use` with every pixel of the image that the patch covers. */
static void cover(const patch_rules *k, int32_t id, uint32_t draw,
                  void (*use)(const patch_rules *k, const taps *t, size_t pixel, void *context),
                  void *context) {
    place p = place_of(k, id, draw);
    double reach = k->side * (1 + k->scale); /* more than half the diagonal of a turned patch */
    int top = (int)fmax(0, floor(p.row - reach)), left = (int)fmax(0, floor(p.col - reach));
    for (int row = top; row < k->image.h && row <= p.row + reach; row++)
        for (int col = left; col < k->image.w && col <= p.col + reach; col++) {
            taps t = taps_of(k, &p, row, col);
            if (t.n > 0) use(k, &t, (size_t)row * (size_t)k->image.w + (size_t)col, context);
        }
}

typedef struct pasting {
    const float *patch;
    float *x;
} pasting;

static void paste_pixel(const patch_rules *k, const taps *t, size_t pixel, void *context) {
    pasting *p = context;
    size_t channels = (size_t)k->image.c;
    for (size_t c = 0; c < channels; c++) {
        double sum = 0;
        for (int i = 0; i < t->n; i++)
            sum += t->share[i] * p->patch[(size_t)t->at[i] * channels + c];
        p->x[pixel * channels + c] = (float)sum;
    }
}

void patch_paste(const patch_rules *k, const float *patch, int32_t id, uint32_t draw, float *x) {
    pasting p = {patch, x};
    cover(k, id, draw, paste_pixel, &p);
}

typedef struct pulling {
    const float *dx;
    double *pull;
} pulling;

static void pull_pixel(const patch_rules *k, const taps *t, size_t pixel, void *context) {
    pulling *p = context;
    size_t channels = (size_t)k->image.c;
    for (int i = 0; i < t->n; i++)
        for (size_t c = 0; c < channels; c++)
            p->pull[(size_t)t->at[i] * channels + c] += t->share[i] * p->dx[pixel * channels + c];
}

void patch_pull(const patch_rules *k, int32_t id, uint32_t draw, const float *dx, double *pull) {
    pulling p = {dx, pull};
    cover(k, id, draw, pull_pixel, &p);
}

/* Rules and the images whose ids name the places. */
typedef struct course {
    const patch_rules *rules;
    const dataset *d;
} course;

static void apply(const void *self, const float *patch, int row, int step, float *x) {
    const course *k = self;
    patch_paste(k->rules, patch, k->d->ids[row], (uint32_t)step, x);
}

static void pull_back(const void *self, int row, int step, const float *dx, double *pull) {
    const course *k = self;
    patch_pull(k->rules, k->d->ids[row], (uint32_t)step, dx, pull);
}

static void move(const void *self, double length, const double *direction, float *patch) {
    const course *k = self;
    for (size_t i = 0; i < patch_size(k->rules); i++) {
        double way = direction[i] > 0 ? length : direction[i] < 0 ? -length : 0;
        patch[i] = (float)fmin(fmax(patch[i] + way, 0), 1);
    }
}

static status check(const patch_rules *k, const dataset *d, const learn_plan *p, err *e) {
    int most = k->image.h < k->image.w ? k->image.h : k->image.w;
    if (!shape_equal(k->image, d->image))
        return err_set(e, STATUS_USAGE, "a patch for images of %d x %d x %d, and %s has %d x %d x %d",
                       k->image.h, k->image.w, k->image.c, d->name, d->image.h, d->image.w, d->image.c);
    if (k->side < 1 || k->side > most)
        return err_set(e, STATUS_USAGE, "a patch of side %d, expected 1..%d", k->side, most);
    if (!(k->degrees >= 0 && k->degrees <= 180 && k->scale >= 0 && k->scale <= 0.9))
        return err_set(e, STATUS_USAGE, "turned by %g degrees, scaled by %g, expected 0..180 and 0..0.9",
                       k->degrees, k->scale);
    if (p->target < 0) return err_set(e, STATUS_USAGE, "a patch needs a class to aim at");
    return STATUS_OK;
}

status patch_learn(model *m, const dataset *d, const patch_rules *k, const learn_plan *p, const run *r,
                   const char *stage, float *patch, learn_cost *cost, err *e) {
    status s = learn_check(m, d, p, e);
    if (s == STATUS_OK) s = check(k, d, p, e);
    if (s != STATUS_OK) return s;
    course c = {k, d};
    lesson what = {patch_size(k), &c, apply, pull_back, move};
    for (size_t i = 0; i < what.size; i++)
        patch[i] = 0.5F;
    return learn(m, d, &what, p, r, stage, patch, cost, e);
}

void patch_make(const void *how, int row, float *x) {
    const patch_change *k = how;
    patch_paste(k->rules, k->patch, k->d->ids[row], (uint32_t)JUDGED, x);
}

void patch_noise(const patch_rules *k, float *patch) {
    rng g = rng_stream(k->seed, "patch-noise", 0, 0, 0, 0);
    for (size_t i = 0; i < patch_size(k); i++)
        patch[i] = rng_uniform(&g);
}

status patch_of_image(const patch_rules *k, const dataset *d, int row, float *patch, err *e) {
    size_t size = shape_size(d->image);
    float *x = malloc(size * sizeof *x);
    uint8_t *whole = malloc(size), *small = malloc(patch_size(k));
    status s = x && whole && small ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) {
        dataset_image(d, row, x);
        image_bytes(x, size, whole);
        image_resize(whole, d->image, small, (shape){k->side, k->side, k->image.c});
        for (size_t i = 0; i < patch_size(k); i++)
            patch[i] = (float)small[i] / 255;
    }
    free(x);
    free(whole);
    free(small);
    return s;
}
