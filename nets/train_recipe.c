/* Options of training: defaults, checks, and the recipe that a model file keeps. */
#include <stdio.h>

#include "nets/batches_internal.h"
#include "nets/recipe_fields_internal.h"

#define AT(member) offsetof(train_options, member)

static const field fields[] = {
    {"epochs", "epochs", FIELD_INT, AT(epochs), 1, 100000, false, false},
    {"batch", "batch", FIELD_INT, AT(batch), 1, 65536, false, false},
    {"momentum", "momentum", FIELD_REAL, AT(momentum), 0, 1, false, true},
    {"weight_decay", "weight decay", FIELD_REAL, AT(weight_decay), 0, 1e6, false, false},
    {"drop_last", "drop last", FIELD_BOOL, AT(drop_last), 0, 1, false, false},
    {"mixup_alpha", "mixup alpha", FIELD_REAL, AT(mixup_alpha), 0, 100, false, false},
    {"cutmix_alpha", "cutmix alpha", FIELD_REAL, AT(cutmix_alpha), 0, 100, false, false},
    {"balanced_sampler", "balanced sampler", FIELD_BOOL, AT(balanced_sampler), 0, 1, false, false},
    {"label_smoothing", "label smoothing", FIELD_REAL, AT(label_smoothing), 0, 1, false, true},
    {"focal_gamma", "focal gamma", FIELD_REAL, AT(focal_gamma), 0, 100, false, false},
    {"aux_weight", "weight of auxiliary heads", FIELD_REAL, AT(aux_weight), 0, 100, false, false},
    {"group_dro_rate", "rate of group DRO", FIELD_REAL, AT(group_dro_rate), 0, 100, false, false},
    {"clip_norm", "clip norm", FIELD_REAL, AT(clip_norm), 0, 1e30, false, false},
    {"sam_rho", "SAM rho", FIELD_REAL, AT(sam_rho), 0, 1000, false, false},
    {"lookahead_every", "lookahead every", FIELD_INT, AT(lookahead_every), 0, 1000000, false, false},
    {"lookahead_share", "lookahead share", FIELD_REAL, AT(lookahead_share), 0, 1, true, false},
    {"frozen_norm", "frozen norm", FIELD_BOOL, AT(frozen_norm), 0, 1, false, false},
    {"ema_decay", "EMA decay", FIELD_REAL, AT(ema_decay), 0, 1, false, true},
    {"swa_from", "SWA from", FIELD_REAL, AT(swa_from), 0, 1, false, true},
    {"patience", "patience", FIELD_INT, AT(patience), 0, 100000, false, false},
};

enum { FIELDS = sizeof fields / sizeof *fields };

static const char *const class_weightings[] = {"none", "balanced"}; /* as class_weighting */

train_options train_options_default(void) {
    return (train_options){.epochs = 5,
                           .batch = 128,
                           .optim = OPTIM_NESTEROV,
                           .momentum = 0.9,
                           .weight_decay = 5e-4,
                           .schedule = schedule_default(SCHEDULE_ONE_CYCLE, 0.05),
                           .drop_last = true,
                           .aux_weight = 0.3,
                           .lookahead_share = 0.5};
}

/* Options that make no sense together. */
static status check_company(const train_options *o, err *e) {
    if (o->ema_decay > 0 && o->swa_from > 0)
        return err_set(e, STATUS_USAGE, "EMA and SWA both say what is kept: expected one of them");
    if (o->patience > 0 && !o->validation)
        return err_set(e, STATUS_USAGE, "patience %d: expected validation data to judge by", o->patience);
    if (o->checkpoint_every < 0)
        return err_set(e, STATUS_USAGE, "checkpoint every %d steps: expected at least 0",
                       o->checkpoint_every);
    return STATUS_OK;
}

status train_options_check(const train_options *o, err *e) {
    for (int i = 0; i < FIELDS; i++) {
        status s = field_check(&fields[i], o, e);
        if (s != STATUS_OK) return s;
    }
    status s = schedule_check(&o->schedule, e);
    if (s == STATUS_OK) s = batches_check(o, e);
    return s == STATUS_OK ? check_company(o, e) : s;
}

static const char *const augment_names[] = {
#define AUGMENT_NAME(name, what, unit, strength) #name,
    AUGMENT_LIST(AUGMENT_NAME)
#undef AUGMENT_NAME
};

/* The text that augment_parse reads back: "flip=0.5,shift=2"; "" for none. */
static json *augment_to_json(const augmentation *a) {
    char text[AUGMENT_MOST * 40] = "";
    size_t used = 0;
    for (int i = 0; a && i < a->n; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s=%g", i ? "," : "",
                                 augment_names[a->steps[i].kind], (double)a->steps[i].strength);
    }
    return json_new_string(text);
}

json *train_options_to_json(const train_options *o) {
    json *j = json_new_object();
    bool ok =
        j && json_set_string(j, "optimizer", optim_name(o->optim)) &&
        json_set(j, "schedule", schedule_to_json(&o->schedule)) &&
        json_set(j, "augment", augment_to_json(o->augment)) &&
        json_set_string(j, "class_weights", class_weightings[o->class_weights]) &&
        json_set(j, "group_column", o->group_column ? json_new_string(o->group_column) : json_new_null());
    for (int i = 0; ok && i < FIELDS; i++) {
        ok = field_to_json(&fields[i], o, j);
    }
    if (ok) return j;
    json_free(j);
    return NULL;
}
