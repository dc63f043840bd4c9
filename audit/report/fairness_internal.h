/* The rows of a result of fairness, sorted by group. */
#ifndef AUDIT_REPORT_FAIRNESS_INTERNAL_H
#define AUDIT_REPORT_FAIRNESS_INTERNAL_H

#include "audit/report/html_internal.h"

enum { CONDITIONS_MOST = 8, GROUPS_MOST = 160, CLASSES_MOST = 20, COLUMN_LENGTH = 100 };

enum { GROUP_ERROR, GROUP_GAP, GROUP_SUCCESS, GROUP_CLUSTERS, GROUP_KISH, GROUP_DESIGN, GROUP_METRICS };
enum { CLASS_RECALL, CLASS_PRECISION, CLASS_FALSE_POSITIVE, CLASS_METRICS };

typedef struct fairness_group {
    const char *name;           /* "all", "column=value", "a=x&b=y" */
    char column[COLUMN_LENGTH]; /* "column", or "a x b" */
    char label[COLUMN_LENGTH];  /* "value", or "x, y" */
    bool pair;                  /* of two columns */
    const json *rows[GROUP_METRICS];
    const json *clustered[GROUP_METRICS]; /* those with the interval of the cluster bootstrap */
    const json *per_class[CLASS_METRICS][CLASSES_MOST];
} fairness_group;

typedef struct fairness_groups {
    int n, n_classes;
    bool left_out, classes_left_out; /* more than there is room for */
    const char *classes[CLASSES_MOST];
    fairness_group list[GROUPS_MOST];
} fairness_groups;

/* Rows "error" of all images, one for each condition (attack, norm, eps) that was judged; returns their number. */
int fairness_conditions(const json *body, const json *out[CONDITIONS_MOST]);

/* Everything under a condition; lives as long as the page. NULL when memory is out. */
fairness_groups *fairness_groups_of(html *h, const json *body, const json *condition);

/* The groups of a column with the most errors first, those that cannot be judged last; returns their number. */
int fairness_of_column(fairness_groups *g, const char *column, fairness_group *out[GROUPS_MOST]);

/* The row of a metric whose interval is the one to believe: of the cluster bootstrap where there is one. */
const json *fairness_believed(const fairness_group *g, int metric);

#endif
