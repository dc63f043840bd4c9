/* Learning-rate schedules: pure functions of the step. T = total steps, t = 0..T-1; no wasted first step at rate 0, no negative last one.
 * One kind, plateau, looks at the losses too: its memory is a struct of its own. */
#ifndef NETS_SCHEDULE_H
#define NETS_SCHEDULE_H

#include <stdbool.h>

#include "core/json.h"
#include "core/status.h"

/* X(code, name, what) */
#define SCHEDULE_LIST(X)                                                                                               \
    X(SCHEDULE_CONSTANT, "constant", "lr")                                                                             \
    X(SCHEDULE_STEP, "step", "lr * gamma^(epoch / every)")                                                             \
    X(SCHEDULE_EXPONENTIAL, "exponential", "lr * gamma^epoch")                                                         \
    X(SCHEDULE_LINEAR, "linear", "from lr to lr / 100 in a straight line over the steps")                              \
    X(SCHEDULE_COSINE, "cosine", "half a cosine from lr down to 0, not reached")                                       \
    X(SCHEDULE_ONE_CYCLE, "one-cycle", "PyTorch's OneCycleLR: up to lr and down again, momentum the other way")        \
    X(SCHEDULE_MULTISTEP, "multistep", "lr * gamma at each of the milestones, in epochs")                              \
    X(SCHEDULE_POLYNOMIAL, "polynomial", "lr * (1 - t / T)^power")                                                     \
    X(SCHEDULE_COSINE_RESTARTS, "cosine-restarts",                                                                     \
      "cosine over `every` epochs, then again over `multiplier` times as many, and so on (SGDR)")                      \
    X(SCHEDULE_PLATEAU, "plateau", "lr * gamma whenever the loss did not fall for more than `patience` epochs")

typedef enum schedule_kind {
#define SCHEDULE_ENUM(code, name, what) code,
    SCHEDULE_LIST(SCHEDULE_ENUM)
#undef SCHEDULE_ENUM
    SCHEDULE_KINDS
} schedule_kind;

enum { SCHEDULE_MOST_MILESTONES = 16 };

typedef struct schedule {
    schedule_kind kind;
    double lr;              /* peak */
    double gamma;           /* step, multistep, exponential, plateau: factor; default .1, exponential .9 */
    int every;              /* step: epochs between factors; cosine-restarts: epochs of the first cosine; default 1 */
    int n_milestones, milestones[SCHEDULE_MOST_MILESTONES]; /* multistep: epochs, ascending, from 1 */
    double power;           /* polynomial, default 1 */
    int multiplier;         /* cosine-restarts: each cosine takes so many times the epochs of the one before, default 1 */
    int patience;           /* plateau: epochs without a lower loss that are borne, default 2 */
    int warmup_steps;       /* linear rise before, for all kinds but one-cycle: step t < warmup has lr * (t + 1) / warmup */
    double peak_at;         /* one-cycle: share of the steps up to the peak, default .3 (at step peak_at * T - 1) */
    double momentum_low, momentum_high; /* one-cycle: .85, .95 */
} schedule;

schedule schedule_default(schedule_kind kind, double lr);
MUST_CHECK status schedule_parse(const char *name, schedule_kind *out, err *e);
const char *schedule_name(schedule_kind k);

/* STATUS_USAGE, naming the field, unless every field is in its range. */
MUST_CHECK status schedule_check(const schedule *s, err *e);

/* {"kind", "lr" and the fields that this kind reads}, under the names of the struct. NULL when memory is out. */
json *schedule_to_json(const schedule *s);

/* The rate at step 0..total_steps-1 of a checked schedule; an epoch is step / steps_per_epoch. After a warm-up, linear, cosine and polynomial
 * fall over the remaining steps and restarts count from there; the others count epochs from the start. Plateau: the rate before any
 * reduction, to be multiplied by its state's factor. */
double schedule_rate(const schedule *s, long step, long total_steps, long steps_per_epoch);

/* Momentum at this step: one-cycle moves it (if cycle_momentum was asked for by momentum_high > 0); others return `base`. */
double schedule_momentum(const schedule *s, long step, long total_steps, double base);

/* What plateau remembers, as PyTorch's ReduceLROnPlateau (mode min, threshold 1e-4 relative, no cooldown). */
typedef struct plateau {
    double factor, best; /* what the rate is multiplied by; lowest loss so far */
    int waited;          /* epochs since then */
} plateau;

plateau plateau_new(void);                                        /* factor 1, nothing seen */
void plateau_observe(plateau *p, const schedule *s, double loss); /* at the end of an epoch */

#endif
