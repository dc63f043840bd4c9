#include "audit/holdout.h"

#include <stdlib.h>

#include "core/rng.h"

typedef struct rows {
    int32_t *of_class; /* of one class, shuffled */
    uint8_t *held;     /* n flags */
    int32_t *chosen;
} rows;

static void hold_class(const dataset *d, int class, double share, rows *r) {
    int32_t n = 0;
    for (int32_t i = 0; i < d->n; i++)
        if (d->labels[i] == class) r->of_class[n++] = i;
    int32_t take = (int32_t)(share * n + 0.5);
    if (n >= 2 && take < 1) take = 1;
    if (n >= 2 && take > n - 1) take = n - 1;
    rng stream = rng_stream(0, "validation", 0, (uint32_t) class, 0, 0);
    rng_shuffle(&stream, r->of_class, n);
    for (int32_t i = 0; i < take; i++)
        r->held[r->of_class[i]] = 1;
}

static status select_part(const dataset *d, rows *r, bool held, dataset *out, err *e) {
    int n = 0;
    for (int32_t i = 0; i < d->n; i++)
        if (r->held[i] == held) r->chosen[n++] = i;
    if (n == 0)
        return err_set(e, STATUS_USAGE, "%s: %d images are too few to hold some out for validation", d->name,
                       d->n);
    return dataset_select(d, r->chosen, n, out, e);
}

status holdout_split(const dataset *d, double share, dataset *kept, dataset *held, err *e) {
    *kept = *held = (dataset){0};
    size_t n = d->n > 0 ? (size_t)d->n : 1;
    rows r = {malloc(n * sizeof *r.of_class), calloc(n, 1), malloc(n * sizeof *r.chosen)};
    status s = r.of_class && r.held && r.chosen ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int k = 0; s == STATUS_OK && k < d->classes; k++)
        hold_class(d, k, share, &r);
    if (s == STATUS_OK) s = select_part(d, &r, false, kept, e);
    if (s == STATUS_OK) s = select_part(d, &r, true, held, e);
    if (s != STATUS_OK) dataset_free(kept);
    free(r.of_class);
    free(r.held);
    free(r.chosen);
    return s;
}
