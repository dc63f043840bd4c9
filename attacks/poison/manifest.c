/* The manifest of a poisoning as JSON, and doing again what one says. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/poison/poison_internal.h"

static bool set_integers(json *object, const char *key, const int32_t *values, int n) {
    json *array = json_new_array();
    bool ok = array != NULL;
    for (int i = 0; ok && i < n; i++)
        ok = json_append(array, json_new_int(values[i]));
    if (ok) return json_set(object, key, array);
    json_free(array);
    return false;
}

static bool set_text(json *object, const char *key, const char *text) {
    return text ? json_set_string(object, key, text) : json_set(object, key, json_new_null());
}

json *poison_manifest_json(const poison *p, double dose, uint64_t seed, const poison_manifest *m,
                           const dataset *before, const dataset *after) {
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, seed);
    json *j = json_new_object();
    bool ok = j && json_set_string(j, "kind", poison_name(p->kind)) && json_set_real(j, "dose", dose) &&
              json_set_string(j, "seed", digits) && json_set_int(j, "source", p->source) &&
              json_set_int(j, "target", p->target) && set_text(j, "group_column", p->group_column) &&
              set_text(j, "group_value", p->group_value) && json_set_int(j, "patch", poison_patch(p)) &&
              json_set_int(j, "n", m->n) && json_set_int(j, "candidates", m->candidates) &&
              json_set_string(j, "before", before->sha256) && json_set_string(j, "after", after->sha256) &&
              set_integers(j, "ids", m->ids, m->n) && set_integers(j, "old_labels", m->old_labels, m->n) &&
              set_integers(j, "new_labels", m->new_labels, m->n);
    if (ok) return j;
    json_free(j);
    return NULL;
}

/* A row and its id, sorted by id to find the rows of a manifest. */
typedef struct place {
    int32_t id, row;
} place;

static int by_id(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static place *sorted_places(const dataset *d) {
    place *places = malloc(((size_t)d->n + 1) * sizeof *places);
    for (int row = 0; places && row < d->n; row++)
        places[row] = (place){d->ids[row], row};
    if (places) qsort(places, (size_t)d->n, sizeof *places, by_id);
    return places;
}

static status need_entry(const json *array, const char *key, size_t i, int64_t lo, int64_t hi, int32_t *out,
                         err *e) {
    const json *value = json_at(array, i);
    int64_t number = json_as_int(value, INT64_MIN);
    if (!json_is_int(value) || number < lo || number > hi)
        return err_set(e, STATUS_BAD_FILE, "%s: entry %zu is not an integer in %" PRId64 "..%" PRId64, key, i,
                       lo, hi);
    *out = (int32_t)number;
    return STATUS_OK;
}

typedef struct lists {
    json *ids, *old_labels, *new_labels;
    size_t n;
} lists;

static status need_lists(const json *manifest, lists *l, err *e) {
    status s = json_need_array(manifest, "ids", &l->ids, e);
    if (s == STATUS_OK) s = json_need_array(manifest, "old_labels", &l->old_labels, e);
    if (s == STATUS_OK) s = json_need_array(manifest, "new_labels", &l->new_labels, e);
    if (s != STATUS_OK) return s;
    l->n = json_count(l->ids);
    if (json_count(l->old_labels) == l->n && json_count(l->new_labels) == l->n) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "ids, old_labels and new_labels have %zu, %zu and %zu entries", l->n,
                   json_count(l->old_labels), json_count(l->new_labels));
}

/* Entry i is about the next row with its id at or after places[*at]: ids ascend, repeated ones mean several rows. */
static status mark_entry(const dataset *d, const lists *l, size_t i, const place *places, int *at,
                         uint8_t *rows, int32_t *labels, err *e) {
    int32_t id = 0, old = 0, new = 0;
    status s = need_entry(l->ids, "ids", i, INT32_MIN, INT32_MAX, &id, e);
    if (s == STATUS_OK) s = need_entry(l->old_labels, "old_labels", i, 0, d->classes - 1, &old, e);
    if (s == STATUS_OK) s = need_entry(l->new_labels, "new_labels", i, 0, d->classes - 1, &new, e);
    if (s != STATUS_OK) return s;
    while (*at < d->n && places[*at].id < id)
        (*at)++;
    if (*at == d->n || places[*at].id != id)
        return err_set(e, STATUS_BAD_FILE, "ids: entry %zu: id %d is not in the data, or out of order", i,
                       id);
    int row = places[(*at)++].row;
    if (d->labels[row] != old)
        return err_set(e, STATUS_BAD_FILE, "old_labels: entry %zu: label %d, but id %d has label %d", i, old,
                       id, d->labels[row]);
    rows[row] = 1;
    labels[row] = new;
    return STATUS_OK;
}

static status mark_all(const dataset *d, const json *manifest, const place *places, uint8_t *rows,
                       int32_t *labels, err *e) {
    lists l;
    status s = need_lists(manifest, &l, e);
    int at = 0;
    if (d->n > 0) memcpy(labels, d->labels, (size_t)d->n * sizeof *labels);
    for (size_t i = 0; s == STATUS_OK && i < l.n; i++)
        s = mark_entry(d, &l, i, places, &at, rows, labels, e);
    return s;
}

static status need_hash(const json *manifest, const char *key, const dataset *d, err *e) {
    const char *hash;
    status s = json_need_string(manifest, key, &hash, e);
    if (s != STATUS_OK || strcmp(hash, d->sha256) == 0) return s;
    return err_set(e, STATUS_BAD_FILE, "%s: expected data with hash %.16s..., found %.16s...", key, hash,
                   d->sha256);
}

/* What decides about the images: the kind, and the patch of badnets. */
static status read_poison(const json *manifest, const dataset *d, poison *p, err *e) {
    const char *kind;
    int64_t patch = 0;
    *p = (poison){.source = -1, .target = -1};
    status s = json_need_string(manifest, "kind", &kind, e);
    if (s == STATUS_OK && poison_parse(kind, &p->kind, e) != STATUS_OK) s = STATUS_BAD_FILE;
    if (s != STATUS_OK || !poison_method_of(p->kind)->stamps) return s;
    int side = d->image.h < d->image.w ? d->image.h : d->image.w;
    s = json_need_int(manifest, "patch", 1, side - 1, &patch, e);
    p->patch = (int)patch;
    if (s == STATUS_OK && !d->pixels)
        s = err_set(e, STATUS_UNSUPPORTED, "%s holds float images, expected uint8", d->name);
    return s;
}

status poison_replay(const dataset *d, const json *manifest, dataset *out, err *e) {
    *out = (dataset){0};
    poison p;
    status s = read_poison(manifest, d, &p, e);
    if (s == STATUS_OK) s = need_hash(manifest, "before", d, e);
    if (s != STATUS_OK) return s;
    place *places = sorted_places(d);
    uint8_t *rows = calloc((size_t)d->n + 1, 1);
    int32_t *labels = malloc(((size_t)d->n + 1) * sizeof *labels);
    if (places && rows && labels)
        s = mark_all(d, manifest, places, rows, labels, e);
    else
        s = err_set(e, STATUS_NO_MEMORY, "poison: out of memory");
    if (s == STATUS_OK) s = poison_write(d, &p, rows, labels, out, e);
    if (s == STATUS_OK) s = need_hash(manifest, "after", out, e);
    free(places);
    free(rows);
    free(labels);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}
