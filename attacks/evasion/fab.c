/* Fast adaptive boundary: Croce, Hein, "Minimally distorted adversarial examples with a fast adaptive boundary attack", 2020,
 * algorithm 1: steps to the boundary, taken as a plane, from the point and from the clean image, mixed towards the image; pulled back
 * after each crossing. FAB-T asks about one class at a time: algorithm of the appendix, as AutoAttack runs it. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/evasion_internal.h"
#include "core/twins.h"

typedef struct fab {
    int taken;
    int target;         /* whose plane is asked about */
    int rank;           /* its place among the planes at this point; beyond 1 for fab alone */
    bool every;         /* fab: asks about every class, and takes the nearest plane */
    bool found, pulled; /* pulled: back, just now */
    double nearest_plane, gap;
    double nearest; /* distance of the best example */
    int halvings;   /* of the final search, done */
    float floats[];
} fab;
enum { BEST, OUTSIDE, NORMAL, SPARE, PARTS };
enum { HALVINGS = 3, MOST_CLASSES = 10 };
static const double most_mix = 0.1, stretch = 1.05, pull_back = 0.9;

static float *part(fab *f, const attack_sample *s, int i) {
    return f->floats + (size_t)i * s->d;
}

static size_t state_bytes(const attack_sample *s) {
    return sizeof(fab) + PARTS * s->d * sizeof(float);
}

static ask start_at(const attack_sample *s, fab *f, bool every, int target, float *x) {
    *f = (fab){.every = every, .rank = 1, .target = target, .nearest = INFINITY, .nearest_plane = INFINITY};
    memcpy(x, s->x0, s->d * sizeof *x);
    return ASK_GRADIENT;
}

static ask start(const attack_sample *s, void *state, float *x) {
    bool every = s->target < 0;
    return start_at(s, state, every, every ? attack_runner_up(s, 1) : s->target, x);
}

static ask start_ranked(const attack_sample *s, void *state, float *x) {
    int target = attack_ranked_target(s);
    return target < 0 ? ASK_DONE : start_at(s, state, false, target, x);
}

static float loss(const attack_sample *s, const void *state, const float *z, float *dz) {
    return loss_difference(s, ((const fab *)state)->target, s->label, z, dz);
}

/* Keeps the nearest plane; true while there are classes to ask about. */
static bool ask_on(const attack_sample *s, fab *f, const attack_answer *a) {
    double length = dual_norm(s->norm, a->gradient, s->d), distance = fabs((double)a->loss) / length;
    if (isfinite(distance) && distance < f->nearest_plane) {
        f->nearest_plane = distance;
        f->gap = -(double)a->loss;
        memcpy(part(f, s, NORMAL), a->gradient, s->d * sizeof(float));
    }
    f->rank++;
    int next = f->every && f->rank < MOST_CLASSES ? attack_runner_up(s, f->rank) : -1;
    if (next >= 0) f->target = next;
    return next >= 0;
}

/* Both points beyond their planes, mixed. */
WIDER_TWINS static void mix_points(const attack_sample *s, const float *to, const float *from_image,
                                   double mix, float *restrict x) {
    const float *x0 = s->x0, *lb = s->lb, *ub = s->ub;
    size_t n = s->d;
    for (size_t i = 0; i < n; i++) {
        double a = x[i] + stretch * ((double)to[i] - x[i]);
        double b = x0[i] + stretch * ((double)from_image[i] - x0[i]);
        x[i] = clip_between((float)((1 - mix) * a + mix * b), lb[i], ub[i]);
    }
}

