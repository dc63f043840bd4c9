/* Rank correlation, for the test with random weights. */
#include <math.h>
#include <stdlib.h>

#include "audit/explain/explain.h"

typedef struct ranked {
    float value;
    int index;
} ranked;

static int compare(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    return x->value != y->value ? (x->value > y->value) - (x->value < y->value) : x->index - y->index;
}

/* Ranks from 0, those of equal values being their mean. */
static bool ranks_of(const float *values, int n, double *ranks) {
    ranked *order = malloc((size_t)n * sizeof *order);
    if (!order) return false;
    for (int i = 0; i < n; i++)
        order[i] = (ranked){values[i], i};
    qsort(order, (size_t)n, sizeof *order, compare);
    for (int i = 0; i < n;) {
        int end = i;
        while (end < n && order[end].value == order[i].value)
            end++;
        for (int k = i; k < end; k++)
            ranks[order[k].index] = (i + end - 1) / 2.0;
        i = end;
    }
    free(order);
    return true;
}

static double correlation(const double *a, const double *b, int n) {
    double middle = (n - 1) / 2.0, ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < n; i++) {
        ab += (a[i] - middle) * (b[i] - middle);
        aa += (a[i] - middle) * (a[i] - middle);
        bb += (b[i] - middle) * (b[i] - middle);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}

double rank_correlation(const float *a, const float *b, int n) {
    for (int i = 0; i < n; i++)
        if (!isfinite(a[i]) || !isfinite(b[i])) return NAN;
    double *ranks = malloc(2 * (size_t)n * sizeof *ranks), out = NAN;
    if (ranks && ranks_of(a, n, ranks) && ranks_of(b, n, ranks + n)) out = correlation(ranks, ranks + n, n);
    free(ranks);
    return out;
}
