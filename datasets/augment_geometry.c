/* Augmentations that move whole pixels. */
#include <string.h>

#include "datasets/augment_internal.h"

static const float *pixel_at(const float *x, shape s, int row, int at) {
    return x + ((size_t)row * (size_t)s.w + (size_t)at) * (size_t)s.c;
}

static void swap_pixels(float *a, float *b, int channels) {
    for (int c = 0; c < channels; c++) {
        float kept = a[c];
        a[c] = b[c];
        b[c] = kept;
    }
}

void image_mirror(shape s, float *x) {
    for (int row = 0; row < s.h; row++) {
        float *line = x + (size_t)row * (size_t)s.w * (size_t)s.c;
        for (int left = 0, right = s.w - 1; left < right; left++, right--)
            swap_pixels(line + (size_t)left * (size_t)s.c, line + (size_t)right * (size_t)s.c, s.c);
    }
}

void augment_flip(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    if (rng_uniform(random) < strength) image_mirror(s, x);
}

void augment_vflip(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    if (rng_uniform(random) >= strength) return;
    size_t line = (size_t)s.w * (size_t)s.c;
    for (int top = 0, bottom = s.h - 1; top < bottom; top++, bottom--)
        swap_pixels(x + (size_t)top * line, x + (size_t)bottom * line, s.w * s.c);
}

/* -most..most, all equally likely. */
static int random_offset(rng *random, float most) {
    return (int)rng_below(random, 2 * (uint32_t)most + 1) - (int)most;
}

/* Where a place outside 0..n-1 is mirrored to; the border itself is not repeated. */
static int reflect(int at, int n) {
    if (n == 1) return 0;
    int period = 2 * (n - 1), within = ((at % period) + period) % period;
    return within < n ? within : period - within;
}

/* x becomes the image that lies (down, right) away in its former self, continued by its reflection or by zeros. */
static void move(shape s, int down, int right, int reflected, float *x, float *scratch) {
    memcpy(scratch, x, shape_size(s) * sizeof *x);
    for (int i = 0; i < s.h * s.w; i++) {
        int row = i / s.w + down, at = i % s.w + right;
        float *to = x + (size_t)i * (size_t)s.c;
        int inside = row >= 0 && row < s.h && at >= 0 && at < s.w;
        if (inside || reflected)
            memcpy(to, pixel_at(scratch, s, reflect(row, s.h), reflect(at, s.w)), (size_t)s.c * sizeof *x);
        else
            memset(to, 0, (size_t)s.c * sizeof *x);
    }
}

void augment_shift(float strength, rng *random, shape s, float *x, float *scratch) {
    int down = random_offset(random, strength), right = random_offset(random, strength);
    move(s, down, right, 0, x, scratch);
}

void augment_crop(float strength, rng *random, shape s, float *x, float *scratch) {
    int down = random_offset(random, strength), right = random_offset(random, strength);
    move(s, down, right, 1, x, scratch);
}
