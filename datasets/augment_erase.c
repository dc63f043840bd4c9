/* Augmentations that hide a part of the image. */
#include <math.h>

#include "datasets/augment_internal.h"

typedef struct box {
    int top, bottom, left, right;
} box;

/* The places first..first+side-1 that lie in 0..n-1. */
static void clip_span(int first, int side, int n, int *from, int *to) {
    *from = first < 0 ? 0 : first;
    *to = first + side > n ? n : first + side;
}

/* What goes into a place of the box. */
typedef float box_fill(void *context, int channel);

static void fill_box(box b, shape s, float *x, box_fill *fill, void *context) {
    for (int row = b.top; row < b.bottom; row++)
        for (int i = b.left * s.c; i < b.right * s.c; i++)
            x[(size_t)row * (size_t)s.w * (size_t)s.c + (size_t)i] = fill(context, i % s.c);
}

static float fill_grey(void *context, int channel) {
    (void)context;
    (void)channel;
    return 0.5f;
}

static float fill_noise(void *context, int channel) {
    (void)channel;
    return rng_uniform(context);
}

static float fill_from(void *context, int channel) {
    return ((const float *)context)[channel];
}

void augment_cutout(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    int side = (int)strength;
    box b;
    clip_span((int)rng_below(random, (uint32_t)s.h) - side / 2, side, s.h, &b.top, &b.bottom);
    clip_span((int)rng_below(random, (uint32_t)s.w) - side / 2, side, s.w, &b.left, &b.right);
    fill_box(b, s, x, fill_grey, NULL);
}

/* Random erasing (Zhong et al. 2020, algorithm 1): .02 to .4 of the area, sides in a ratio of .3 to 1 / .3, whole inside the image. The paper draws
 * until a rectangle fits; a hundred draws are enough for all but needles of images, which stay. */
static int draw_rectangle(rng *random, shape s, box *b) {
    enum { TRIES = 100 };
    const float least_area = 0.02f, most_area = 0.4f, least_ratio = 0.3f;
    for (int i = 0; i < TRIES; i++) {
        float area = (float)(s.h * s.w) * rng_range(random, least_area, most_area);
        float ratio = rng_range(random, least_ratio, 1 / least_ratio);
        int height = (int)lrintf(sqrtf(area * ratio)), width = (int)lrintf(sqrtf(area / ratio));
        if (height < 1 || width < 1 || height >= s.h || width >= s.w) continue;
        b->top = (int)rng_below(random, (uint32_t)(s.h - height + 1));
        b->left = (int)rng_below(random, (uint32_t)(s.w - width + 1));
        b->bottom = b->top + height;
        b->right = b->left + width;
        return 1;
    }
    return 0;
}

void augment_erase(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    box b;
    if (rng_uniform(random) < strength && draw_rectangle(random, s, &b))
        fill_box(b, s, x, fill_noise, random);
}

void augment_erase_mean(float strength, rng *random, shape s, float *x, float *scratch) {
    (void)scratch;
    box b;
    float means[3];
    if (rng_uniform(random) >= strength || !draw_rectangle(random, s, &b)) return;
    for (int c = 0; c < s.c; c++) {
        double sum = 0;
        for (int i = 0; i < s.h * s.w; i++)
            sum += (double)x[i * s.c + c];
        means[c] = (float)(sum / (s.h * s.w));
    }
    fill_box(b, s, x, fill_from, means);
}
