/* Evasion attacks on the terminal. */
#include <stdlib.h>

#include "audit/evasion.h"
#include "audit/rows.h"
#include "audit/show.h"
#include "audit/trust_text.h"

/* Rows of one method, or of the union or corpus. */
static void method_rows(text_table *t, const evasion_plan *p, const evasion *v, int method, int64_t clean,
                        uint8_t *correct, const json *body) {
    char name[EVASION_NAME];
    for (int i = 0; i < p->n_eps; i++) {
        int64_t survivors = evasion_correct(v, method, i, correct);
        if (method == EVASION_CORPUS)
            text_table_cell(t, "corpus");
        else if (p->cascade)
            text_table_cell(t, "%s%s",
                            method < 0                ? "auto"
                            : method > 0 || p->stored ? "+ "
                                                      : "",
                            method < 0 ? "" : p->methods[method]->name);
        else
            text_table_cell(t, "%s", method < 0 ? "all of them" : evasion_name(p, method, name));
        text_table_cell(t, "%s", norm_name(p->norm));
        text_table_cell(t, "%.4g", p->eps[i]);
        if (p->targets)
            cell_share(t, clean - survivors, clean);
        else
            cell_share(t, survivors, v->results[0].n);
        row_query q = {.metric = p->targets ? "target_success" : "accuracy",
                       .attack = evasion_name(p, method, name),
                       .group = "all",
                       .eps = p->eps[i]};
        text_table_cell(t, "%s", row_text(row_find(body, &q), "trust"));
    }
}

static void print_table(const context *c, const evasion_plan *p, const evasion *v, uint8_t *correct,
                        const json *body) {
    const attack_result *first = &v->results[0];
    int64_t clean = evasion_clean(v);
    text_table t = text_table_new(p->targets ? "attack|norm|>eps|>n|>to target|95 % interval|trust"
                                             : "attack|norm|>eps|>n|>accuracy|95 % interval|trust");
    if (!p->targets) {
        text_table_cell(&t, "none (clean)");
        text_table_cell(&t, "%s", "");
        text_table_cell(&t, "%s", "");
        cell_share(&t, clean, first->n);
        text_table_cell(&t, "%s", "");
    }
    if (p->stored) method_rows(&t, p, v, EVASION_CORPUS, clean, correct, body);
    for (int i = 0; i < v->n_done; i++)
        method_rows(&t, p, v, i, clean, correct, body);
    if (v->n_done > 1) method_rows(&t, p, v, EVASION_UNION, clean, correct, body);
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}

void evasion_print(const context *c, const dataset *d, const evasion_plan *p, const evasion *v,
                   const json *body) {
    uint8_t *correct = malloc((size_t)d->n + 1);
    if (correct) print_table(c, p, v, correct, body);
    free(correct);
    if (p->targets)
        say(c, "\nShare of the images that were classified correctly and that the attack moved to the target "
               "class.\n"
               "A better attack may move more: success is a LOWER bound of what is possible.\n");
    else
        say(c, "\nAccuracy under attack is an UPPER bound of robust accuracy: a better attack may break "
               "more.\n");
    evasion_print_random(c, p, v);
    say(c, "Intervals: 95 %% Wilson; they cover sampling only.\n");
    trust_say(c, body);
}
