/* Where a run of attacks is looked at. */
#include <stdlib.h>
#include <string.h>

#include "audit/evasion.h"

static int most_telling(const evasion_plan *p, const evasion *v, uint8_t *correct) {
    int64_t clean = evasion_clean(v), least = INT64_MAX;
    int best = -1;
    for (int i = 0; i < p->n_eps; i++) {
        int64_t from_half = llabs(2 * evasion_correct(v, EVASION_UNION, i, correct) - clean);
        if (p->eps[i] > 0 && from_half <= least) {
            least = from_half;
            best = i;
        }
    }
    return best;
}

/* The options of the many-step attack of the run, whose convergence is in question; the cascade takes a hundred steps. */
static attack_options options_of(const evasion_plan *p) {
    if (p->cascade) return (attack_options){.steps = 100};
    attack_options o = p->options;
    bool walks = false;
    for (int i = 0; i < p->n_methods; i++)
        walks |= strcmp(p->methods[i]->name, "pgd") == 0 || strcmp(p->methods[i]->name, "bim") == 0;
    return walks ? o : (attack_options){0};
}

status evasion_diagnose(model *m, const dataset *d, const evasion_plan *p, const evasion *v, const run *r,
                        diagnosis *out, err *e) {
    *out = (diagnosis){0};
    if (!model_has_gradient(m) || p->random || r->budget > 0 || v->n_done == 0) return STATUS_OK;
    uint8_t *correct = malloc((size_t)d->n + 1);
    if (!correct) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    int i = most_telling(p, v, correct);
    free(correct);
    if (i < 0) return STATUS_OK;
    double smaller = i > 0 && p->eps[i - 1] > 0 ? p->eps[i - 1] : p->eps[i] / 2;
    diagnosis_plan plan = {.norm = p->norm,
                           .eps = p->eps[i],
                           .smaller = smaller,
                           .stand_in = p->stand_in,
                           .options = options_of(p)};
    return diagnose(m, d, &plan, r, out, e);
}
