/* Accuracy under attack per class. */
#include <math.h>
#include <stdio.h>

#include "audit/evasion_details.h"
#include "audit/show.h"

typedef struct class_count {
    int64_t n, clean, survivors;
} class_count;

/* One class at eps index i. */
static class_count count(const dataset *d, const attack_result *best, int class, int i) {
    class_count c = {0};
    for (int row = 0; row < d->n; row++) {
        if (d->labels[row] != class) continue;
        c.n++;
        c.clean += best->clean_correct[row];
        c.survivors += best->clean_correct[row] && best->broken_at[row] > i;
    }
    return c;
}

void evasion_record_classes(result *x, const dataset *d, const evasion_plan *p, const evasion *v) {
    char name[EVASION_NAME], group[160];
    for (int class = 0; class < d->classes; class ++) {
        snprintf(group, sizeof group, "class=%s", d->class_names[class]);
        class_count c = count(d, &v->best, class, 0);
        result_share(x, (row_key){.metric = "accuracy", .group = group, .eps = NAN}, c.clean, c.n);
        for (int i = 0; i < p->n_eps; i++) {
            c = count(d, &v->best, class, i);
            row_key key = {.metric = p->targets ? "target_success" : "accuracy",
                           .attack = evasion_name(p, evasion_overall(v), name),
                           .norm = norm_name(p->norm),
                           .group = group,
                           .eps = p->eps[i]};
            if (p->targets)
                result_share(x, key, c.clean - c.survivors, c.clean);
            else
                result_share(x, key, c.survivors, c.n);
        }
    }
}

static double share_of(const evasion_plan *p, class_count c) {
    int64_t k = p->targets ? c.clean - c.survivors : c.survivors, n = p->targets ? c.clean : c.n;
    return n > 0 ? (double)k / (double)n : NAN;
}

/* The class with the lowest share (sign 1) or the highest (-1) at eps index i; -1 = none. */
static int extreme(const dataset *d, const evasion_plan *p, const evasion *v, int i, int sign) {
    int found = -1;
    double least = INFINITY;
    for (int class = 0; class < d->classes; class ++) {
        double share = sign * share_of(p, count(d, &v->best, class, i));
        if (!(share < least)) continue;
        found = class;
        least = share;
    }
    return found;
}

static void class_row(text_table *t, const dataset *d, const evasion_plan *p, const evasion *v, int class,
                      int i, const char *what) {
    class_count c = count(d, &v->best, class, i);
    text_table_cell(t, "%s", what);
    text_table_cell(t, "%s", d->class_names[class]);
    text_table_cell(t, "%.4g", p->eps[i]);
    if (p->targets)
        cell_share(t, c.clean - c.survivors, c.clean);
    else
        cell_share(t, c.survivors, c.n);
}

/* The largest eps at which classes differ: behind it all are broken. */
void evasion_print_classes(const context *c, const dataset *d, const evasion_plan *p, const evasion *v) {
    int i = p->n_eps, lowest = -1, highest = -1;
    while (lowest == highest && i-- > 0) {
        lowest = extreme(d, p, v, i, 1);
        highest = extreme(d, p, v, i, -1);
    }
    if (i < 0) return;
    text_table t = text_table_new(p->targets ? "per class|class|>eps|>n|>to target|95 % interval"
                                             : "per class|class|>eps|>n|>accuracy|95 % interval");
    class_row(&t, d, p, v, lowest, i, "lowest");
    class_row(&t, d, p, v, highest, i, "highest");
    say(c, "\n");
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}
