/* Fitting: the head first, on features computed once (so that its first, random weights never spoil the trunk: Kumar et al. 2022), then
 * both where the trunk may move. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/transfer.h"
#include "nets/features.h"

status transfer_parse_freeze(const char *text, int layers, int *out, err *e) {
    char *end;
    long number = strtol(text, &end, 10);
    *out = layers;
    if (strcmp(text, "all") == 0) return STATUS_OK;
    if (strcmp(text, "none") == 0) number = 0;
    *out = (int)number;
    bool word = strcmp(text, "none") == 0, whole = *text && !*end && number >= 0 && number <= layers;
    if (word || whole) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "--freeze: \"%.32s\", expected all, none or a number of layers up to %d",
                   text, layers);
}

static status fit_head(transfer_job *j, err *e) {
    const context *c = j->context;
    const augmentation *augment = j->recipe.options.augment;
    dataset features;
    status s = features_make(j->net.net, &j->net.weights, j->net.features, &j->train, augment,
                             (int)j->settings->copies, &c->run, &features, e);
    if (s != STATUS_OK) return s;
    s = features_train_head(j->net.net, &j->net.weights, j->net.features, &features, &j->head, &c->run, NULL,
                            e);
    dataset_free(&features);
    return s;
}

static void print_epoch(void *user, const train_epoch *t) {
    say(user, "%5d  %7.4f  %12.2f %%\n", t->epoch + 1, t->loss, 100 * t->accuracy);
}

/* Trains a whole net from the weights that it has; `rates` as transfer_rates gives them. */
static status fit_whole(transfer_job *j, transferred *t, const float *rates, bool frozen_norm,
                        const char *title, err *e) {
    training whole = j->recipe;
    train_watch watch = {.user = j->context, .each_epoch = print_epoch};
    whole.net = t->net;
    whole.weights = t->weights;
    whole.options.rates = rates;
    whole.options.frozen_norm = frozen_norm;
    say(j->context, "\n%s\nepoch     loss  train accuracy\n", title);
    status s = training_go_on(&whole, &j->train, &j->context->run, &watch, e);
    t->weights = whole.weights;
    return s;
}

static status fit_with_rates(transfer_job *j, transferred *t, int frozen, double trunk_rate,
                             double depth_decay, double head_rate, bool frozen_norm, const char *title,
                             err *e) {
    float *rates = malloc(((size_t)t->net->n_params + 1) * sizeof *rates);
    if (!rates) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    transfer_rates(t, frozen, trunk_rate, depth_decay, head_rate, rates);
    status s = fit_whole(j, t, rates, frozen_norm, title, e);
    free(rates);
    return s;
}

/* A layer that has been trained on features is no newer than the trunk any more. */
static status fine_tune(transfer_job *j, err *e) {
    const transfer_settings *o = j->settings;
    double head_rate = o->head_epochs > 0 ? o->trunk_rate : 1;
    return fit_with_rates(j, &j->net, j->frozen, o->trunk_rate, o->depth_decay, head_rate, o->frozen_norm,
                          "fine-tuning", e);
}

/* Means over the channels of their means and deviations. */
static void grey_moments(const dataset *d, float *mean, float *std) {
    float means[4], stds[4];
    dataset_channel_moments(d, means, stds);
    *mean = *std = 0;
    for (int c = 0; c < d->image.c; c++) {
        *mean += means[c] / (float)d->image.c;
        *std += stds[c] / (float)d->image.c;
    }
}

/* The twin: the same net, images and options, and nothing of the base. One that cannot be trained is a finding, not a failure. */
static status fit_scratch(transfer_job *j, err *e) {
    float mean, std;
    grey_moments(&j->train, &mean, &std);
    transfer_forget(&j->scratch, mean, std, j->context->run.seed);
    status s = fit_with_rates(j, &j->scratch, 0, 1, 1, 1, false, "the same net from scratch", e);
    if (s != STATUS_NOT_EVALUABLE) return s;
    snprintf(j->scratch_failure, sizeof j->scratch_failure, "from scratch: %.200s", e->message);
    transferred_free(&j->scratch);
    return STATUS_OK;
}

status transfer_fit(transfer_job *j, err *e) {
    status s = j->settings->head_epochs > 0 ? fit_head(j, e) : STATUS_OK;
    if (s == STATUS_OK && j->frozen < transfer_layers(&j->net)) s = fine_tune(j, e);
    if (s == STATUS_OK && j->scratch.net) s = fit_scratch(j, e);
    return s;
}
