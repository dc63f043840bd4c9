#include <math.h>

#include "datasets/synth_internal.h"

/* Only + - * /, comparisons and exact rounding, so that every machine draws the same bytes. */

bool synth_shape(int label, float u, float v) {
    float square = u * u + v * v;
    switch (label) {
    case 0:
        return square <= 1;
    case 1:
        return (fabsf(u) <= 0.3f && fabsf(v) <= 1) || (fabsf(v) <= 0.3f && fabsf(u) <= 1);
    case 2:
        return square <= 1 && square >= 0.36f;
    case 3:
        return fabsf(u) <= 0.85f && fabsf(v) <= 0.85f;
    default:
        return v <= 0.7f && fabsf(u) <= (v + 1) * 0.6f;
    }
}

static bool right_arrow(float u, float v) {
    bool shaft = u >= -1 && u <= 0.2f && fabsf(v) <= 0.22f;
    bool head = u >= 0 && u <= 1 && fabsf(v) <= (1 - u) * 0.8f;
    return shaft || head;
}

bool synth_arrow(int label, float u, float v) {
    switch (label) {
    case 0:
        return right_arrow(-u, v);
    case 1:
        return right_arrow(u, v);
    case 2:
        return right_arrow(-v, u);
    default:
        return right_arrow(v, u);
    }
}

typedef struct pose {
    float x, y, radius, cosine, sine;
} pose;

static pose pose_random(bool small, rng *random) {
    const float middle = (SYNTH_SIDE - 1) / 2.0f;
    pose p = {.x = middle + rng_range(random, -2.5f, 2.5f), .y = middle + rng_range(random, -2.5f, 2.5f)};
    p.radius = small ? rng_range(random, 5, 7) : rng_range(random, 8, 11);
    float t = rng_range(random, -0.1f, 0.1f); /* tangent of half the angle: at most 11 degrees either way */
    p.cosine = (1 - t * t) / (1 + t * t);
    p.sine = 2 * t / (1 + t * t);
    return p;
}

/* The share of 4 x 4 points of a pixel that lie inside. */
static float coverage(synth_figure figure, int label, const pose *p, int row, int column) {
    enum { POINTS = 4 };
    int inside = 0;
    for (int i = 0; i < POINTS * POINTS; i++) {
        int right = i % POINTS, down = i / POINTS;
        float x = (float)column + ((float)right + 0.5f) / POINTS - 0.5f - p->x;
        float y = (float)row + ((float)down + 0.5f) / POINTS - 0.5f - p->y;
        inside += figure(label, (p->cosine * x + p->sine * y) / p->radius,
                         (p->cosine * y - p->sine * x) / p->radius);
    }
    return (float)inside / (POINTS * POINTS);
}

/* About N(0, 1): the sum of four uniform values, scaled; no libm. */
static float rough_normal(rng *random) {
    float sum = -2;
    for (int i = 0; i < 4; i++)
        sum += rng_uniform(random);
    return sum * 1.7320508f;
}

static uint8_t to_byte(float value) {
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)lroundf(value);
}

void synth_draw(synth_figure figure, int label, bool small, bool light, rng *random, uint8_t *pixels) {
    pose p = pose_random(small, random);
    float ground = light ? rng_range(random, 150, 220) : rng_range(random, 0, 60);
    float ink = light ? -rng_range(random, 60, 120) : rng_range(random, 100, 190);
    float noise = light ? 24 : 12;
    for (int i = 0; i < SYNTH_SIDE * SYNTH_SIDE; i++) {
        float covered = coverage(figure, label, &p, i / SYNTH_SIDE, i % SYNTH_SIDE);
        pixels[i] = to_byte(ground + covered * ink + noise * rough_normal(random));
    }
}
