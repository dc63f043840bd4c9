#include "attacks/poison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/poison/poison_internal.h"
#include "core/rng.h"

static const struct {
    const char *name;
    const poison_method *method;
} kinds[] = {
    [POISON_FLIP] = {"flip", &poison_flip},
    [POISON_PAIRFLIP] = {"pairflip", &poison_pairflip},
    [POISON_GROUPFLIP] = {"groupflip", &poison_groupflip},
    [POISON_BADNETS] = {"badnets", &poison_badnets},
};

const char *poison_name(poison_kind k) {
    return kinds[k].name;
}

const poison_method *poison_method_of(poison_kind k) {
    return kinds[k].method;
}

status poison_parse(const char *name, poison_kind *out, err *e) {
    *out = POISON_FLIP;
#define POISON_MATCH(code, text, what)                                                                       \
    if (strcmp(name, text) == 0) {                                                                           \
        *out = code;                                                                                         \
        return STATUS_OK;                                                                                    \
    }
    POISON_LIST(POISON_MATCH)
#undef POISON_MATCH
#define POISON_TEXT(code, text, what) " " text
    return err_set(e, STATUS_USAGE, "unknown poison '%s', expected one of:" POISON_LIST(POISON_TEXT), name);
#undef POISON_TEXT
}

status poison_check_class(const dataset *d, const poison *p, const char *name, int class, bool optional,
                          err *e) {
    if (class >= 0 && class < d->classes) return STATUS_OK;
    if (class == -1 && optional) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "%s: %s class %d, expected 0..%d", poison_name(p->kind), name, class,
                   d->classes - 1);
}

status poison_check(const dataset *d, const poison *p, err *e) {
    if (d->classes < 2)
        return err_set(e, STATUS_USAGE, "%s: the data has one class, expected two or more",
                       poison_name(p->kind));
    return poison_method_of(p->kind)->check(d, p, e);
}

int32_t poison_other_class(const dataset *d, uint64_t seed, int row) {
    rng g = rng_stream(seed, "poison-label", 0, (uint32_t)d->ids[row], 0, 0);
    int32_t other = (int32_t)rng_below(&g, (uint32_t)d->classes - 1);
    return other + (other >= d->labels[row]);
}

status poison_write(const dataset *d, const poison *p, const uint8_t *rows, const int32_t *labels,
                    dataset *out, err *e) {
    *out = (dataset){0};
    if (!poison_method_of(p->kind)->stamps) return dataset_relabel(d, labels, NULL, out, e);
    size_t size = shape_size(d->image), total;
    uint8_t *pixels = size_multiply((size_t)d->n, size, &total) ? malloc(total ? total : 1) : NULL;
    if (!pixels)
        return err_set(e, STATUS_NO_MEMORY, "%s: no memory for %d images", poison_name(p->kind), d->n);
    memcpy(pixels, d->pixels, total);
    for (int row = 0; row < d->n; row++)
        if (rows[row]) poison_stamp(d->image, poison_patch(p), pixels + (size_t)row * size);
    status s = dataset_relabel(d, labels, pixels, out, e);
    free(pixels);
    return s;
}

/* A row that could be poisoned, and when its turn comes. */
typedef struct turn {
    uint64_t when;
    int32_t id, row;
} turn;

