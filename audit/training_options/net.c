/* The net. */
#include "audit/training_options/tables_internal.h"

#include "nets/zoo.h"

#define ZOO_NAME(name, what, builder) {name, what},
static const described archs[] = {ZOO_LIST(ZOO_NAME)};
#undef ZOO_NAME

static const char *arch_at(int i, const char **what) {
    return described_at(archs, sizeof archs / sizeof *archs, i, what);
}

const char *training_arch(const training_settings *t) {
    return t->arch;
}

#define NORM_NAME(code, name, what) {name, what},
static const described norms[] = {ZOO_NORM_LIST(NORM_NAME)};
#undef NORM_NAME

static const char *norm_at(int i, const char **what) {
    return described_at(norms, sizeof norms / sizeof *norms, i, what);
}

#define INIT_NAME(code, name, what) {name, what},
static const described inits[] = {{"usual", "kaiming, or ibp with --robust ibp"}, INIT_LIST(INIT_NAME)};
#undef INIT_NAME

/* Entry 0 is the usual one, the others are those of INIT_LIST. */
static const char *init_at(int i, const char **what) {
    return described_at(inits, sizeof inits / sizeof *inits, i, what);
}

const option net_options[] = {
    {.name = "arch",
     .letter = 'a',
     .kind = OPTION_TEXT, /* the numbers in the names may be others */
     .offset = FIELD(arch),
     .fallback = "small",
     .choice = arch_at,
     .what = "the net"},
    {.name = "normalize",
     .kind = OPTION_FLAG,
     .offset = FIELD(normalize),
     .fallback = "yes",
     .what = "begin the net with a layer that normalises each channel by the training data"},
    {.name = "norm",
     .kind = OPTION_CHOICE,
     .offset = FIELD(norm),
     .fallback = "own",
     .choice = norm_at,
     .what = "normalisation inside the net"},
    {.name = "activation",
     .kind = OPTION_TEXT,
     .offset = FIELD(activation),
     .metavar = "NAME",
     .what = "activation inside the net: relu, elu, gelu, silu, hardswish, tanh, sigmoid, ... (default: the "
             "architecture's own)"},
    {.name = "dropout",
     .kind = OPTION_NUMBER,
     .offset = FIELD(dropout),
     .metavar = "RATE",
     .fallback = "-1",
     .lo = -1,
     .hi = 0.99,
     .what = "rate of every dropout layer; 0 is off (default: the architecture's own)"},
    {.name = "spatial-dropout",
     .kind = OPTION_NUMBER,
     .offset = FIELD(spatial_dropout),
     .metavar = "RATE",
     .fallback = "0",
     .hi = 0.99,
     .what = "drop whole maps behind the activation of every convolution; usual is 0.1"},
    {.name = "drop-path",
     .kind = OPTION_NUMBER,
     .offset = FIELD(drop_path),
     .metavar = "RATE",
     .fallback = "0",
     .hi = 0.99,
     .what =
         "stochastic depth: how often the last residual block is left out in training, earlier ones less"},
    {.name = "init",
     .kind = OPTION_CHOICE,
     .offset = FIELD(init),
     .fallback = "usual",
     .choice = init_at,
     .what = "weights at the beginning"},
    {.name = "zero-gamma",
     .kind = OPTION_FLAG,
     .offset = FIELD(zero_gamma),
     .what = "the last norm of every residual block begins at 0, so that the block begins as the identity"},
    {0}};
