/* How the learning rate moves. */
#include "audit/training_options/tables_internal.h"

#define SCHEDULE_NAME(code, name, what) {name, what},
static const described schedules[] = {SCHEDULE_LIST(SCHEDULE_NAME)};
#undef SCHEDULE_NAME

static const char *schedule_at(int i, const char **what) {
    return described_at(schedules, sizeof schedules / sizeof *schedules, i, what);
}

const option schedule_options[] = {
    {.name = "schedule",
     .kind = OPTION_CHOICE,
     .offset = FIELD(schedule),
     .fallback = "one-cycle",
     .choice = schedule_at,
     .what = "how the learning rate moves"},
    {.name = "gamma",
     .kind = OPTION_NUMBER,
     .offset = FIELD(gamma),
     .metavar = "FACTOR",
     .hi = 1,
     .what = "factor of step, multistep, plateau (default: 0.1) and exponential (0.9)"},
    {.name = "every",
     .kind = OPTION_INTEGER,
     .offset = FIELD(every),
     .metavar = "EPOCHS",
     .hi = 100000,
     .what = "epochs between factors of step, or of the first cosine of cosine-restarts (default: 1)"},
    {.name = "milestones",
     .kind = OPTION_NUMBERS,
     .offset = FIELD(milestones),
     .metavar = "EPOCHS",
     .lo = 1,
     .hi = 100000,
     .what = "multistep: the epochs after which the factor comes in, such as 30,60"},
    {.name = "power",
     .kind = OPTION_NUMBER,
     .offset = FIELD(power),
     .metavar = "POWER",
     .hi = 10,
     .what = "power of polynomial (default: 1)"},
    {.name = "multiplier",
     .kind = OPTION_INTEGER,
     .offset = FIELD(multiplier),
     .metavar = "N",
     .hi = 1000,
     .what = "cosine-restarts: how many times longer each cosine is than the one before (default: 1)"},
    {.name = "plateau-patience",
     .kind = OPTION_INTEGER,
     .offset = FIELD(plateau_patience),
     .metavar = "EPOCHS",
     .fallback = "2",
     .hi = 100000,
     .what = "plateau: epochs without a lower validation loss that are borne"},
    {.name = "warmup",
     .kind = OPTION_INTEGER,
     .offset = FIELD(warmup),
     .metavar = "STEPS",
     .hi = 1000000000,
     .what = "steps of linear rise at the start; one-cycle has its own"},
    {0}};
