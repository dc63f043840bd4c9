/* Moves: how one is made, drawn by chance, or taken from the grid. */
#include <stdlib.h>

#include "attacks/scene/spatial_internal.h"
#include "core/rng.h"
#include "datasets/warp.h"

/* Value i of `count` evenly from -limit to limit; exactly 0 in the middle. */
static double even(double limit, int count, int i) {
    return count > 1 && 2 * i != count - 1 ? limit * (2.0 * i / (count - 1) - 1) : 0;
}

double spatial_angle(const spatial_plan *p, int i) {
    return even(p->degrees, p->angles, i);
}

void spatial_apply(const spatial_plan *p, spatial_move move, shape s, float *x, float *scratch) {
    warp w = warp_rotation(move.degrees);
    for (int i = 0; i < 2; i++)
        w.move[i] = -(w.turn[i][0] * move.down + w.turn[i][1] * move.right);
    w.edge = p->edge;
    image_warp(&w, s, x, scratch);
}

spatial_move spatial_random(const spatial_plan *p, shape s, uint64_t seed, int32_t id, int draw) {
    rng g = rng_stream(seed, "spatial", 0, (uint32_t)id, (uint32_t)draw, 0);
    float down = (float)(p->shift * s.h), right = (float)(p->shift * s.w), degrees = (float)p->degrees;
    spatial_move move = {.degrees = rng_range(&g, -degrees, degrees)};
    move.down = rng_range(&g, -down, down);
    move.right = rng_range(&g, -right, right);
    return move;
}

/* A move of the grid before sorting: its place in the grid, by which equal sizes are told apart. */
typedef struct sized {
    spatial_move move;
    double size;
    int place;
} sized;

static int by_size(const void *a, const void *b) {
    const sized *x = a, *y = b;
    if (x->size != y->size) return x->size < y->size ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

status spatial_grid(const spatial_plan *p, shape s, spatial_result *out, err *e) {
    sized *all = calloc((size_t)out->grid, sizeof *all);
    if (!all) return err_set(e, STATUS_NO_MEMORY, "no memory for a grid of %d moves", out->grid);
    for (int i = 0; i < out->grid; i++) {
        int angle = i / (p->shifts * p->shifts), down = i / p->shifts % p->shifts, right = i % p->shifts;
        double a = even(1, p->angles, angle), v = even(1, p->shifts, down), h = even(1, p->shifts, right);
        if (p->degrees == 0) a = 0;
        if (p->shift == 0) v = h = 0;
        all[i] = (sized){{(float)(p->degrees * a), (float)(p->shift * s.h * v), (float)(p->shift * s.w * h)},
                         a * a + v * v + h * h,
                         i};
    }
    qsort(all, (size_t)out->grid, sizeof *all, by_size);
    for (int i = 0; i < out->grid; i++)
        out->moves[i] = all[i].move;
    free(all);
    return STATUS_OK;
}
