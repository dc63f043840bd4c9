/* Options of commands that open a model: how it is asked. */
#ifndef AUDIT_MODEL_OPTIONS_H
#define AUDIT_MODEL_OPTIONS_H

#include "audit/options.h"
#include "nets/model.h"

typedef struct model_settings {
    const char *tta;    /* or NULL */
    int64_t mc_dropout; /* passes; 0 = off */
} model_settings;

/* The tables of these options: --tta, and --mc-dropout for commands that want nothing but answers. `m` may be NULL where only names matter. */
option_set model_option_set(model_settings *m);
option_set dropout_option_set(model_settings *m);

/* Puts around *m what the options ask for. On failure *m is freed and NULL. */
MUST_CHECK status model_options_apply(const model_settings *o, model **m, err *e);

#endif
