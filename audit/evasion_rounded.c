/* What is said of adversarial images of 256 levels. */
#include "audit/evasion_details.h"
#include "audit/show.h"

void evasion_record_rounded(result *x, const evasion_plan *p, const evasion *v,
                            const attack_result *rounded) {
    char name[EVASION_NAME];
    int64_t clean = evasion_clean(v);
    for (int i = 0; i < p->n_eps; i++) {
        int64_t survivors = attack_survivors(rounded, i);
        row_key key = {.metric = p->targets ? "uint8_target_success" : "uint8_accuracy",
                       .attack = evasion_name(p, evasion_overall(v), name),
                       .norm = norm_name(p->norm),
                       .eps = p->eps[i]};
        if (p->targets)
            result_share(x, key, clean - survivors, clean);
        else
            result_share(x, key, survivors, rounded->n);
    }
}

void evasion_print_rounded(const context *c, const evasion_plan *p, const evasion *v,
                           const attack_result *rounded) {
    int64_t clean = evasion_clean(v);
    text_table t = text_table_new(p->targets ? "rounded to uint8|>eps|>n|>to target|95 % interval"
                                             : "rounded to uint8|>eps|>n|>accuracy|95 % interval");
    for (int i = 0; i < p->n_eps; i++) {
        int64_t survivors = attack_survivors(rounded, i);
        text_table_cell(&t, "%lld of %lld stay broken", (long long)(clean - survivors),
                        (long long)(clean - attack_survivors(&v->best, i)));
        text_table_cell(&t, "%.4g", p->eps[i]);
        if (p->targets)
            cell_share(&t, clean - survivors, clean);
        else
            cell_share(&t, survivors, rounded->n);
    }
    say(c, "\n");
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}
