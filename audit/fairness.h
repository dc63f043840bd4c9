/* Per-group errors with intervals, from outcomes and groups alone: works on a table of predictions without
 * images or model. */
#ifndef AUDIT_FAIRNESS_H
#define AUDIT_FAIRNESS_H

#include "audit/result.h"

/* What is judged: for each of n rows its label, its predicted class (-1 = none: tied or not finite), and
 * which condition this is. */
typedef struct fairness_outcomes {
    int n, classes;
    const int32_t *labels, *predictions;
    const char *const *class_names; /* `classes` texts, or NULL */
    const char *attack, *norm;      /* NULL = clean */
    double eps;                     /* NAN = clean */
    const uint8_t *clean_correct;   /* under attack: 1 = was correct clean, for the attack's success among
                                       those; NULL when clean */
} fairness_outcomes;

typedef struct fairness_options {
    const char *const *columns; /* group columns of the table */
    int n_columns;
    bool intersections;  /* also all pairs of columns, groups named "a=x&b=y" */
    const char *cluster; /* column of the unit that is sampled (writer, patient), or NULL */
    int bootstrap;       /* resamples of the cluster bootstrap; default 2000 */
    int minimum;         /* smallest denominator that is judged; default 30: below it null with a reason */
    double level;        /* .95 */
} fairness_options;

fairness_options fairness_options_default(void);

/* Adds rows to x, for "all" and every group of every column, `(missing)` included:
 *
 *   error           wrong / n, Wilson
 *   error_gap       error of the group minus that of its complement, Newcombe
 *   recall:CLASS, precision:CLASS, false_positive_rate:CLASS, macro_recall, worst_recall:CLASS
 *   attack_success  broken among those that were correct clean (under attack only)
 *
 * and with a cluster column second rows of error and error_gap with method "cluster-bootstrap" (percentile interval
 * over resampled clusters), and clusters, kish_mean_size, design_effect. An empty denominator is null with a reason,
 * never 0. */
MUST_CHECK status fairness_measure(result *x, const table *groups, const fairness_outcomes *o,
                                   const fairness_options *options, const run *r, err *e);

#endif
