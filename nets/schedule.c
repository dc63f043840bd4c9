#include "nets/schedule.h"

#include <math.h>

static const double ONE_CYCLE_START = 1.0 / 25; /* PyTorch's div_factor: rate at step 0 over the peak */
static const double ONE_CYCLE_END = 1e-4;       /* PyTorch's final_div_factor: last rate over the first */
static const double LINEAR_END = 0.01;
static const double PLATEAU_THRESHOLD = 1e-4; /* a loss must fall by this share to count as lower */
static const double PI = 3.14159265358979323846;

schedule schedule_default(schedule_kind kind, double lr) {
    return (schedule){.kind = kind,
                      .lr = lr,
                      .gamma = kind == SCHEDULE_EXPONENTIAL ? 0.9 : 0.1,
                      .every = 1,
                      .power = 1,
                      .multiplier = 1,
                      .patience = 2,
                      .peak_at = 0.3,
                      .momentum_low = 0.85,
                      .momentum_high = 0.95};
}

/* Half a cosine from `from` (share 0) to `to` (share 1). */
static double cosine_between(double from, double to, double share) {
    return to + (from - to) / 2 * (1 + cos(PI * share));
}

/* PyTorch's two phases: `start` to `peak` up to step peak_at * T - 1 (not always a whole number), then to
 * `end` at step T - 1. Runs too short for a rise begin at the peak. */
static double one_cycle(const schedule *s, long step, long total_steps, double start, double peak,
                        double end) {
    double top = fmax(s->peak_at * (double)total_steps - 1, 0), last = (double)total_steps - 1;
    double t = (double)step;
    if (t < top) return cosine_between(start, peak, t / top);
    if (last <= top) return peak;
    return cosine_between(peak, end, (t - top) / (last - top));
}

static int milestones_passed(const schedule *s, long epoch) {
    int passed = 0;
    while (passed < s->n_milestones && s->milestones[passed] <= epoch)
        passed++;
    return passed;
}

/* The share of the running cosine at t steps after the start (Loshchilov & Hutter 2017, eq. 5). The number of cosines begun is at most
 * logarithmic in t, or one division. */
static double restarted_share(const schedule *s, double t, double steps_per_epoch) {
    double cycle = s->every * steps_per_epoch;
    if (s->multiplier == 1) return fmod(t, cycle) / cycle;
    while (t >= cycle) {
        t -= cycle;
        cycle *= s->multiplier;
    }
    return t / cycle;
}

double schedule_rate(const schedule *s, long step, long total_steps, long steps_per_epoch) {
    if (s->kind == SCHEDULE_ONE_CYCLE) {
        double start = s->lr * ONE_CYCLE_START;
        return one_cycle(s, step, total_steps, start, s->lr, start * ONE_CYCLE_END);
    }
    if (step < s->warmup_steps) return s->lr * (double)(step + 1) / s->warmup_steps;

    double t = (double)(step - s->warmup_steps), steps = (double)(total_steps - s->warmup_steps);
    long epoch = step / steps_per_epoch;
    switch (s->kind) {
    case SCHEDULE_STEP:
        return s->lr * pow(s->gamma, (double)(epoch / s->every));
    case SCHEDULE_MULTISTEP:
        return s->lr * pow(s->gamma, milestones_passed(s, epoch));
    case SCHEDULE_EXPONENTIAL:
        return s->lr * pow(s->gamma, (double)epoch);
    case SCHEDULE_LINEAR:
        return s->lr * (1 + (LINEAR_END - 1) * (steps > 1 ? t / (steps - 1) : 0));
    case SCHEDULE_COSINE:
        return cosine_between(s->lr, 0, t / steps);
    case SCHEDULE_POLYNOMIAL:
        return s->lr * pow(1 - t / steps, s->power);
    case SCHEDULE_COSINE_RESTARTS:
        return cosine_between(s->lr, 0, restarted_share(s, t, (double)steps_per_epoch));
    case SCHEDULE_CONSTANT:
    case SCHEDULE_ONE_CYCLE:
    case SCHEDULE_PLATEAU:
    case SCHEDULE_KINDS:
        break;
    }
    return s->lr;
}

double schedule_momentum(const schedule *s, long step, long total_steps, double base) {
    if (s->kind != SCHEDULE_ONE_CYCLE || !(s->momentum_high > 0)) return base;
    return one_cycle(s, step, total_steps, s->momentum_high, s->momentum_low, s->momentum_high);
}

plateau plateau_new(void) {
    return (plateau){.factor = 1, .best = INFINITY};
}

void plateau_observe(plateau *p, const schedule *s, double loss) {
    if (loss < p->best * (1 - PLATEAU_THRESHOLD)) {
        p->best = loss;
        p->waited = 0;
    } else if (++p->waited > s->patience) {
        p->factor *= s->gamma;
        p->waited = 0;
    }
}
