/* Learning-rate schedules: pure functions of the step. T = total steps, t = 0..T-1; no wasted first step at rate 0, no negative last one. */
#ifndef NETS_SCHEDULE_H
#define NETS_SCHEDULE_H

#include <stdbool.h>

#include "core/status.h"

/* X(code, name, what) */
#define SCHEDULE_LIST(X)                                                                                               \
    X(SCHEDULE_CONSTANT, "constant", "lr")                                                                             \
    X(SCHEDULE_STEP, "step", "lr * gamma^(epoch / every)")                                                             \
    X(SCHEDULE_EXPONENTIAL, "exponential", "lr * gamma^epoch")                                                         \
    X(SCHEDULE_LINEAR, "linear", "from lr to lr / 100 in a straight line over the steps")                              \
    X(SCHEDULE_COSINE, "cosine", "half a cosine from lr down to 0, not reached")                                       \
    X(SCHEDULE_ONE_CYCLE, "one-cycle", "PyTorch's OneCycleLR: up to lr and down again, momentum the other way")

typedef enum schedule_kind {
#define SCHEDULE_ENUM(code, name, what) code,
    SCHEDULE_LIST(SCHEDULE_ENUM)
#undef SCHEDULE_ENUM
} schedule_kind;

typedef struct schedule {
    schedule_kind kind;
    double lr;              /* peak */
    double gamma;           /* step, exponential: factor; default .1 and .9 */
    int every;              /* step: epochs between factors */
    int warmup_steps;       /* linear rise before, for all kinds but one-cycle: step t < warmup has lr * (t + 1) / warmup */
    double peak_at;         /* one-cycle: share of the steps up to the peak, default .3 (at step peak_at * T - 1) */
    double momentum_low, momentum_high; /* one-cycle: .85, .95 */
} schedule;

schedule schedule_default(schedule_kind kind, double lr);
MUST_CHECK status schedule_parse(const char *name, schedule_kind *out, err *e);
const char *schedule_name(schedule_kind k);

/* STATUS_USAGE, naming the field, unless every field is in its range. */
MUST_CHECK status schedule_check(const schedule *s, err *e);

/* The rate at step 0..total_steps-1 of a checked schedule; an epoch is step / steps_per_epoch. After a warm-up, linear and cosine
 * fall over the remaining steps. */
double schedule_rate(const schedule *s, long step, long total_steps, long steps_per_epoch);

/* Momentum at this step: one-cycle moves it (if cycle_momentum was asked for by momentum_high > 0); others return `base`. */
double schedule_momentum(const schedule *s, long step, long total_steps, double base);

#endif
