/* The section on attacks: its attacked rows, for chart and table, and the parts below these. */
#ifndef AUDIT_REPORT_EVASION_INTERNAL_H
#define AUDIT_REPORT_EVASION_INTERNAL_H

#include "audit/options.h"
#include "audit/report/html_internal.h"

enum {
    ATTACKS_MOST = 48, /* EVASION_METHODS, the corpus and all together */
    EPS_MOST = LIST_MOST
};

typedef struct attack_rows {
    const char *name;
    const json *rows[EPS_MOST]; /* as attacked.eps; NULL where there is none */
    double strength;
} attack_rows;

typedef struct attacked {
    const json *body, *clean;
    bool targeted;
    const char *metric;
    int n;
    attack_rows list[ATTACKS_MOST]; /* the strongest first; what stands for several attacks together at the end */
    int n_eps;
    double eps[EPS_MOST]; /* ascending */
    const json *any;      /* one of the rows, NULL when there is none */
} attacked;

attacked attacked_of(const json *body);

/* Lines over eps, of the strongest attacks where there are many. */
void attacked_chart_put(html *h, const attacked *a);

/* Attacks down, eps across. */
void attacked_table_put(html *h, const attacked *a);

/* The parts below chart and table: evasion_rounded.c and so on. Each writes nothing where the result has nothing of its kind. */
void evasion_rounded_put(html *h, const json *body);
void evasion_classes_put(html *h, const json *body, bool targeted);
void evasion_pushed_put(html *h, const json *body);
void evasion_distances_put(html *h, const json *body);

#endif
