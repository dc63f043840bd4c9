/* Adversarial examples as a NumPy archive. */
#include <math.h>
#include <stdlib.h>

#include "audit/evasion.h"
#include "core/npy.h"
#include "nets/loss.h"

/* What is made for the archive. */
typedef struct made {
    float *originals;
    uint8_t *bytes, *original_bytes; /* only with uint8 */
    int32_t *predictions;
    uint8_t *broken;
} made;

static void made_free(made *m) {
    free(m->originals);
    free(m->bytes);
    free(m->original_bytes);
    free(m->predictions);
    free(m->broken);
}

static bool make_room(made *m, size_t n, size_t floats, bool uint8) {
    *m = (made){.originals = malloc(n * floats * sizeof(float) + 1),
                .predictions = malloc(n * sizeof(int32_t) + 1),
                .broken = malloc(n + 1)};
    if (uint8) {
        m->bytes = malloc(n * floats + 1);
        m->original_bytes = malloc(n * floats + 1);
    }
    return m->originals && m->predictions && m->broken && (!uint8 || (m->bytes && m->original_bytes));
}

static void to_bytes(const float *from, size_t count, uint8_t *out) {
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)lrintf(255 * from[i]);
}

static void fill(made *m, const dataset *d, const attack_result *a, bool uint8) {
    size_t floats = shape_size(d->image), n = (size_t)d->n;
    for (size_t i = 0; i < n; i++) {
        dataset_image(d, (int)i, m->originals + i * floats);
        m->predictions[i] = logits_class(a->example_logits + i * (size_t)a->classes, a->classes);
        m->broken[i] = a->broken_at[i] < a->n_eps;
    }
    if (!uint8) return;
    to_bytes(a->examples, n * floats, m->bytes);
    to_bytes(m->originals, n * floats, m->original_bytes);
}

status evasion_save(const char *path, const dataset *d, const attack_result *a, bool uint8, err *e) {
    made m;
    const shape s = d->image;
    const npy_type pixel = uint8 ? NPY_U8 : NPY_F32;
    if (!make_room(&m, (size_t)d->n, shape_size(s), uint8)) {
        made_free(&m);
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    fill(&m, d, a, uint8);
    const void *images = uint8 ? (const void *)m.bytes : a->examples;
    const void *originals = uint8 ? (const void *)m.original_bytes : m.originals;
    const npz_entry entries[] = {
        {.name = "images", .type = pixel, .rank = 4, .dims = {d->n, s.h, s.w, s.c}, .data = images},
        {.name = "originals", .type = pixel, .rank = 4, .dims = {d->n, s.h, s.w, s.c}, .data = originals},
        {.name = "labels", .type = NPY_I32, .rank = 1, .dims = {d->n}, .data = d->labels},
        {.name = "ids", .type = NPY_I32, .rank = 1, .dims = {d->n}, .data = d->ids},
        {.name = "predictions", .type = NPY_I32, .rank = 1, .dims = {d->n}, .data = m.predictions},
        {.name = "distances", .type = NPY_F32, .rank = 1, .dims = {d->n}, .data = a->distance},
        {.name = "broken", .type = NPY_U8, .rank = 1, .dims = {d->n}, .data = m.broken}};
    status ok = npz_write_file(path, entries, sizeof entries / sizeof *entries, e);
    made_free(&m);
    return ok;
}