static int compare(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int by_turn(const void *a, const void *b) {
    const turn *x = a, *y = b;
    if (x->when != y->when) return x->when < y->when ? -1 : 1;
    return compare(x->row, y->row);
}

static int by_id(const void *a, const void *b) {
    const turn *x = a, *y = b;
    return x->id != y->id ? compare(x->id, y->id) : compare(x->row, y->row);
}

static int collect(const dataset *d, const poison *p, uint64_t seed, turn *turns) {
    int n = 0;
    for (int row = 0; row < d->n; row++) {
        if (!poison_method_of(p->kind)->candidate(d, p, row)) continue;
        rng g = rng_stream(seed, "poison-turn", 0, (uint32_t)d->ids[row], 0, 0);
        uint64_t high = rng_u32(&g);
        turns[n++] = (turn){high << 32 | rng_u32(&g), d->ids[row], row};
    }
    return n;
}

static status manifest_alloc(poison_manifest *m, err *e) {
    size_t n = (size_t)m->n + 1; /* never 0 bytes */
    m->ids = malloc(n * sizeof *m->ids);
    m->old_labels = malloc(n * sizeof *m->old_labels);
    m->new_labels = malloc(n * sizeof *m->new_labels);
    if (m->ids && m->old_labels && m->new_labels) return STATUS_OK;
    return err_set(e, STATUS_NO_MEMORY, "poison: out of memory");
}

void poison_manifest_free(poison_manifest *m) {
    free(m->ids);
    free(m->old_labels);
    free(m->new_labels);
    *m = (poison_manifest){0};
}

/* Working memory of one poisoning. */
typedef struct work {
    turn *turns;     /* n */
    uint8_t *rows;   /* n: 1 = poisoned */
    int32_t *labels; /* n: new ones */
} work;

static status work_alloc(work *w, const dataset *d, err *e) {
    size_t n = (size_t)d->n + 1;
    *w = (work){malloc(n * sizeof *w->turns), calloc(n, 1), malloc(n * sizeof *w->labels)};
    if (!w->turns || !w->rows || !w->labels) return err_set(e, STATUS_NO_MEMORY, "poison: out of memory");
    if (d->n > 0) memcpy(w->labels, d->labels, (size_t)d->n * sizeof *w->labels);
    return STATUS_OK;
}

static void work_free(work *w) {
    free(w->turns);
    free(w->rows);
    free(w->labels);
}

static status choose(const dataset *d, const poison *p, double dose, uint64_t seed, work *w,
                     poison_manifest *m, err *e) {
    m->candidates = collect(d, p, seed, w->turns);
    bool of_all = poison_method_of(p->kind)->share_of_all;
    m->n = (int)floor(dose * (of_all ? d->n : m->candidates) + 0.5);
    if (m->n > m->candidates)
        return err_set(e, STATUS_USAGE, "%s: a dose of %g of %d images needs %d candidates, but there are %d",
                       poison_name(p->kind), dose, d->n, m->n, m->candidates);
    qsort(w->turns, (size_t)m->candidates, sizeof *w->turns, by_turn);
    qsort(w->turns, (size_t)m->n, sizeof *w->turns, by_id);
    return manifest_alloc(m, e);
}

static void mark(const dataset *d, const poison *p, uint64_t seed, work *w, poison_manifest *m) {
    for (int i = 0; i < m->n; i++) {
        int row = w->turns[i].row;
        m->ids[i] = d->ids[row];
        m->old_labels[i] = d->labels[row];
        m->new_labels[i] = poison_method_of(p->kind)->new_label(d, p, seed, row);
        w->labels[row] = m->new_labels[i];
        w->rows[row] = 1;
    }
}

status poison_apply(const dataset *d, const poison *p, double dose, uint64_t seed, dataset *out,
                    poison_manifest *manifest, err *e) {
    *out = (dataset){0};
    *manifest = (poison_manifest){0};
    if (!(dose >= 0 && dose <= 1))
        return err_set(e, STATUS_USAGE, "%s: dose %g, expected 0..1", poison_name(p->kind), dose);
    status s = poison_check(d, p, e);
    if (s != STATUS_OK) return s;
    work w = {0};
    s = work_alloc(&w, d, e);
    if (s == STATUS_OK) s = choose(d, p, dose, seed, &w, manifest, e);
    if (s == STATUS_OK) {
        mark(d, p, seed, &w, manifest);
        s = poison_write(d, p, w.rows, w.labels, out, e);
    }
    work_free(&w);
    if (s != STATUS_OK) poison_manifest_free(manifest);
    return s;
}

status poison_trigger(const dataset *d, const poison *p, dataset *out, err *e) {
    *out = (dataset){0};
    if (!poison_method_of(p->kind)->stamps)
        return err_set(e, STATUS_USAGE, "%s: has no trigger", poison_name(p->kind));
    status s = poison_check(d, p, e);
    if (s != STATUS_OK) return s;
    uint8_t *all = malloc((size_t)d->n + 1);
    if (!all) return err_set(e, STATUS_NO_MEMORY, "poison: out of memory");
    memset(all, 1, (size_t)d->n + 1);
    s = poison_write(d, p, all, d->labels, out, e);
    free(all);
    return s;
}
