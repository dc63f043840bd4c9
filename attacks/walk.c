#include "attacks/walk.h"

#include <math.h>
#include <string.h>

#include "attacks/runner.h"

const attack *walk_method_at(int i) {
    static const char *const names[] = {"mifgsm", "pgd", "bim", "fgsm", "rfgsm"};
    return i >= 0 && i < (int)(sizeof names / sizeof *names) ? attack_find(names[i]) : NULL;
}

static bool walks_to_end(const attack *method) {
    for (int i = 0; walk_method_at(i); i++)
        if (walk_method_at(i) == method) return true;
    return false;
}

static status check(const walk_plan *p, err *e) {
    if (!walks_to_end(p->method))
        return err_set(e, STATUS_USAGE,
                       "%s: its last iterate is not its best, expected fgsm, rfgsm, bim, mifgsm or pgd",
                       p->method->name);
    if (!(p->eps > 0 && isfinite(p->eps)))
        return err_set(e, STATUS_USAGE, "eps %g, expected a finite number above 0", p->eps);
    return STATUS_OK;
}

/* The last iterate is the one that stays. */
static void keep(void *examples, int row, const attack_sample *s, const float *x, const attack_answer *a,
                 bool success) {
    (void)a, (void)success;
    memcpy((float *)examples + (size_t)row * s->d, x, s->d * sizeof *x);
}

status walk_all(model *m, const dataset *d, const walk_plan *p, const run *r, float *examples,
                walk_cost *cost, err *e) {
    attack_result found = {0};
    run own = *r;
    own.budget = 0;
    attack_plan plan = {.method = p->method,
                        .options = p->options,
                        .norm = p->norm,
                        .eps = &p->eps,
                        .n_eps = 1,
                        .no_drop = true,
                        .watch = keep,
                        .watcher = examples};
    plan.options.restarts = 1;
    status s = check(p, e);
    if (s == STATUS_OK) s = attack_run(m, d, &plan, &own, &found, e);
    if (s != STATUS_OK && s != STATUS_CANCELLED) return s;
    cost->forwards += found.forwards;
    cost->backwards += found.backwards;
    cost->outside += found.outside.count;
    attack_result_free(&found);
    return s;
}
