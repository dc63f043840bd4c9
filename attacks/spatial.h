/* Images turned and shifted: Engstrom et al., "Exploring the landscape of spatial robustness", ICML 2019. No gradient is used: the space of moves
 * has three dimensions, and gradients do not help in it (section 4 there). */
#ifndef ATTACKS_SPATIAL_H
#define ATTACKS_SPATIAL_H

#include "datasets/dataset.h"
#include "nets/model.h"

/* Turned clockwise about the centre, then shifted; pixels. */
typedef struct spatial_move {
    float degrees, down, right;
} spatial_move;

typedef struct spatial_plan {
    double degrees;   /* largest angle, 0..180 */
    double shift;     /* largest shift as a share of the image's height and width, 0..1 */
    int angles;       /* of the grid: odd, so that 0 is one of them */
    int shifts;       /* of the grid, in each direction: odd */
    int random;       /* moves drawn for each image, uniform between the limits; >= 1 */
    bool edge;        /* what comes in is the nearest pixel of the border; else black */
} spatial_plan;

enum { SPATIAL_GRID_MOST = 1 << 16, SPATIAL_RANDOM_MOST = 1000 };

typedef struct spatial_result {
    int n, angles, grid; /* images, angles, moves of the whole grid */
    spatial_move *moves; /* grid: ascending by size, the length of (angle, shifts) in units of their limits */
    uint8_t *finished;   /* n: 0 only after a cancelled run; what follows is then 0 or -1 */
    uint8_t *clean;      /* n: 1 = right on the unchanged image */
    int32_t *answers;    /* n: what the model says to it, as changed_answers; 0 where not finished */
    int32_t *random_right; /* n: right under so many of the random moves */
    uint8_t *angle_right;  /* n x angles, ascending: right when turned and not shifted */
    uint8_t *shift_right;  /* n: right under every shift of the grid without turning */
    int32_t *least;        /* n: index of the smallest move of the grid that breaks the image; `grid` = none does; -1 = wrong unchanged */
    uint64_t forwards;
} spatial_result;

/* The moves of the grid on every image of d. Angles alone and shifts alone are tried on all images; the others by size and only up to the first
 * that breaks, on images that are right unchanged. STATUS_USAGE for a plan out of range, or data that do not fit. STATUS_CANCELLED leaves what was
 * finished. */
MUST_CHECK status spatial_run(model *m, const dataset *d, const spatial_plan *p, const run *r, spatial_result *out, err *e);
void spatial_free(spatial_result *s);

/* x, an image of shape s, after a move; `scratch` is as large. */
void spatial_apply(const spatial_plan *p, spatial_move move, shape s, float *x, float *scratch);

/* Random move `draw` of the image with this original id. */
spatial_move spatial_random(const spatial_plan *p, shape s, uint64_t seed, int32_t id, int draw);

/* Angle i of plan.angles. */
double spatial_angle(const spatial_plan *p, int i);

#endif
