/* From options to a trained net. */
#include "audit/training_internal.h"

#include <string.h>

#include "nets/zoo.h"

/* With what was not given filled in, so that a recipe tells it too. */
static training_settings completed(const training_settings *t) {
    training_settings full = *t;
    if (!(full.lr > 0)) full.lr = optim_usual_rate((optim_kind)full.optimizer);
    schedule usual = schedule_default((schedule_kind)full.schedule, full.lr);
    bool steps = full.schedule == SCHEDULE_STEP, factor = steps || full.schedule == SCHEDULE_EXPONENTIAL;
    if (factor && !(full.gamma > 0)) full.gamma = usual.gamma;
    if (steps && full.every < 1) full.every = usual.every;
    return full;
}

static schedule schedule_of(const training_settings *t) {
    schedule s = schedule_default((schedule_kind)t->schedule, t->lr);
    if (t->gamma > 0) s.gamma = t->gamma;
    if (t->every > 0) s.every = (int)t->every;
    s.warmup_steps = (int)t->warmup;
    if (t->momentum >= 0) s.momentum_low = s.momentum_high = 0; /* the given one stays */
    return s;
}

status training_plan_options(const training_settings *given, const dataset *d, int batch_size, training *out,
                             err *e) {
    training_settings full = completed(given), *t = &full;
    train_options *o = &out->options;
    *o = train_options_default();
    o->epochs = (int)t->epochs;
    o->batch = batch_size;
    o->optim = (optim_kind)t->optimizer;
    o->schedule = schedule_of(t);
    if (t->momentum >= 0) o->momentum = t->momentum;
    o->weight_decay = t->weight_decay;
    o->mixup_alpha = t->mixup;
    o->cutmix_alpha = t->cutmix;
    o->balanced_sampler = t->balanced_sampler;
    o->label_smoothing = t->label_smoothing;
    o->focal_gamma = t->focal;
    o->class_weights = (class_weighting)t->class_weights;
    o->aux_weight = t->aux_weight;
    o->group_dro_rate = t->group_dro;
    o->group_column = t->group_column;
    o->drop_last = d->n >= batch_size;
    if (t->augment && strcmp(t->augment, "none") != 0) {
        status s = augment_parse(t->augment, d->classes, d->class_names, &out->augment, e);
        if (s != STATUS_OK) return err_prefix(e, s, "--augment");
        o->augment = &out->augment;
    }
    return train_options_check(o, e);
}

static status build_net(const training_settings *t, const dataset *d, const float *mean, const float *std,
                        net **out, err *e) {
    zoo_options o = zoo_options_default();
    o.mean = t->normalize ? mean : NULL;
    o.std = t->normalize ? std : NULL;
    o.norm = (zoo_norm)t->norm;
    o.activation = t->activation;
    o.dropout = t->dropout;
    o.drop_path = t->drop_path;
    o.zero_gamma = t->zero_gamma;
    return zoo_build_with(training_arch(t), d->image, d->classes, &o, out, e);
}

status training_plan(const training_settings *t, const dataset *d, int batch_size, training *out, err *e) {
    *out = (training){0};
    float mean[4], std[4];
    if (t->normalize) dataset_channel_moments(d, mean, std);
    status s = training_plan_options(t, d, batch_size, out, e);
    if (s == STATUS_OK) s = build_net(t, d, mean, std, &out->net, e);
    if (s == STATUS_OK) s = weights_new(out->net, &out->weights, e);
    if (s != STATUS_OK) training_free(out);
    return s;
}

status training_run(training *t, const dataset *d, uint64_t seed, const run *r, const train_watch *watch,
                    err *e) {
    run seeded = *r;
    seeded.seed = seed;
    objective goal;
    status s = objective_plain(t->net, &t->weights, t->options.batch, &seeded, &goal, e);
    if (s != STATUS_OK) return s;
    weights_init(t->net, &t->weights, seed);
    s = train(t->net, &t->weights, d, &t->options, &goal, &seeded, watch, e);
    goal.free(goal.self);
    return s;
}

void training_free(training *t) {
    weights_free(&t->weights);
    net_free(t->net);
    augment_free(&t->augment);
    *t = (training){0};
}

static json *data_json(const dataset *d) {
    json *j = json_new_object();
    bool ok = json_set_string(j, "name", d->name) && json_set_string(j, "split", d->split) &&
              json_set_int(j, "n", d->n) && json_set_string(j, "sha256", d->sha256);
    if (ok) return j;
    json_free(j);
    return NULL;
}

json *training_recipe(const training *t, const training_settings *s, const dataset *d, uint64_t seed) {
    training_settings full = completed(s);
    option_set sets[TRAINING_SETS];
    int n = training_option_sets(&full, sets);
    json *j = json_new_object();
    bool ok = j && options_to_json(sets, n, j) && json_set_int(j, "batch", t->options.batch) &&
              json_set_int(j, "seed", (int64_t)seed) && json_set(j, "data", data_json(d));
    if (ok) return j;
    json_free(j);
    return NULL;
}
