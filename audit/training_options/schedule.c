/* How the learning rate moves. */
#include "audit/training_options/tables_internal.h"

#define SCHEDULE_NAME(code, name, what) {name, what},
static const described schedules[] = {SCHEDULE_LIST(SCHEDULE_NAME)};
#undef SCHEDULE_NAME

static const char *schedule_at(int i, const char **what) {
    return described_at(schedules, sizeof schedules / sizeof *schedules, i, what);
}

const option schedule_options[] = {{.name = "schedule",
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
                                    .what = "factor of step and exponential (default: 0.1, 0.9)"},
                                   {.name = "every",
                                    .kind = OPTION_INTEGER,
                                    .offset = FIELD(every),
                                    .metavar = "EPOCHS",
                                    .hi = 100000,
                                    .what = "epochs between factors of step (default: 1)"},
                                   {.name = "warmup",
                                    .kind = OPTION_INTEGER,
                                    .offset = FIELD(warmup),
                                    .metavar = "STEPS",
                                    .hi = 1000000000,
                                    .what = "steps of linear rise at the start; one-cycle has its own"},
                                   {0}};
