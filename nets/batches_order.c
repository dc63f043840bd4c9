/* The order of an epoch. */
#include <stdlib.h>
#include <string.h>

#include "nets/batches_internal.h"

status class_rows_new(const dataset *d, class_rows *out, err *e) {
    *out = (class_rows){0};
    out->rows = calloc((size_t)d->n, sizeof *out->rows);
    out->first = calloc((size_t)d->classes + 1, sizeof *out->first);
    out->here = calloc((size_t)d->classes, sizeof *out->here);
    if (!out->rows || !out->first || !out->here) {
        class_rows_free(out);
        return err_set(e, STATUS_NO_MEMORY, "no memory to sort %d rows by class", d->n);
    }
    for (int i = 0; i < d->n; i++)
        out->first[d->labels[i] + 1]++;
    for (int k = 0; k < d->classes; k++) {
        if (out->first[k + 1] > 0) out->here[out->present++] = k;
        out->first[k + 1] += out->first[k];
    }
    for (int i = d->n - 1; i >= 0; i--) /* each `first` moves from the end of its class to the beginning */
        out->rows[--out->first[d->labels[i] + 1]] = i;
    memmove(out->first, out->first + 1, (size_t)d->classes * sizeof *out->first);
    out->first[d->classes] = d->n;
    return STATUS_OK;
}

void class_rows_free(class_rows *c) {
    free(c->rows);
    free(c->first);
    free(c->here);
    *c = (class_rows){0};
}

int32_t class_rows_count(const class_rows *c, int class) {
    return c->first[class + 1] - c->first[class];
}

/* The classes that are there by turns, from a random one on. */
static void draw_balanced(batches *b, rng *random) {
    const class_rows *c = &b->by_class;
    int turn = (int)rng_below(random, (uint32_t)c->present);
    for (int i = 0; i < b->data->n; i++) {
        int class = c->here[(turn + i) % c->present];
        uint32_t count = (uint32_t)class_rows_count(c, class);
        b->order[i] = c->rows[c->first[class] + (int32_t)rng_below(random, count)];
    }
}

static void count_copies(batches *b) {
    memset(b->counts, 0, (size_t)b->data->n * sizeof *b->counts);
    for (int i = 0; i < b->data->n; i++)
        b->copies[i] = b->counts[b->order[i]]++;
}

static void list_all(batches *b) {
    for (int32_t i = 0; i < b->data->n; i++)
        b->order[i] = i;
}

void batches_shuffle(batches *b, int epoch) {
    rng stream = rng_stream(b->run.seed, "shuffle", 0, 0, (uint32_t)epoch, 0);
    b->epoch = epoch;
    if (b->copies)
        draw_balanced(b, &stream);
    else
        list_all(b);
    rng_shuffle(&stream, b->order, b->data->n);
    if (b->copies) count_copies(b);
}
