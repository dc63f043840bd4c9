/* How a step is made of a gradient. */
#include "audit/training_options/tables_internal.h"

#define OPTIM_NAME(code, name, arrays, rate, what) {name, what},
static const described optimizers[] = {{"usual", "nesterov, or adamw with --robust"}, OPTIM_LIST(OPTIM_NAME)};
#undef OPTIM_NAME

/* Entry 0 is the usual one, the others are those of OPTIM_LIST. */
static const char *optimizer_at(int i, const char **what) {
    return described_at(optimizers, sizeof optimizers / sizeof *optimizers, i, what);
}

const option optimizer_options[] = {
    {.name = "optimizer",
     .kind = OPTION_CHOICE,
     .offset = FIELD(optimizer),
     .fallback = "usual",
     .choice = optimizer_at,
     .what = "how steps are made"},
    {.name = "lr",
     .kind = OPTION_NUMBER,
     .offset = FIELD(lr),
     .metavar = "RATE",
     .lo = 1e-9,
     .hi = 1000,
     .what = "largest learning rate (default: 0.05, or what is usual for the optimizer and --robust)"},
    {.name = "momentum",
     .kind = OPTION_NUMBER,
     .offset = FIELD(momentum),
     .metavar = "SHARE",
     .fallback = "-1",
     .lo = -1,
     .hi = 0.9999,
     .what = "momentum of all optimizers but adamw (default: 0.9; one-cycle moves it between 0.95 and 0.85)"},
    {.name = "weight-decay",
     .kind = OPTION_NUMBER,
     .offset = FIELD(weight_decay),
     .metavar = "RATE",
     .fallback = "5e-4",
     .lo = 0,
     .hi = 1000,
     .what = "pull of the weights towards zero; biases and norms are spared"},
    {.name = "clip",
     .kind = OPTION_NUMBER,
     .offset = FIELD(clip),
     .metavar = "NORM",
     .fallback = "0",
     .hi = 1e30,
     .what = "scale the gradient down to this L2 norm where it is longer; 0 is off"},
    {.name = "sam",
     .kind = OPTION_NUMBER,
     .offset = FIELD(sam),
     .metavar = "RHO",
     .fallback = "0",
     .hi = 1000,
     .what = "sharpness-aware minimisation: the gradient where the loss is worst within RHO; twice the work; "
             "usual is "
             "0.05; 0 is off"},
    {.name = "lookahead",
     .kind = OPTION_INTEGER,
     .offset = FIELD(lookahead),
     .metavar = "STEPS",
     .fallback = "0",
     .hi = 1000000,
     .what = "every so many steps go back to slow weights that follow; usual is 5; 0 is off"},
    {.name = "lookahead-share",
     .kind = OPTION_NUMBER,
     .offset = FIELD(lookahead_share),
     .metavar = "SHARE",
     .fallback = "0.5",
     .lo = 1e-6,
     .hi = 1,
     .what = "how far the slow weights follow"},
    {0}};
