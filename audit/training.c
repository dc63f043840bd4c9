/* From options to a trained net. */
#include "audit/training_internal.h"

#include <math.h>
#include <string.h>

#include "audit/holdout.h"
#include "nets/zoo.h"

static void choose_init(training_settings *t) {
    const robust_method *robust = training_robust(t);
    if (t->init == 0) t->init = 1 + (robust ? robust->init : INIT_KAIMING);
}

static void choose_optimizer(training_settings *t) {
    const robust_method *robust = training_robust(t);
    if (t->optimizer == 0) t->optimizer = 1 + (robust ? OPTIM_ADAMW : OPTIM_NESTEROV);
    if (t->lr > 0) return;
    optim_kind kind = (optim_kind)(t->optimizer - 1);
    t->lr = robust && kind == OPTIM_ADAMW ? robust->rate : optim_usual_rate(kind);
}

/* With what was not given filled in where it matters, so that a recipe tells it too. */
static training_settings completed(const training_settings *t, const dataset *d) {
    training_settings full = *t;
    choose_init(&full);
    choose_optimizer(&full);
    schedule_kind kind = (schedule_kind)full.schedule;
    schedule usual = schedule_default(kind, full.lr);
    bool counts = kind == SCHEDULE_STEP || kind == SCHEDULE_COSINE_RESTARTS;
    bool factor = kind == SCHEDULE_STEP || kind == SCHEDULE_MULTISTEP || kind == SCHEDULE_EXPONENTIAL ||
                  kind == SCHEDULE_PLATEAU;
    if (factor && !(full.gamma > 0)) full.gamma = usual.gamma;
    if (counts && full.every < 1) full.every = usual.every;
    if (kind == SCHEDULE_COSINE_RESTARTS && full.multiplier < 1) full.multiplier = usual.multiplier;
    if (kind == SCHEDULE_POLYNOMIAL && !(full.power > 0)) full.power = usual.power;
    training_robust_complete(&full, d->image);
    return full;
}

static status take_milestones(const number_list *given, schedule *s, err *e) {
    if (given->n > SCHEDULE_MOST_MILESTONES)
        return err_set(e, STATUS_USAGE, "--milestones: more than %d epochs", SCHEDULE_MOST_MILESTONES);
    for (int i = 0; i < given->n; i++) {
        if (given->values[i] != floor(given->values[i]))
            return err_set(e, STATUS_USAGE, "--milestones: %g is not a whole number of epochs",
                           given->values[i]);
        s->milestones[i] = (int)given->values[i];
    }
    s->n_milestones = given->n;
    return STATUS_OK;
}

static status plan_schedule(const training_settings *t, schedule *s, err *e) {
    *s = schedule_default((schedule_kind)t->schedule, t->lr);
    if (t->gamma > 0) s->gamma = t->gamma;
    if (t->every > 0) s->every = (int)t->every;
    if (t->power > 0) s->power = t->power;
    if (t->multiplier > 0) s->multiplier = (int)t->multiplier;
    s->patience = (int)t->plateau_patience;
    s->warmup_steps = (int)t->warmup;
    if (t->momentum >= 0) s->momentum_low = s->momentum_high = 0; /* the given one stays */
    return s->kind == SCHEDULE_MULTISTEP ? take_milestones(&t->milestones, s, e) : STATUS_OK;
}

static void plan_batches(const training_settings *t, train_options *o) {
    o->mixup_alpha = t->mixup;
    o->cutmix_alpha = t->cutmix;
    o->balanced_sampler = t->balanced_sampler;
    o->label_smoothing = t->label_smoothing;
    o->focal_gamma = t->focal;
    o->class_weights = (class_weighting)t->class_weights;
    o->aux_weight = t->aux_weight;
    o->group_dro_rate = t->group_dro;
    o->group_column = t->group_column;
}

static void plan_steps(const training_settings *t, train_options *o) {
    o->epochs = (int)t->epochs;
    o->optim = (optim_kind)(t->optimizer - 1);
    if (t->momentum >= 0) o->momentum = t->momentum;
    o->weight_decay = t->weight_decay;
    o->clip_norm = t->clip;
    o->sam_rho = t->sam;
    o->lookahead_every = (int)t->lookahead;
    o->lookahead_share = t->lookahead_share;
    o->ema_decay = t->ema;
    o->swa_from = t->swa;
    o->patience = (int)t->patience;
}

