/* From the options of robust training to an objective. */
#include "audit/training_internal.h"

const robust_method *training_robust(const training_settings *t) {
    return robust_at(t->robust - 1);
}

static robust_options given(const training_settings *t) {
    return (robust_options){.eps = t->robust_eps,
                            .steps = (int)t->robust_steps,
                            .step_size = t->robust_step_size,
                            .warmup = t->robust_warmup,
                            .replays = (int)t->robust_replays,
                            .beta = t->robust_beta,
                            .sigma = t->robust_sigma,
                            .kappa = t->robust_kappa};
}

static bool any(const robust_options *o) {
    return o->eps > 0 || o->steps > 0 || o->step_size > 0 || o->warmup >= 0 || o->replays > 0 ||
           o->beta > 0 || o->sigma > 0 || o->kappa > 0;
}

status training_robust_check(const training_settings *t, err *e) {
    const robust_method *m = training_robust(t);
    robust_options o = given(t);
    if (m) return robust_check(m, &o, e);
    if (!any(&o)) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "--robust-eps and the like need --robust: which method?");
}

void training_robust_complete(training_settings *t, shape image) {
    const robust_method *m = training_robust(t);
    if (!m) return;
    robust_options o = robust_fill(m, given(t), image);
    t->robust_eps = o.eps;
    t->robust_steps = o.steps;
    t->robust_step_size = o.step_size;
    t->robust_warmup = o.warmup;
    t->robust_replays = o.replays;
    t->robust_beta = o.beta;
    t->robust_sigma = o.sigma;
    t->robust_kappa = o.kappa;
}

void training_robust_plan(const training_settings *full, training *out) {
    out->robust = training_robust(full);
    out->robust_options = given(full);
}

status training_objective(const training *t, const run *r, objective *out, err *e) {
    int most = t->options.batch;
    if (!t->robust) return objective_plain(t->net, &t->weights, most, r, out, e);
    return objective_robust(t->robust, &t->robust_options, t->net, &t->weights, most, r, out, e);
}
