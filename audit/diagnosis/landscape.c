/* Does a gradient hold for more than a point? Where gradients at points +-4/255 apart point elsewhere (shattered gradients, Athalye et al. 2018),
 * steps along them lead nowhere. Measured: the mean cosine between the gradient at the image and at nearby points. */
#include <math.h>

#include "audit/diagnosis/panel_internal.h"
#include "core/rng.h"

enum { DRAWS = 4 };
static const float radius = 4.0f / 255;
static const double least_cosine = 0.2;

static float inside(float x) {
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static void draw_near(const panel_group *g, int draw, float *x) {
    size_t size = g->p->size;
    for (int i = 0; i < g->n; i++) {
        const float *image = g->p->images + (size_t)(g->first + i) * size;
        rng stream = rng_stream(g->p->r.seed, "panel-landscape", 0, (uint32_t)g->p->d.ids[g->first + i],
                                (uint32_t)draw, 0);
        for (size_t k = 0; k < size; k++)
            x[(size_t)i * size + k] = inside(image[k] + rng_range(&stream, -radius, radius));
    }
}

/* NAN where one of them is zero or not finite. */
static double cosine(const float *a, const float *b, size_t n) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * b[i];
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
    }
    double length = sqrt(aa) * sqrt(bb);
    return length > 0 && isfinite(length) ? ab / length : NAN;
}

typedef struct workspace {
    float *x, *dz, *logits, *here, *there;
} workspace;

static status measure(panel_group *g, const workspace *w, suspicion *s) {
    size_t size = g->p->size;
    group_cotangents(g, w->dz);
    status done = group_gradient(g, g->n, g->p->images + (size_t)g->first * size, w->dz, w->logits, w->here);
    for (int i = 0; i < g->n; i++)
        s->value[g->first + i] = 0;
    for (int draw = 0; done == STATUS_OK && draw < DRAWS; draw++) {
        draw_near(g, draw, w->x);
        done = group_gradient(g, g->n, w->x, w->dz, w->logits, w->there);
        for (int i = 0; done == STATUS_OK && i < g->n; i++)
            s->value[g->first + i] +=
                cosine(w->here + (size_t)i * size, w->there + (size_t)i * size, size) / DRAWS;
    }
    return done;
}

static status look(panel_group *g, void *user) {
    suspicion *s = user;
    arena memory = {0};
    size_t n = (size_t)g->n, image = g->p->size * sizeof(float), row = (size_t)g->p->classes * sizeof(float);
    workspace w = {arena_array(&memory, n, image), arena_array(&memory, n, row), arena_array(&memory, n, row),
                   arena_array(&memory, n, image), arena_array(&memory, n, image)};
    bool ok = w.x && w.dz && w.logits && w.here && w.there;
    status done = ok ? measure(g, &w, s) : err_set(&g->e, STATUS_NO_MEMORY, "out of memory");
    for (int i = g->first; done == STATUS_OK && i < g->first + g->n; i++) {
        s->judged[i] = !isnan(s->value[i]);
        s->suspect[i] = s->value[i] < least_cosine;
    }
    arena_free(&memory);
    return done;
}

status check_landscape(panel *p, suspicion *s, err *e) {
    return panel_groups(p, look, s, e);
}
