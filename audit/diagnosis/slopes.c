/* Is the gradient that of the answers? Backpropagation against central finite differences of one fixed combination of logits, along random
 * directions of signs. For random u the mean square of <g, u> is ||g||^2: what is summed up over directions estimates ||g - truth|| / ||truth||,
 * also where g is right in some pixels only. Steps of up to three lengths, of which the best one counts: short ones drown in the rounding of
 * float32 and stand still on steps of 1/255, long ones cross the kinks of ReLU. */
#include <math.h>
#include <string.h>

#include "audit/diagnosis/panel_internal.h"
#include "core/rng.h"

enum { DIRECTIONS = 4, LENGTHS = 3 };
static const double lengths[LENGTHS] = {0.001, 0.0003, 0.004};
static const double most_error = 0.5; /* relative: healthy nets stay below .2 */
static const double rounding =
    1e-6; /* of a logit, relative to the largest: float32 and the sums of a deep net */

typedef struct workspace {
    float *x, *moved, *dx, *dz, *logits, *u;
    double *error, *scale; /* image x LENGTHS: sums of squares over directions */
    double *difference;    /* image: f(x + h u) - f(x - h u) */
    double *largest;       /* image: of the logits */
} workspace;

static bool allocate(workspace *w, const panel_group *g, arena *memory) {
    size_t n = (size_t)g->n, image = g->p->size * sizeof(float), row = (size_t)g->p->classes * sizeof(float);
    w->x = arena_array(memory, n, image);
    w->moved = arena_array(memory, n, image);
    w->dx = arena_array(memory, n, image);
    w->u = arena_array(memory, n, image);
    w->dz = arena_array(memory, n, row);
    w->logits = arena_array(memory, n, row);
    w->error = arena_array(memory, n, LENGTHS * sizeof(double));
    w->scale = arena_array(memory, n, LENGTHS * sizeof(double));
    w->difference = arena_array(memory, n, sizeof(double));
    w->largest = arena_array(memory, n, sizeof(double));
    return w->x && w->moved && w->dx && w->u && w->dz && w->logits && w->error && w->scale && w->difference &&
           w->largest;
}

/* Inside [0, 1], so that no step leaves it, and off the image by a little noise: areas of one grey hold ties of max pooling and zeros of ReLU, where a
 * slope is not defined. */
static void place(const panel_group *g, float *x) {
    size_t size = g->p->size;
    for (int i = 0; i < g->n; i++) {
        const float *image = g->p->images + (size_t)(g->first + i) * size;
        rng draw = rng_stream(g->p->r.seed, "panel-slopes-at", 0, (uint32_t)g->p->d.ids[g->first + i], 0, 0);
        for (size_t k = 0; k < size; k++)
            x[(size_t)i * size + k] = 0.04f + 0.92f * image[k] + rng_range(&draw, -0.03f, 0.03f);
    }
}

static void draw_signs(const panel_group *g, int direction, float *u) {
    size_t size = g->p->size;
    for (int i = 0; i < g->n; i++) {
        rng draw = rng_stream(g->p->r.seed, "panel-slopes", 0, (uint32_t)g->p->d.ids[g->first + i],
                              (uint32_t)direction, 0);
        for (size_t k = 0; k < size; k++)
            u[(size_t)i * size + k] = rng_u32(&draw) & 1 ? 1 : -1;
    }
}

/* difference += sign * f(x + sign h u) */
static status add_end(panel_group *g, workspace *w, double h, int sign) {
    size_t classes = (size_t)g->p->classes;
    for (size_t i = 0; i < (size_t)g->n * g->p->size; i++)
        w->moved[i] = w->x[i] + (float)(sign * h) * w->u[i];
    status done = group_forward(g, g->n, w->moved, w->logits);
    for (size_t i = 0; done == STATUS_OK && i < (size_t)g->n; i++)
        w->difference[i] += sign * contract(w->dz + i * classes, w->logits + i * classes, g->p->classes);
    return done;
}

/* The slope along u of image i by the gradient. */
static double slope(const panel_group *g, const workspace *w, size_t i) {
    double sum = 0;
    for (size_t k = i * g->p->size; k < (i + 1) * g->p->size; k++)
        sum += (double)w->dx[k] * w->u[k];
    return sum;
}

static status try(panel_group *g, workspace *w, int length) {
    double h = lengths[length];
    memset(w->difference, 0, (size_t)g->n * sizeof *w->difference);
    status done = add_end(g, w, h, 1);
    if (done == STATUS_OK) done = add_end(g, w, h, -1);
    for (size_t i = 0; done == STATUS_OK && i < (size_t)g->n; i++) {
        double measured = w->difference[i] / (2 * h), told = slope(g, w, i);
        double off = fmax(0, fabs(measured - told) - rounding * w->largest[i] / h);
        w->error[i * LENGTHS + (size_t)length] += off * off;
        w->scale[i * LENGTHS + (size_t)length] += fmax(measured * measured, told * told);
    }
    return done;
}

/* The relative error by the best length; NAN where slopes are lost in rounding. */
static double error_of(const workspace *w, size_t i) {
    double least = NAN;
    for (size_t length = 0; length < LENGTHS; length++) {
        double noise = rounding * w->largest[i] / lengths[length], scale = w->scale[i * LENGTHS + length];
        if (!(scale > 4 * DIRECTIONS * noise * noise)) continue;
        double error = sqrt(w->error[i * LENGTHS + length] / scale);
        if (!(least <= error)) least = error;
    }
    return least;
}

/* Whether every image of the group is known to be well. */
static bool all_well(const panel_group *g, const workspace *w) {
    for (size_t i = 0; i < (size_t)g->n; i++)
        if (!(error_of(w, i) < most_error / 2)) return false;
    return true;
}

static status measure(panel_group *g, workspace *w) {
    place(g, w->x);
    group_cotangents(g, w->dz);
    status done = group_gradient(g, g->n, w->x, w->dz, w->logits, w->dx);
    for (int i = 0; done == STATUS_OK && i < g->n; i++)
        for (int k = 0; k < g->p->classes; k++)
            w->largest[i] = fmax(w->largest[i], fabs((double)w->logits[i * g->p->classes + k]));
    for (int length = 0; done == STATUS_OK && length < LENGTHS && !all_well(g, w); length++)
        for (int direction = 0; done == STATUS_OK && direction < DIRECTIONS; direction++) {
            draw_signs(g, direction, w->u);
            done = try(g, w, length);
        }
    return done;
}

static status look(panel_group *g, void *user) {
    suspicion *s = user;
    arena memory = {0};
    workspace w = {0};
    status done =
        allocate(&w, g, &memory) ? measure(g, &w) : err_set(&g->e, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; done == STATUS_OK && i < (size_t)g->n; i++) {
        size_t at = (size_t)g->first + i;
        s->value[at] = error_of(&w, i);
        s->judged[at] = !isnan(s->value[at]);
        s->suspect[at] = s->value[at] > most_error;
    }
    arena_free(&memory);
    return done;
}

status check_slopes(panel *p, suspicion *s, err *e) {
    return p->stand_in ? STATUS_OK : panel_groups(p, look, s, e);
}
