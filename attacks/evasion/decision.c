#include "attacks/evasion/decision_internal.h"

#include <math.h>

static float noise(rng *g, bool corners) {
    return corners ? (float)(rng_u32(g) & 1) : rng_uniform(g);
}

void decision_try(const attack_sample *s, const char *purpose, int tried, float *x) {
    rng g = rng_stream(s->seed, purpose, 1, (uint32_t)s->id, (uint32_t)s->restart, (uint32_t)tried);
    int h = s->image.h, w = s->image.w, c = s->image.c, longer = h > w ? h : w;
    int side = tried > 0 ? 1 + (int)rng_below(&g, (uint32_t)longer) : 1;
    bool corners = tried % 2 == 1;
    float share = tried % 4 < 2 ? 1 : rng_uniform(&g);
    for (int row = 0; row < h; row++)
        for (int i = 0; i < w * c; i++) {
            float *to = x + (size_t)row * (size_t)w * (size_t)c + i;
            if (row % side > 0)
                *to = to[-(ptrdiff_t)(w * c)];
            else if (i / c % side > 0)
                *to = to[-c];
            else
                *to = noise(&g, corners);
        }
    for (size_t i = 0; i < s->d; i++)
        x[i] = fminf(fmaxf(s->x0[i] + share * (x[i] - s->x0[i]), s->lb[i]), s->ub[i]);
}

void decision_blend(const attack_sample *s, const float *from, double t, float *x) {
    double most = s->norm == NORM_LINF ? t * ball_distance(NORM_LINF, s->x0, from, s->d) : INFINITY;
    for (size_t i = 0; i < s->d; i++) {
        double delta = (double)from[i] - s->x0[i];
        delta = s->norm == NORM_LINF ? fmax(fmin(delta, most), -most) : t * delta;
        x[i] = (float)fmin(fmax(s->x0[i] + delta, s->lb[i]), s->ub[i]);
    }
}
