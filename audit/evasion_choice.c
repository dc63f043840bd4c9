/* The methods and norms as choices of options. */
#include <string.h>

#include "audit/evasion.h"

bool evasion_choice_is_cascade(int i) {
    return i > 0 && attack_at(i - 1) && !attack_at(i);
}

const char *evasion_method_choice(int i, const char **what) {
    const attack *method = attack_at(i);
    bool cascade = evasion_choice_is_cascade(i);
    if (what) {
        *what = method ? method->title : NULL;
        if (cascade)
            *what =
                "the standard cascade of AutoAttack: apgd-ce, apgd-t, fab-t, square, each on what is left";
    }
    return method ? method->name : cascade ? "auto" : NULL;
}

const char *evasion_norm_choice(int i, const char **what) {
    static const char *const names[] = {
#define NAME(code, name) name,
        NORM_LIST(NAME)
#undef NAME
    };
    if (what) *what = NULL;
    return i >= 0 && i < (int)(sizeof names / sizeof *names) ? names[i] : NULL;
}

status evasion_cascade(evasion_plan *p, err *e) {
    static const char *const standard[] = {"apgd-ce", "apgd-t", "fab-t", "square", NULL};
    static const char *const for_random[] = {"apgd-ce", "apgd-dlr", NULL};
    const char *const *stages = p->random ? for_random : standard;
    const attack_options *o = &p->options;
    if (o->steps || o->step_size > 0 || o->restarts)
        return err_set(
            e, STATUS_USAGE,
            "--attack auto has its own steps and restarts: leave --steps, --step-size, --restarts out");
    if (p->targets || p->no_drop)
        return err_set(e, STATUS_USAGE, "--attack auto is untargeted and drops what is broken: leave %s out",
                       p->targets ? "--targeted" : "--no-drop");
    p->cascade = true;
    p->n_methods = 0;
    for (int i = 0; stages[i]; i++) {
        const attack *stage = attack_find(stages[i]);
        if (!(stage->norms & 1u << p->norm))
            return err_set(e, STATUS_USAGE, "--attack auto: norm %s, expected linf, l2 or l1",
                           norm_name(p->norm));
        p->methods[p->n_methods++] = stage;
    }
    return STATUS_OK;
}
