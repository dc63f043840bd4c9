/* Which class broken images are pushed to. */
#include <stdlib.h>

#include "audit/evasion_details.h"
#include "nets/loss.h"

typedef struct pair {
    int from, to; /* classes; to < 0: none */
    int64_t n;
} pair;

static int compare_pairs(const void *a, const void *b) {
    const pair *x = a, *y = b;
    if (x->from != y->from) return (x->from > y->from) - (x->from < y->from);
    return (x->to > y->to) - (x->to < y->to);
}

/* The pairs at eps index i, ascending, malloc'ed; *n is how many, *broken how many images they are of. NULL without memory. */
static pair *pairs_at(const dataset *d, const attack_result *best, int i, int *n, int64_t *broken) {
    pair *pairs = malloc(((size_t)d->n + 1) * sizeof *pairs);
    int count = 0;
    *n = 0;
    *broken = 0;
    if (!pairs) return NULL;
    for (int row = 0; row < d->n; row++)
        if (best->clean_correct[row] && best->broken_at[row] <= i)
            pairs[count++] = (pair){
                .from = d->labels[row],
                .to = logits_class(best->example_logits + (size_t)row * (size_t)best->classes, best->classes),
                .n = 1};
    *broken = count;
    qsort(pairs, (size_t)count, sizeof *pairs, compare_pairs);
    for (int k = 0; k < count; k++)
        if (*n > 0 && compare_pairs(&pairs[*n - 1], &pairs[k]) == 0)
            pairs[*n - 1].n++;
        else
            pairs[(*n)++] = pairs[k];
    return pairs;
}

static json *pair_json(const pair *one) {
    json *j = json_new_array();
    const int64_t parts[] = {one->from, one->to, one->n};
    bool ok = true;
    for (int i = 0; i < 3; i++)
        ok = json_append(j, json_new_int(parts[i])) && ok;
    if (ok) return j;
    json_free(j);
    return NULL;
}

static json *eps_json(const dataset *d, const evasion_plan *p, const attack_result *best, int i) {
    json *j = json_new_object(), *list = json_new_array();
    int n;
    int64_t broken;
    pair *pairs = pairs_at(d, best, i, &n, &broken);
    bool ok = pairs && json_set_real(j, "eps", p->eps[i]) && json_set_int(j, "n", broken);
    for (int k = 0; ok && k < n; k++)
        ok = json_append(list, pair_json(&pairs[k]));
    ok = json_set(j, "pairs", list) && ok;
    free(pairs);
    if (ok) return j;
    json_free(j);
    return NULL;
}

void evasion_record_pushed(result *x, const dataset *d, const evasion_plan *p, const evasion *v) {
    char name[EVASION_NAME];
    if (p->targets) return;
    json *j = json_new_object(), *list = json_new_array();
    bool ok = json_set_string(j, "attack", evasion_name(p, evasion_overall(v), name));
    for (int i = 0; i < p->n_eps; i++)
        ok = json_append(list, eps_json(d, p, &v->best, i)) && ok;
    ok = json_set(j, "eps", list) && ok;
    if (!ok) {
        json_free(j);
        j = NULL; /* the failure is kept */
    }
    result_extra(x, "pushed", j);
}

void evasion_print_pushed(const context *c, const dataset *d, const evasion_plan *p, const evasion *v) {
    int n;
    int64_t broken, of_class = 0;
    if (p->targets) return;
    pair *pairs = pairs_at(d, &v->best, p->n_eps - 1, &n, &broken);
    const pair *most = pairs;
    for (int k = 0; pairs && k < n; k++)
        if (pairs[k].n > most->n) most = &pairs[k];
    for (int k = 0; pairs && k < n; k++)
        if (pairs[k].from == most->from) of_class += pairs[k].n;
    if (pairs && n > 0)
        say(c, "\nmost often: %s -> %s (%lld of the %lld that broke)\n", d->class_names[most->from],
            most->to < 0 ? "no class" : d->class_names[most->to], (long long)most->n, (long long)of_class);
    free(pairs);
}