static status plan_options(const training_settings *given, const dataset *d, int batch_size, training *out,
                           err *e) {
    training_settings full = completed(given, d), *t = &full;
    train_options *o = &out->options;
    *o = train_options_default();
    o->batch = batch_size;
    o->drop_last = d->n >= batch_size;
    out->init = (init_kind)(t->init - 1);
    out->validation = t->validation;
    training_robust_plan(t, out);
    plan_batches(t, o);
    plan_steps(t, o);
    status planned = plan_schedule(t, &o->schedule, e);
    if (planned != STATUS_OK) return planned;
    if (t->augment && strcmp(t->augment, "none") != 0) {
        status s = augment_parse(t->augment, d->classes, d->class_names, &out->augment, e);
        if (s != STATUS_OK) return err_prefix(e, s, "--augment");
        o->augment = &out->augment;
    }
    return schedule_check(&o->schedule,
                          e); /* train() asks for the rest, when it knows the validation images */
}

/* Moments of the images that will be trained on. */
static status kept_moments(const training_settings *t, const dataset *d, float mean[4], float std[4],
                           err *e) {
    if (!(t->validation > 0)) {
        dataset_channel_moments(d, mean, std);
        return STATUS_OK;
    }
    dataset kept, held;
    status s = holdout_split(d, t->validation, &kept, &held, e);
    if (s != STATUS_OK) return err_prefix(e, s, "--validation");
    dataset_channel_moments(&kept, mean, std);
    dataset_free(&kept);
    dataset_free(&held);
    return STATUS_OK;
}

static status build_net(const training_settings *t, const dataset *d, const float *mean, const float *std,
                        net **out, err *e) {
    zoo_options o = zoo_options_default();
    o.mean = t->normalize ? mean : NULL;
    o.std = t->normalize ? std : NULL;
    o.norm = (zoo_norm)t->norm;
    o.activation = t->activation;
    o.dropout = t->dropout;
    o.spatial_dropout = t->spatial_dropout;
    o.drop_path = t->drop_path;
    o.zero_gamma = t->zero_gamma;
    return zoo_build_with(training_arch(t), d->image, d->classes, &o, out, e);
}

status training_plan_options(const training_settings *t, const dataset *d, int batch_size, training *out,
                             err *e) {
    *out = (training){0};
    status s = training_rules_check(t, e);
    return s == STATUS_OK ? plan_options(t, d, batch_size, out, e) : s;
}

status training_plan(const training_settings *t, const dataset *d, int batch_size, training *out, err *e) {
    float mean[4], std[4];
    status s = training_plan_options(t, d, batch_size, out, e);
    if (s == STATUS_OK) s = kept_moments(t, d, mean, std, e);
    if (s == STATUS_OK) s = build_net(t, d, mean, std, &out->net, e);
    if (s == STATUS_OK) s = weights_new(out->net, &out->weights, e);
    if (s != STATUS_OK) training_free(out);
    return s;
}

static status run_on(training *t, const dataset *d, const dataset *validation, const run *r,
                     const train_watch *watch, err *e) {
    train_options o = t->options;
    objective goal;
    if (validation) o.validation = validation;
    o.drop_last = d->n >= o.batch;
    status s = training_objective(t, r, &goal, e);
    if (s != STATUS_OK) return s;
    s = train(t->net, &t->weights, d, &o, &goal, r, watch, e);
    goal.free(goal.self);
    return s;
}

status training_run(training *t, const dataset *d, uint64_t seed, const run *r, const train_watch *watch,
                    err *e) {
    run seeded = *r;
    seeded.seed = seed;
    weights_init_as(t->net, &t->weights, t->init, seed);
    return training_go_on(t, d, &seeded, watch, e);
}

status training_go_on(training *t, const dataset *d, const run *r, const train_watch *watch, err *e) {
    if (!(t->validation > 0)) return run_on(t, d, NULL, r, watch, e);
    dataset kept, held;
    status s = holdout_split(d, t->validation, &kept, &held, e);
    if (s != STATUS_OK) return err_prefix(e, s, "--validation");
    s = run_on(t, &kept, &held, r, watch, e);
    dataset_free(&kept);
    dataset_free(&held);
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
    training_settings full = completed(s, d);
    option_set sets[TRAINING_SETS];
    int n = training_option_sets(&full, sets);
    json *j = json_new_object();
    bool ok = j && options_to_json(sets, n, j) && json_set_int(j, "batch", t->options.batch) &&
              json_set_int(j, "seed", (int64_t)seed) && json_set(j, "data", data_json(d));
    if (ok) return j;
    json_free(j);
    return NULL;
}
