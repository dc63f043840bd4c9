/* Attacks on random models: what became of candidates, and gradients of one draw. */
#include <stdio.h>

#include "audit/evasion.h"

static json *counts_json(const attack_result *a) {
    json *j = json_new_object();
    if (json_set_int(j, "refused", a->refused) && json_set_int(j, "overturned", a->overturned)) return j;
    json_free(j);
    return NULL;
}

/* A gradient of one draw points where the next draw may not care. */
static void warn_of_one_draw(result *x, const evasion_plan *p, const evasion *v) {
    bool any = false;
    for (int i = 0; i < v->n_done; i++)
        any |= p->methods[i]->needs_gradient;
    if (any && p->eot <= 1)
        result_warning(x, "NO_EOT",
                       "the defence is random and each gradient is that of one draw: robustness is probably "
                       "overstated",
                       NULL, 0, "audit attack MODEL --defence LIST --eot 10");
}

void evasion_record_random(result *x, const evasion_plan *p, const evasion *v) {
    if (!p->random) return;
    char name[EVASION_NAME];
    json *all = json_new_object();
    for (int i = 0; i < v->n_done; i++)
        json_set(all, evasion_name(p, i, name), counts_json(&v->results[i]));
    result_extra(x, "verdicts_of_draws", all);
    warn_of_one_draw(x, p, v);
}

void evasion_print_random(const context *c, const evasion_plan *p, const evasion *v) {
    if (!p->random) return;
    say(c,
        "\nThe defence is random. An attack sees the mean over %d draw%s. What it finds must break the mean "
        "of other draws,\n"
        "and is then judged once, by the mean of fresh ones. So often",
        p->eot > 1 ? p->eot : 1, p->eot > 1 ? "s" : "");
    for (int i = 0; i < v->n_done; i++)
        say(c, "%s %s was refused %lld times and overturned %lld times", i ? "," : "", p->methods[i]->name,
            (long long)v->results[i].refused, (long long)v->results[i].overturned);
    say(c, ".\n");
}
