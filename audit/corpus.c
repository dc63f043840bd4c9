#include "audit/corpus.h"

#include <stdlib.h>
#include <string.h>

typedef struct keyed {
    int32_t id;
    char hash[CORPUS_HASH];
} keyed;

static int compare_keys(int32_t id, const char *hash, int32_t other, const char *other_hash) {
    if (id != other) return (id > other) - (id < other);
    return memcmp(hash, other_hash, CORPUS_HASH);
}

static const char *hash_at(const corpus *c, int i) {
    return c->hashes + (size_t)i * CORPUS_HASH;
}

void corpus_free(corpus *c) {
    free(c->ids);
    free(c->hashes);
    free(c->images);
    *c = (corpus){0};
}

/* The key of a row; `x` has room for its image, which is left there. */
static keyed key_of(const dataset *d, int row, float *x) {
    keyed k = {.id = d->ids[row]};
    sha256 hash;
    char text[SHA256_HEX];
    dataset_image(d, row, x);
    sha256_init(&hash);
    sha256_update(&hash, x, shape_size(d->image) * sizeof *x);
    sha256_update(&hash, &d->labels[row], sizeof *d->labels);
    sha256_hex(&hash, text);
    memcpy(k.hash, text, CORPUS_HASH);
    return k;
}

/* Where the key is, or where it belongs: *there says which. */
static int find(const corpus *c, const keyed *k, bool *there) {
    int lo = 0, hi = c->n;
    while (lo < hi) {
        int middle = lo + (hi - lo) / 2;
        if (compare_keys(c->ids[middle], hash_at(c, middle), k->id, k->hash) < 0)
            lo = middle + 1;
        else
            hi = middle;
    }
    *there = lo < c->n && compare_keys(c->ids[lo], hash_at(c, lo), k->id, k->hash) == 0;
    return lo;
}

static bool holds_id(const corpus *c, int32_t id) {
    keyed lowest = {.id = id};
    bool there;
    int at = find(c, &lowest, &there);
    return at < c->n && c->ids[at] == id;
}

status corpus_match(const corpus *c, const char *name, const dataset *d, const float **stored, int *found,
                    err *e) {
    size_t size = shape_size(d->image);
    float *x = malloc(size * sizeof *x + 1);
    int same_id = 0;
    *found = 0;
    if (!x) return err_set(e, STATUS_NO_MEMORY, "%s: out of memory", name);
    for (int row = 0; row < d->n; row++) {
        bool there = false;
        keyed k = key_of(d, row, x);
        int at = c->n ? find(c, &k, &there) : 0;
        stored[row] = there ? c->images + (size_t)at * size : NULL;
        *found += there;
        same_id += !there && holds_id(c, k.id);
    }
    free(x);
    if (*found > 0 || same_id == 0) return STATUS_OK;
    return err_set(e, STATUS_USAGE,
                   "%s: belongs to other data: %d examples have the row ids of these images, none is of the "
                   "same image and label",
                   name, same_id);
}

/* --- what a run adds ------------------------------------------------------------------------------------- */

/* One more place at `at`; the arrays have room. */
static void insert(corpus *c, int at, const keyed *k, size_t size) {
    size_t after = (size_t)(c->n - at), place = (size_t)at;
    memmove(c->ids + at + 1, c->ids + at, after * sizeof *c->ids);
    memmove(c->hashes + (place + 1) * CORPUS_HASH, c->hashes + place * CORPUS_HASH, after * CORPUS_HASH);
    memmove(c->images + (place + 1) * size, c->images + place * size, after * size * sizeof *c->images);
    c->ids[at] = k->id;
    memcpy(c->hashes + place * CORPUS_HASH, k->hash, CORPUS_HASH);
    c->n++;
}

static bool make_room(corpus *c, size_t more, size_t size) {
    size_t n = (size_t)c->n + more + 1;
    int32_t *ids = realloc(c->ids, n * sizeof *ids);
    if (ids) c->ids = ids;
    char *hashes = realloc(c->hashes, n * CORPUS_HASH);
    if (hashes) c->hashes = hashes;
    float *images = realloc(c->images, n * size * sizeof *images);
    if (images) c->images = images;
    return ids && hashes && images;
}

static bool is_new(const attack_result *a, int row) {
    return a->clean_correct[row] && a->broken_at[row] < a->n_eps;
}

status corpus_update(corpus *c, const dataset *d, const attack_result *a, int *changed, err *e) {
    size_t size = shape_size(d->image), more = 0;
    *changed = 0;
    for (int row = 0; row < d->n; row++)
        more += is_new(a, row);
    float *x = malloc(size * sizeof *x + 1);
    if (!x || !make_room(c, more, size)) {
        free(x);
        return err_set(e, STATUS_NO_MEMORY, "corpus: out of memory");
    }
    c->image = d->image;
    for (int row = 0; row < d->n; row++) {
        if (!is_new(a, row)) continue;
        bool there;
        keyed k = key_of(d, row, x);
        int at = find(c, &k, &there);
        float *kept = c->images + (size_t)at * size;
        const float *found = a->examples + (size_t)row * size;
        if (there && ball_distance(c->norm, x, kept, size) <= ball_distance(c->norm, x, found, size))
            continue;
        if (!there) insert(c, at, &k, size);
        memcpy(kept, found, size * sizeof *kept);
        ++*changed;
    }
    free(x);
    return STATUS_OK;
}
