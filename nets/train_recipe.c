/* Options of training: defaults, checks, and the recipe that a model file keeps. */
#include <math.h>
#include <stdio.h>

#include "nets/batches_internal.h"

enum { MOST_EPOCHS = 100000, MOST_BATCH = 65536 };

train_options train_options_default(void) {
    return (train_options){.epochs = 5,
                           .batch = 128,
                           .optim = OPTIM_NESTEROV,
                           .momentum = 0.9,
                           .weight_decay = 5e-4,
                           .schedule = schedule_default(SCHEDULE_ONE_CYCLE, 0.05),
                           .drop_last = true,
                           .aux_weight = 0.3};
}

status train_options_check(const train_options *o, err *e) {
    if (o->epochs < 1 || o->epochs > MOST_EPOCHS) {
        return err_set(e, STATUS_USAGE, "%d epochs: expected 1..%d", o->epochs, MOST_EPOCHS);
    }
    if (o->batch < 1 || o->batch > MOST_BATCH) {
        return err_set(e, STATUS_USAGE, "batch of %d: expected 1..%d", o->batch, MOST_BATCH);
    }
    if (!(o->momentum >= 0 && o->momentum < 1)) {
        return err_set(e, STATUS_USAGE, "momentum %g: expected from 0 to below 1", o->momentum);
    }
    if (!(o->weight_decay >= 0 && isfinite(o->weight_decay))) {
        return err_set(e, STATUS_USAGE, "weight decay %g: expected 0 or more", o->weight_decay);
    }
    status s = batches_check(o, e);
    return s == STATUS_OK ? schedule_check(&o->schedule, e) : s;
}

static const char *const augment_names[] = {
#define AUGMENT_NAME(name, what, unit, strength) #name,
    AUGMENT_LIST(AUGMENT_NAME)
#undef AUGMENT_NAME
};

static json *schedule_to_json(const schedule *s) {
    json *j = json_new_object();
    bool ok = json_set_string(j, "kind", schedule_name(s->kind)) && json_set_real(j, "lr", s->lr);
    if (s->kind == SCHEDULE_STEP) ok = ok && json_set_int(j, "every", s->every);
    if (s->kind == SCHEDULE_STEP || s->kind == SCHEDULE_EXPONENTIAL)
        ok = ok && json_set_real(j, "gamma", s->gamma);
    if (s->kind == SCHEDULE_ONE_CYCLE) {
        ok = ok && json_set_real(j, "peak_at", s->peak_at) &&
             json_set_real(j, "momentum_low", s->momentum_low) &&
             json_set_real(j, "momentum_high", s->momentum_high);
    } else {
        ok = ok && json_set_int(j, "warmup_steps", s->warmup_steps);
    }
    if (ok) return j;
    json_free(j);
    return NULL;
}

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
        json_set_int(j, "epochs", o->epochs) && json_set_int(j, "batch", o->batch) &&
        json_set_string(j, "optimizer", optim_name(o->optim)) && json_set_real(j, "momentum", o->momentum) &&
        json_set_real(j, "weight_decay", o->weight_decay) &&
        json_set(j, "schedule", schedule_to_json(&o->schedule)) &&
        json_set_real(j, "label_smoothing", o->label_smoothing) &&
        json_set(j, "augment", augment_to_json(o->augment)) && json_set_bool(j, "drop_last", o->drop_last);
    if (ok) return j;
    json_free(j);
    return NULL;
}
