#include "nets/schedule.h"

#include <math.h>
#include <string.h>

#include "core/suggest.h"

static const char *const schedule_names[] = {
#define SCHEDULE_NAME(code, name, what) name,
    SCHEDULE_LIST(SCHEDULE_NAME)
#undef SCHEDULE_NAME
};

enum { SCHEDULES = sizeof schedule_names / sizeof *schedule_names };

static const double ONE_CYCLE_START = 1.0 / 25; /* PyTorch's div_factor: rate at step 0 over the peak */
static const double ONE_CYCLE_END = 1e-4;       /* PyTorch's final_div_factor: last rate over the first */
static const double LINEAR_END = 0.01;
static const double PI = 3.14159265358979323846;

schedule schedule_default(schedule_kind kind, double lr) {
    return (schedule){.kind = kind,
                      .lr = lr,
                      .gamma = kind == SCHEDULE_EXPONENTIAL ? 0.9 : 0.1,
                      .every = 1,
                      .peak_at = 0.3,
                      .momentum_low = 0.85,
                      .momentum_high = 0.95};
}

status schedule_parse(const char *name, schedule_kind *out, err *e) {
    suggestion near = suggest_for(name);
    for (int i = 0; i < SCHEDULES; i++) {
        suggest_offer(&near, schedule_names[i]);
        if (strcmp(name, schedule_names[i]) != 0) continue;
        *out = (schedule_kind)i;
        return STATUS_OK;
    }
    *out = SCHEDULE_CONSTANT;
#define SCHEDULE_LISTED(code, text, what) " " text
    return err_set(e, STATUS_USAGE,
                   "schedule \"%s\" is not known%s; there are:" SCHEDULE_LIST(SCHEDULE_LISTED), name,
                   suggest_text(&near));
#undef SCHEDULE_LISTED
}

const char *schedule_name(schedule_kind k) {
    return schedule_names[k];
}

static bool within(double x, double lo, double hi) {
    return x >= lo && x <= hi;
}

status schedule_check(const schedule *s, err *e) {
    if (!(s->lr > 0 && isfinite(s->lr))) {
        return err_set(e, STATUS_USAGE, "learning rate %g: expected a number above 0", s->lr);
    }
    if (!(s->gamma > 0 && s->gamma <= 1)) {
        return err_set(e, STATUS_USAGE, "schedule factor %g: expected above 0, at most 1", s->gamma);
    }
    if (s->every < 1)
        return err_set(e, STATUS_USAGE, "schedule every %d epochs: expected at least 1", s->every);
    if (s->warmup_steps < 0) {
        return err_set(e, STATUS_USAGE, "warm-up of %d steps: expected at least 0", s->warmup_steps);
    }
    if (!within(s->peak_at, 0, 1)) {
        return err_set(e, STATUS_USAGE, "one-cycle peak at %g of the steps: expected 0..1", s->peak_at);
    }
    if (!within(s->momentum_low, 0, 0.9999) || !within(s->momentum_high, 0, 0.9999)) {
        return err_set(e, STATUS_USAGE, "one-cycle momentum %g..%g: expected from 0 to below 1",
                       s->momentum_low, s->momentum_high);
    }
    return STATUS_OK;
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

double schedule_rate(const schedule *s, long step, long total_steps, long steps_per_epoch) {
    if (s->kind == SCHEDULE_ONE_CYCLE) {
        double start = s->lr * ONE_CYCLE_START;
        return one_cycle(s, step, total_steps, start, s->lr, start * ONE_CYCLE_END);
    }
    if (step < s->warmup_steps) return s->lr * (double)(step + 1) / s->warmup_steps;

    /* Linear and cosine fall over what the warm-up leaves; step and exponential count epochs from the start.
     */
    double t = (double)(step - s->warmup_steps), steps = (double)(total_steps - s->warmup_steps);
    long epoch = step / steps_per_epoch;
    switch (s->kind) {
    case SCHEDULE_STEP:
        return s->lr * pow(s->gamma, (double)(epoch / s->every));
    case SCHEDULE_EXPONENTIAL:
        return s->lr * pow(s->gamma, (double)epoch);
    case SCHEDULE_LINEAR:
        return s->lr * (1 + (LINEAR_END - 1) * (steps > 1 ? t / (steps - 1) : 0));
    case SCHEDULE_COSINE:
        return cosine_between(s->lr, 0, t / steps);
    case SCHEDULE_CONSTANT:
    case SCHEDULE_ONE_CYCLE:
        break;
    }
    return s->lr;
}

double schedule_momentum(const schedule *s, long step, long total_steps, double base) {
    if (s->kind != SCHEDULE_ONE_CYCLE || !(s->momentum_high > 0)) return base;
    return one_cycle(s, step, total_steps, s->momentum_high, s->momentum_low, s->momentum_high);
}