static void move(const attack_sample *s, fab *f, float *x) {
    float *from_image = part(f, s, SPARE), *to = part(f, s, OUTSIDE);
    const float *w = part(f, s, NORMAL);
    double offset = f->gap; /* <w, p> - <w, x> = gap on the plane */
    for (size_t i = 0; i < s->d; i++)
        offset += (double)w[i] * ((double)x[i] - s->x0[i]);
    memcpy(to, x, s->d * sizeof *x);
    hyperplane_reach(s, w, f->gap, to);
    memcpy(from_image, s->x0, s->d * sizeof *x);
    hyperplane_reach(s, w, offset, from_image);
    double near = ball_distance(s->norm, x, to, s->d), far = ball_distance(s->norm, s->x0, from_image, s->d);
    mix_points(s, to, from_image, near + far > 0 ? fmin(near / (near + far), most_mix) : most_mix, x);
}

/* The middle between the best example and what is known to be inside. */
static ask halve(const attack_sample *s, fab *f, float *x) {
    const float *best = part(f, s, BEST), *inside = part(f, s, OUTSIDE);
    for (size_t i = 0; i < s->d; i++)
        x[i] = best[i] + 0.5f * (inside[i] - best[i]);
    f->halvings++;
    return ASK_FORWARD;
}

static ask search(const attack_sample *s, fab *f, const attack_answer *a, float *x) {
    if (f->halvings > 0)
        memcpy(part(f, s, attack_succeeds(s, a->logits) ? BEST : OUTSIDE), x, s->d * sizeof *x);
    else
        memcpy(part(f, s, OUTSIDE), s->x0, s->d * sizeof *x);
    return f->halvings < HALVINGS ? halve(s, f, x) : ASK_DONE;
}

/* A crossing: the best example so far is kept, and the walk goes on nearer to the image. */
static ask crossed(const attack_sample *s, fab *f, float *x) {
    double distance = ball_distance(s->norm, s->x0, x, s->d);
    f->found = true;
    if (distance < f->nearest) {
        f->nearest = distance;
        memcpy(part(f, s, BEST), x, s->d * sizeof *x);
    }
    for (size_t i = 0; i < s->d; i++)
        x[i] = (float)(s->x0[i] + pull_back * ((double)x[i] - s->x0[i]));
    f->pulled = true;
    return ASK_GRADIENT;
}

/* The first answer at a new point says whether it is across. */
static ask step_on(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    fab *f = state;
    bool across = f->rank == 1 && f->taken > 0 && attack_succeeds(s, a->logits);
    bool walked = f->taken >= s->options->steps;
    if (across && f->halvings == 0 && !(f->pulled && !walked)) {
        ask next = crossed(s, f, x);
        if (!walked) return next;
    }
    f->pulled = false;
    if (walked) return f->found ? search(s, f, a, x) : ASK_DONE;
    if (!a->gradient) return ASK_DONE;
    if (ask_on(s, f, a)) return ASK_GRADIENT;
    if (!isfinite(f->nearest_plane)) return ASK_DONE;
    move(s, f, x);
    f->taken++;
    f->rank = 1;
    f->nearest_plane = INFINITY;
    if (f->every) f->target = attack_runner_up(s, 1);
    return f->taken < s->options->steps ? ASK_GRADIENT : ASK_FORWARD;
}

const attack attack_fab = {
    .name = "fab",
    .title = "fast adaptive boundary: small perturbations along the nearest boundary",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1,
    .needs_gradient = true,
    .defaults = {.steps = 100, .restarts = 1},
    .reach = 1,
    .order = EPS_FREE,
    .state_bytes = state_bytes,
    .start = start,
    .step = step_on,
    .loss = loss,
};

const attack attack_fab_t = {
    .name = "fab-t",
    .title = "fast adaptive boundary towards each of the likeliest other classes",
    .norms = NORM_BIT_LINF | NORM_BIT_L2 | NORM_BIT_L1,
    .needs_gradient = true,
    .defaults = {.steps = 100, .restarts = 9},
    .reach = 1,
    .order = EPS_FREE,
    .ranks_classes = true,
    .state_bytes = state_bytes,
    .start = start_ranked,
    .step = step_on,
    .loss = loss,
};
