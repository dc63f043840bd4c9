/* HopSkipJump: Chen, Jordan, Wainwright, "HopSkipJumpAttack: a query-efficient decision-based attack", 2020, algorithm 2. From a
 * success it goes to the boundary (a search of bisections), estimates the normal there from the decisions at random points close by, jumps along it and
 * goes back to the boundary. One step of the options is one query. */
#include <math.h>
#include <string.h>

#include "attacks/evasion/decision_internal.h"

typedef enum hop { HOP_SEEK, HOP_NARROW, HOP_PROBE, HOP_JUMP } hop;

typedef struct hopskipjump {
    hop phase;
    int queries; /* answered */
    int tried;   /* images that were no success, before the first one */
    int round;   /* estimates made */
    double right, wrong,
        middle; /* shares of the way to `from`: what the model answers there, and what is asked */
    int probes, probed, successes; /* of this round */
    double radius;                 /* of the probes; L2 */
    double length;                 /* of the jump that is tried */
    int halved;                    /* jumps tried from here */
    float *from;                   /* a success */
    float *at;                     /* a success close to the boundary */
    float *all, *good;             /* sums of the directions probed, and of those that were successes */
    float floats[];
} hopskipjump;

static size_t hop_state_bytes(const attack_sample *s) {
    return sizeof(hopskipjump) + 4 * s->d * sizeof(float);
}

static ask hop_start(const attack_sample *s, void *state, float *x) {
    hopskipjump *q = state;
    float **arrays[] = {&q->from, &q->at, &q->all, &q->good};
    memset(q, 0, hop_state_bytes(s));
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        *arrays[i] = q->floats + i * s->d;
    decision_try(s, "hopskipjump", 0, x);
    return ASK_FORWARD;
}

/* How exact the search for the boundary is, as a share of the way: the paper's theta, but no finer than float32 can tell. */
static double precision(const attack_sample *s) {
    double d = (double)s->d, theta = s->norm == NORM_L2 ? 1 / (d * sqrt(d)) : 1 / (d * d);
    return fmin(fmax(theta, 1e-5), 1e-3);
}

static ask ask_middle(const attack_sample *s, hopskipjump *q, float *x) {
    q->phase = HOP_NARROW;
    q->middle = (q->right + q->wrong) / 2;
    decision_blend(s, q->from, q->middle, x);
    return ASK_FORWARD;
}

/* x holds a success. */
static ask narrow_from(const attack_sample *s, hopskipjump *q, float *x) {
    memcpy(q->from, x, s->d * sizeof *x);
    memcpy(q->at, x, s->d * sizeof *x);
    q->right = 0;
    q->wrong = 1;
    return ask_middle(s, q, x);
}

/* The direction of the last probe is what the box left of it: it is read back from the point. A uniform or normal one, of length `radius`. */
static ask ask_probe(const attack_sample *s, hopskipjump *q, float *x) {
    rng g =
        rng_stream(s->seed, "hopskipjump", 0, (uint32_t)s->id, (uint32_t)s->restart, (uint32_t)q->queries);
    double sum = 0;
    for (size_t i = 0; i < s->d; i++) {
        x[i] = s->norm == NORM_L2 ? rng_normal(&g) : rng_range(&g, -1, 1);
        sum += (double)x[i] * x[i];
    }
    double scale = sum > 0 ? q->radius / sqrt(sum) : 0;
    for (size_t i = 0; i < s->d; i++)
        x[i] = (float)fmin(fmax(q->at[i] + scale * x[i], s->lb[i]), s->ub[i]);
    q->phase = HOP_PROBE;
    return ASK_FORWARD;
}

/* The paper's number of probes grows with the root of the round, and its radius is a small share of the distance, but
 * a tenth of the box before the first. */
static ask begin_probes(const attack_sample *s, hopskipjump *q, float *x) {
    double d = (double)s->d, distance = ball_distance(s->norm, s->x0, q->at, s->d);
    q->round++;
    q->probes = (int)(100 * sqrt(q->round));
    q->probed = q->successes = 0;
    q->radius = q->round == 1 ? 0.1 : (s->norm == NORM_L2 ? sqrt(d) : d) * precision(s) * distance;
    memset(q->all, 0, s->d * sizeof *q->all);
    memset(q->good, 0, s->d * sizeof *q->good);
    return ask_probe(s, q, x);
}

