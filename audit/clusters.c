#include "audit/clusters.h"

#include <math.h>

#include "core/arena.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "core/stats.h"

/* Rows and outcomes per (cluster, group), and the replicates they give. */
typedef struct cells {
    int n_clusters, n_groups, resamples;
    uint64_t seed;
    int64_t *rows, *hits;         /* n_clusters x n_groups */
    int64_t *all_rows, *all_hits; /* n_clusters */
    double *share, *gap;          /* n_groups x resamples */
    arena memory;
} cells;

static status cells_new(const partition *groups, const partition *clusters, const uint8_t *outcome,
                        int resamples, cells *out, err *e) {
    *out = (cells){.n_clusters = clusters->n_groups, .n_groups = groups->n_groups, .resamples = resamples};
    size_t size, replicates;
    bool fits = size_multiply((size_t)out->n_clusters, (size_t)out->n_groups, &size) &&
                size_multiply((size_t)out->n_groups, (size_t)resamples, &replicates);
    if (fits) {
        out->rows = arena_array(&out->memory, size, sizeof *out->rows);
        out->hits = arena_array(&out->memory, size, sizeof *out->hits);
        out->all_rows = arena_array(&out->memory, (size_t)out->n_clusters, sizeof *out->all_rows);
        out->all_hits = arena_array(&out->memory, (size_t)out->n_clusters, sizeof *out->all_hits);
        out->share = arena_array(&out->memory, replicates, sizeof *out->share);
        out->gap = arena_array(&out->memory, replicates, sizeof *out->gap);
    }
    if (!fits || !out->rows || !out->hits || !out->all_rows || !out->all_hits || !out->share || !out->gap) {
        arena_free(&out->memory);
        return err_set(e, STATUS_NO_MEMORY, "out of memory for %d clusters x %d groups", out->n_clusters,
                       out->n_groups);
    }
    for (int row = 0; row < groups->n_rows; row++) {
        size_t cell = (size_t)clusters->codes[row] * (size_t)out->n_groups + (size_t)groups->codes[row];
        out->rows[cell]++;
        out->hits[cell] += outcome[row];
        out->all_rows[clusters->codes[row]]++;
        out->all_hits[clusters->codes[row]] += outcome[row];
    }
    return STATUS_OK;
}

/* One draw of n_clusters clusters with replacement: every group's mean and its gap to the complement (NAN
 * where empty). Each group draws the same clusters again from the same stream, which needs no memory for
 * them. */
static status resample(void *context, int chunk, int worker) {
    (void)worker;
    cells *c = context;
    for (int group = 0; group < c->n_groups; group++) {
        rng r = rng_stream(c->seed, "cluster-bootstrap", 0, (uint32_t)chunk, 0, 0);
        int64_t n = 0, k = 0, others = 0, others_k = 0;
        for (int draw = 0; draw < c->n_clusters; draw++) {
            size_t drawn = rng_below(&r, (uint32_t)c->n_clusters);
            size_t cell = drawn * (size_t)c->n_groups + (size_t)group;
            n += c->rows[cell];
            k += c->hits[cell];
            others += c->all_rows[drawn] - c->rows[cell];
            others_k += c->all_hits[drawn] - c->hits[cell];
        }
        size_t at = (size_t)group * (size_t)c->resamples + (size_t)chunk;
        c->share[at] = n ? (double)k / (double)n : NAN;
        c->gap[at] = n && others ? c->share[at] - (double)others_k / (double)others : NAN;
    }
    return STATUS_OK;
}

/* Percentile interval of the replicates that are numbers. */
static interval percentile(double *replicates, int n, double level) {
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (!isnan(replicates[i])) replicates[kept++] = replicates[i];
    if (kept == 0) return (interval){NAN, NAN};
    sort_doubles(replicates, kept);
    return (interval){sorted_quantile(replicates, kept, (1 - level) / 2),
                      sorted_quantile(replicates, kept, (1 + level) / 2)};
}

/* Intraclass correlation by one-way analysis of variance for clusters of unequal size (Donner 1986, eq. for
 * n0). */
static void correlation(const cells *c, int group, cluster_interval *out) {
    double n = 0, squares = 0, k = 0, within = 0, between = 0;
    out->clusters = 0;
    for (int i = 0; i < c->n_clusters; i++) {
        double size = (double)c->rows[(size_t)i * (size_t)c->n_groups + (size_t)group];
        out->clusters += size > 0;
        n += size;
        squares += size * size;
        k += (double)c->hits[(size_t)i * (size_t)c->n_groups + (size_t)group];
    }
    out->kish = n > 0 ? squares / n : NAN;
    out->rho = out->design_effect = NAN;
    if (out->clusters < 2 || n <= out->clusters) return;
    for (int i = 0; i < c->n_clusters; i++) {
        double size = (double)c->rows[(size_t)i * (size_t)c->n_groups + (size_t)group];
        double hits = (double)c->hits[(size_t)i * (size_t)c->n_groups + (size_t)group];
        if (size <= 0) continue;
        double p = hits / size;
        within += hits * (1 - p);
        between += size * (p - k / n) * (p - k / n);
    }
    double ms_between = between / (out->clusters - 1), ms_within = within / (n - out->clusters);
    double n0 = (n - squares / n) / (out->clusters - 1);
    double spread = ms_between + (n0 - 1) * ms_within;
    out->rho = spread > 0 ? fmax(0, (ms_between - ms_within) / spread) : 0;
    out->design_effect = 1 + (out->kish - 1) * out->rho;
}

static int clusters_outside(const cells *c, int group) {
    int count = 0;
    for (int i = 0; i < c->n_clusters; i++)
        count += c->all_rows[i] > c->rows[(size_t)i * (size_t)c->n_groups + (size_t)group];
    return count;
}

status cluster_bootstrap(const partition *groups, const partition *clusters, const uint8_t *outcome,
                         int resamples, double level, const run *r, cluster_interval *out, err *e) {
    cells c;
    status s = cells_new(groups, clusters, outcome, resamples, &c, e);
    if (s != STATUS_OK) return s;
    c.seed = r->seed;
    s = parallel_for(r, resamples, resample, &c);
    for (int group = 0; s == STATUS_OK && group < c.n_groups; group++) {
        const interval none = {NAN, NAN};
        cluster_interval *o = &out[group];
        size_t first = (size_t)group * (size_t)resamples;
        correlation(&c, group, o);
        o->share = o->clusters > 1 ? percentile(c.share + first, resamples, level) : none;
        o->gap = o->clusters > 1 && clusters_outside(&c, group) > 1
                     ? percentile(c.gap + first, resamples, level)
                     : none;
    }
    arena_free(&c.memory);
    return s;
}
