#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "datasets/open_internal.h"
#include "datasets/synth_internal.h"

enum { TRAIN_ROWS = 6000, OTHER_ROWS = 2000, MOST_ROWS = 10000000 };

typedef struct synth_set {
    const char *name;
    int classes;
    const char *const *class_names;
    synth_figure figure;
} synth_set;

static const char *const shape_names[] = {"circle", "cross", "ring", "square", "triangle"};
static const char *const arrow_names[] = {"left", "right", "up", "down"};

static const synth_set sets[] = {
    {"shapes", 5, shape_names, synth_shape},
    {"arrows", 4, arrow_names, synth_arrow},
};

enum { SETS = sizeof sets / sizeof sets[0] };

static status find_set(const char *name, const synth_set **set, err *e) {
    suggestion near = suggest_for(name);
    for (int i = 0; i < SETS; i++) {
        *set = &sets[i];
        if (strcmp(sets[i].name, name) == 0) return STATUS_OK;
        suggest_offer(&near, sets[i].name);
    }
    return err_set(e, STATUS_USAGE, "unknown synth:%s%s (known: shapes, arrows)", name, suggest_text(&near));
}

/* Each split has streams of its own, and a row does not depend on how many there are. */
static rng row_stream(const open_options *o, const synth_set *set, const char *split, int row) {
    char purpose[64];
    snprintf(purpose, sizeof purpose, "synth-%s-%s", set->name, split);
    return rng_stream(o->seed, purpose, 0, (uint32_t)row, 0, 0);
}

static status draw_rows(const open_options *o, const synth_set *set, dataset *d, const char **sizes,
                        const char **grounds, err *e) {
    uint8_t *pixels = arena_array(&d->memory, (size_t)d->n, SYNTH_SIDE * SYNTH_SIDE);
    int32_t *labels = arena_array(&d->memory, (size_t)d->n, sizeof *labels);
    if (!pixels || !labels) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < d->n; i++) {
        rng random = row_stream(o, set, d->split, i);
        bool small = rng_uniform(&random) < 0.4f, light = rng_uniform(&random) < 0.15f;
        labels[i] = i % set->classes;
        sizes[i] = small ? "small" : "large";
        grounds[i] = light ? "light" : "dark";
        synth_draw(set->figure, labels[i], small, light, &random,
                   pixels + (size_t)i * SYNTH_SIDE * SYNTH_SIDE);
    }
    d->pixels = pixels;
    d->labels = labels;
    return STATUS_OK;
}

static status generate(const open_options *o, const synth_set *set, dataset *d, err *e) {
    const char **sizes = calloc((size_t)d->n, sizeof *sizes),
               **grounds = calloc((size_t)d->n, sizeof *grounds);
    status s = sizes && grounds ? draw_rows(o, set, d, sizes, grounds, e)
                                : err_set(e, STATUS_NO_MEMORY, "out of memory");
    d->columns.n_rows = d->n;
    if (s == STATUS_OK) s = table_add_texts(&d->columns, "size", sizes, e);
    if (s == STATUS_OK) s = table_add_texts(&d->columns, "background", grounds, e);
    free(sizes);
    free(grounds);
    return s;
}

status open_synth(const char *argument, const open_options *o, dataset *out, err *e) {
    *out = (dataset){0};
    const char *split;
    const synth_set *set;
    status s = open_split(o, &split, e);
    if (s == STATUS_OK) s = find_set(argument, &set, e);
    if (s == STATUS_OK && (o->n < 0 || o->n > MOST_ROWS))
        s = err_set(e, STATUS_USAGE, "synth:%s: %d rows, expected 0 (default) to %d", argument, o->n,
                    (int)MOST_ROWS);
    if (s == STATUS_OK) s = open_name(out, "synth", argument, split, e);
    if (s != STATUS_OK) {
        dataset_free(out);
        return s;
    }
    out->n = o->n ? o->n : strcmp(split, "train") == 0 ? TRAIN_ROWS : OTHER_ROWS;
    out->image = (shape){SYNTH_SIDE, SYNTH_SIDE, 1};
    out->classes = set->classes;
    out->class_names = set->class_names;
    s = generate(o, set, out, e);
    if (s == STATUS_OK) s = open_finish(o, out, e);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}
