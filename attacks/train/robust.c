/* The list of methods, and what their options may be. */
#include "attacks/robust.h"

#include <stdio.h>
#include <string.h>

#include "attacks/train/robust_internal.h"

static const robust_method *const methods[] = {
#define ROBUST(name) &robust_##name,
#include "attacks/robust.def"
#undef ROBUST
};

enum { METHODS = sizeof methods / sizeof *methods };

const robust_method *robust_at(int i) {
    return i >= 0 && i < METHODS ? methods[i] : NULL;
}

const robust_method *robust_find(const char *name) {
    for (int i = 0; i < METHODS; i++)
        if (strcmp(methods[i]->name, name) == 0) return methods[i];
    return NULL;
}

/* One option: `given` says that it was, `has` that the method has it. */
typedef struct limit {
    const char *name;
    bool given, has;
    double value, most;
} limit;

static status check_limit(const robust_method *m, const limit *l, err *e) {
    if (!l->given) return STATUS_OK;
    if (!l->has) return err_set(e, STATUS_USAGE, "%s: --robust %s has no such thing", l->name, m->name);
    if (l->value >= 0 && l->value <= l->most) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "%s %g: expected 0 to %g", l->name, l->value, l->most);
}

status robust_check(const robust_method *m, const robust_options *o, err *e) {
    const robust_options *d = &m->defaults;
    const limit limits[] = {
        {"--robust-eps", o->eps != 0, d->eps > 0, o->eps, 1},
        {"--robust-steps", o->steps != 0, d->steps > 0, o->steps, 1000},
        {"--robust-step-size", o->step_size != 0, d->step_size > 0, o->step_size, 10},
        {"--robust-warmup", !(o->warmup < 0), d->warmup >= 0, o->warmup, 1},
        {"--robust-replays", o->replays != 0, d->replays > 0, o->replays, 100},
        {"--robust-beta", o->beta != 0, d->beta > 0, o->beta, 1000},
        {"--robust-sigma", o->sigma != 0, d->sigma > 0, o->sigma, 1000},
        {"--robust-kappa", o->kappa != 0, d->kappa > 0, o->kappa, 1},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        status s = check_limit(m, &limits[i], e);
        if (s != STATUS_OK) return s;
    }
    return STATUS_OK;
}

robust_options robust_fill(const robust_method *m, robust_options o, shape image) {
    const robust_options *d = &m->defaults;
    if (o.eps == 0 && d->eps > 0) o.eps = image.c == 1 ? 0.1 : 8.0 / 255;
    if (o.steps == 0) o.steps = d->steps;
    if (o.step_size == 0) o.step_size = d->step_size;
    if (o.warmup < 0) o.warmup = d->warmup;
    if (o.replays == 0) o.replays = d->replays;
    if (o.beta == 0) o.beta = d->beta;
    if (o.sigma == 0) o.sigma = d->sigma;
    if (o.kappa == 0) o.kappa = d->kappa;
    return o;
}

double robust_eps(const robust_options *o, const batch *b) {
    double rise = o->warmup * b->steps;
    return b->step + 1 < rise ? o->eps * (b->step + 1) / rise : o->eps;
}

void robust_describe(const robust_setup *s, char name[ROBUST_NAME]) {
    const robust_options *o = s->options;
    snprintf(name, ROBUST_NAME,
             "%s eps %.10g steps %d size %.10g warmup %.10g replays %d beta %.10g sigma %.10g "
             "kappa %.10g",
             s->method->name, o->eps, o->steps, o->step_size, o->warmup, o->replays, o->beta, o->sigma,
             o->kappa);
}

status objective_robust(const robust_method *m, const robust_options *o, const net *n, const weights *w,
                        int most, const run *r, objective *out, err *e) {
    run whole = *r;
    whole.cancel = NULL;
    *out = (objective){0};
    status s = robust_check(m, o, e);
    if (s != STATUS_OK) return s;
    robust_setup setup = {m, o, n, w, most, &whole};
    return m->make(&setup, out, e);
}
