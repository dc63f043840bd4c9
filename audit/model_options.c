#include "audit/model_options.h"

#include "nets/mc_dropout.h"
#include "nets/tta.h"

#define FIELD(name) offsetof(model_settings, name)

/* Two tables under one heading. */
static const char title[] = "Model";

static const option dropout_options[] = {
    {.name = "mc-dropout",
     .kind = OPTION_INTEGER,
     .offset = FIELD(mc_dropout),
     .metavar = "N",
     .lo = 1,
     .hi = MC_DROPOUT_MOST_PASSES,
     .what = "answer with the mean over N passes with dropout on, and tell how far they agree"},
    {0}};

static const option options[] = {
    {.name = "tta",
     .kind = OPTION_TEXT,
     .offset = FIELD(tta),
     .metavar = "VIEWS",
     .what = "answer with the mean over views of each image: flip, shift=PIXELS, or both as flip,shift=1"},
    {0}};

option_set model_option_set(model_settings *m) {
    return (option_set){title, options, m};
}

option_set dropout_option_set(model_settings *m) {
    return (option_set){title, dropout_options, m};
}

status model_options_apply(const model_settings *o, model **m, err *e) {
    tta_views views;
    model *inner = *m;
    if (!o->tta) return STATUS_OK;
    *m = NULL;
    status s = o->mc_dropout > 0 ? err_set(e, STATUS_USAGE, "not together with --mc-dropout")
                                 : tta_parse(o->tta, &views, e);
    if (s == STATUS_OK)
        s = model_tta(inner, &views, m, e);
    else
        model_free(inner);
    return s == STATUS_OK ? s : err_prefix(e, s, "--tta");
}