/* `all` becomes the direction of the jump: the sum over the probes of (decision - mean decision) * direction, decisions being 1 and -1; where all decided
 * alike, that way or its opposite. */
static void estimate(const attack_sample *s, hopskipjump *q) {
    double mean = 2.0 * q->successes / q->probes - 1, sum = 0;
    bool alike = q->successes == 0 || q->successes == q->probes;
    for (size_t i = 0; i < s->d; i++) {
        double g = 2.0 * q->good[i] - q->all[i] - (alike ? 0 : mean * q->all[i]);
        if (s->norm == NORM_LINF) g = (g > 0) - (g < 0);
        q->all[i] = (float)g;
        sum += g * g;
    }
    double scale = s->norm == NORM_LINF || sum == 0 ? 1 : 1 / sqrt(sum);
    for (size_t i = 0; i < s->d; i++)
        q->all[i] = (float)(q->all[i] * scale);
}

static ask ask_jump(const attack_sample *s, hopskipjump *q, float *x) {
    for (size_t i = 0; i < s->d; i++)
        x[i] = (float)fmin(fmax(q->at[i] + q->length * q->all[i], s->lb[i]), s->ub[i]);
    q->phase = HOP_JUMP;
    return ASK_FORWARD;
}

static ask after_probe(const attack_sample *s, hopskipjump *q, bool success, float *x) {
    for (size_t i = 0; i < s->d; i++) {
        float direction = q->radius > 0 ? (float)(((double)x[i] - q->at[i]) / q->radius) : 0;
        q->all[i] += direction;
        if (success) q->good[i] += direction;
    }
    q->successes += success;
    if (++q->probed < q->probes) return ask_probe(s, q, x);
    estimate(s, q);
    q->length = ball_distance(s->norm, s->x0, q->at, s->d) / sqrt(q->round);
    q->halved = 0;
    return ask_jump(s, q, x);
}

static ask after_middle(const attack_sample *s, hopskipjump *q, bool success, float *x) {
    if (success) {
        q->wrong = q->middle;
        memcpy(q->at, x, s->d * sizeof *x);
    } else {
        q->right = q->middle;
    }
    return q->wrong - q->right > precision(s) ? ask_middle(s, q, x) : begin_probes(s, q, x);
}

/* A direction that leads nowhere is given up after some halvings, and another estimated. */
static ask after_jump(const attack_sample *s, hopskipjump *q, bool success, float *x) {
    enum { HALVINGS = 20 };
    if (success) return narrow_from(s, q, x);
    if (++q->halved == HALVINGS) return begin_probes(s, q, x);
    q->length /= 2;
    return ask_jump(s, q, x);
}

static ask after_try(const attack_sample *s, hopskipjump *q, bool success, float *x) {
    if (success) return narrow_from(s, q, x);
    if (++q->tried == DECISION_TRIES) return ASK_DONE;
    decision_try(s, "hopskipjump", q->tried, x);
    return ASK_FORWARD;
}

static ask hop_step(const attack_sample *s, void *state, const attack_answer *a, float *x) {
    hopskipjump *q = state;
    bool success = attack_succeeds(s, a->logits);
    if (++q->queries >= s->options->steps) return ASK_DONE;
    switch (q->phase) {
    case HOP_SEEK:
        return after_try(s, q, success, x);
    case HOP_NARROW:
        return after_middle(s, q, success, x);
    case HOP_PROBE:
        return after_probe(s, q, success, x);
    case HOP_JUMP:
        return after_jump(s, q, success, x);
    }
    return ASK_DONE;
}

const attack attack_hopskipjump = {
    .name = "hopskipjump",
    .title = "jumps along the boundary, by the class alone (steps are queries)",
    .norms = NORM_BIT_LINF | NORM_BIT_L2,
    .defaults = {.steps = 5000, .restarts = 1, .random_start = true},
    .reach = 1,
    .order = EPS_FREE,
    .state_bytes = hop_state_bytes,
    .start = hop_start,
    .step = hop_step,
};
