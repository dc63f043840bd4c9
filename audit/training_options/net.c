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
    {0}};
