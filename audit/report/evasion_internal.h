/* The attacked rows of a result, for the chart and the table of the section. */
#ifndef AUDIT_REPORT_EVASION_INTERNAL_H
#define AUDIT_REPORT_EVASION_INTERNAL_H

#include "audit/report/html_internal.h"

enum { ATTACKS_MOST = 32, EPS_MOST = 12 };

typedef struct attacked {
    const json *body, *clean;
    bool targeted;
    const char *metric;
    int n_names;
    const char *names[ATTACKS_MOST]; /* the strongest first; what stands for several attacks together at the end */
    int n_eps;
    double eps[EPS_MOST]; /* ascending */
    const json *any;      /* one of the rows, NULL when there is none */
} attacked;

attacked attacked_of(const json *body);

/* The row of an attack at an eps, or NULL. */
const json *attacked_row(const attacked *a, const char *name, double eps);

/* Lines over eps, of the strongest attacks where there are many. */
void attacked_chart_put(html *h, const attacked *a);

/* Attacks down, eps across. */
void attacked_table_put(html *h, const attacked *a);

#endif
