/* How a step is made of a gradient. */
#include "audit/training_options/tables_internal.h"

static const char *optimizer_at(int i, const char **what) {
#define NAME(code, name, ...) name,
    static const char *const names[] = {OPTIM_LIST(NAME)};
#undef NAME
    if (what) *what = NULL;
    return i >= 0 && (size_t)i < sizeof names / sizeof *names ? names[i] : NULL;
}

const option optimizer_options[] = {
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
     .what = "largest learning rate (default: 0.05, or what is usual for the optimizer)"},
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
    {0}};
