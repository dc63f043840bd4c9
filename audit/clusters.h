/* Images of one writer, patient or person are not independent: intervals that resample the clusters, and how
 * much that matters. */
#ifndef AUDIT_CLUSTERS_H
#define AUDIT_CLUSTERS_H

#include "audit/partition.h"
#include "core/run.h"
#include "core/stats.h"

/* What is known of one group when its rows come in clusters. */
typedef struct cluster_interval {
    int clusters; /* with at least one row in the group */
    double kish;  /* mean cluster size weighted by size: sum n^2 / sum n */
    double rho; /* intraclass correlation of the outcome by analysis of variance, >= 0; NAN with fewer than 2
                   clusters */
    double design_effect; /* 1 + (kish - 1) rho */
    interval share;       /* of the group's mean outcome */
    interval gap;         /* of the group's mean minus its complement's */
} cluster_interval;

/* Percentile intervals over `resamples` draws of whole clusters with replacement (all clusters of the data,
 * so that a group's size varies as it would). `outcome` has 0 or 1 per row. out: one per group of `groups`;
 * an interval is {NAN, NAN} with fewer than 2 clusters in the group (or, for the gap, in the complement).
 * Streams: ("cluster-bootstrap", row = resample). */
MUST_CHECK status cluster_bootstrap(const partition *groups, const partition *clusters,
                                    const uint8_t *outcome, int resamples, double level, const run *r,
                                    cluster_interval *out, err *e);

#endif
