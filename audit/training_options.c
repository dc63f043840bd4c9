/* The table of training options. */
#include "audit/training.h"

#include "nets/zoo.h"

#define NAME(code, name, ...) name,
#define ZOO_NAME(name, what, builder) {name, what},
#define SCHEDULE_NAME(code, name, what) {name, what},

typedef struct described {
    const char *name, *what;
} described;

static const described archs[] = {ZOO_LIST(ZOO_NAME)};
static const described schedules[] = {SCHEDULE_LIST(SCHEDULE_NAME)};
static const char *const optimizers[] = {OPTIM_LIST(NAME)};

static const char *described_at(const described *list, size_t n, int i, const char **what) {
    bool inside = i >= 0 && (size_t)i < n;
    if (what) *what = inside ? list[i].what : NULL;
    return inside ? list[i].name : NULL;
}

static const char *arch_at(int i, const char **what) {
    return described_at(archs, sizeof archs / sizeof *archs, i, what);
}

static const char *schedule_at(int i, const char **what) {
    return described_at(schedules, sizeof schedules / sizeof *schedules, i, what);
}

static const char *optimizer_at(int i, const char **what) {
    if (what) *what = NULL;
    return i >= 0 && (size_t)i < sizeof optimizers / sizeof *optimizers ? optimizers[i] : NULL;
}

#define FIELD(field) offsetof(training_settings, field)

static const option options[] = {
    {.name = "arch",
     .letter = 'a',
     .kind = OPTION_CHOICE,
     .offset = FIELD(arch),
     .fallback = "small",
     .choice = arch_at,
     .what = "the net"},
    {.name = "epochs",
     .letter = 'e',
     .kind = OPTION_INTEGER,
     .offset = FIELD(epochs),
     .metavar = "N",
     .fallback = "5",
     .lo = 1,
     .hi = 100000,
     .what = "passes over the data"},
    {.name = "optimizer",
     .kind = OPTION_CHOICE,
     .offset = FIELD(optimizer),
     .fallback = "nesterov",
     .choice = optimizer_at,
     .what = "how steps are made"},
    {.name = "lr",
     .kind = OPTION_NUMBER,
     .offset = FIELD(lr),
     .metavar = "RATE",
     .lo = 1e-9,
     .hi = 1000,
     .what = "largest learning rate (default: 0.05, or 0.002 with adamw)"},
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
     .what = "factor of step and exponential (default: 0.1, 0.9)"},
    {.name = "every",
     .kind = OPTION_INTEGER,
     .offset = FIELD(every),
     .metavar = "EPOCHS",
     .hi = 100000,
     .what = "epochs between factors of step"},
    {.name = "warmup",
     .kind = OPTION_INTEGER,
     .offset = FIELD(warmup),
     .metavar = "STEPS",
     .hi = 1000000000,
     .what = "steps of linear rise at the start; one-cycle has its own"},
    {.name = "momentum",
     .kind = OPTION_NUMBER,
     .offset = FIELD(momentum),
     .metavar = "SHARE",
     .fallback = "-1",
     .lo = -1,
     .hi = 0.9999,
     .what = "momentum of sgd and nesterov (default: 0.9; one-cycle moves it between 0.95 and 0.85)"},
    {.name = "weight-decay",
     .kind = OPTION_NUMBER,
     .offset = FIELD(weight_decay),
     .metavar = "RATE",
     .fallback = "5e-4",
     .lo = 0,
     .hi = 1000,
     .what = "pull of the weights towards zero; biases and norms are spared"},
    {.name = "label-smoothing",
     .kind = OPTION_NUMBER,
     .offset = FIELD(label_smoothing),
     .metavar = "SHARE",
     .fallback = "0",
     .hi = 0.9999,
     .what = "share of the target spread over all classes"},
    {.name = "augment",
     .kind = OPTION_TEXT,
     .offset = FIELD(augment),
     .metavar = "LIST",
     .what = "changes of the training images, such as flip,shift=2,cutout=8: flip vflip shift crop rotate "
             "noise brightness "
             "contrast cutout flip-target"},
    {.name = "normalize",
     .kind = OPTION_FLAG,
     .offset = FIELD(normalize),
     .fallback = "yes",
     .what = "begin the net with a layer that normalises each channel by the training data"},
    {0}};

option_set training_option_set(training_settings *t) {
    return (option_set){"Training", options, t};
}

const char *training_arch(const training_settings *t) {
    return archs[t->arch].name;
}
