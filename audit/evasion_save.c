/* Adversarial examples as a NumPy archive. */
#include <stdlib.h>

#include "audit/evasion.h"
#include "core/npy.h"
#include "nets/loss.h"

status evasion_save(const char *path, const dataset *d, const attack_result *a, err *e) {
    size_t floats = shape_size(d->image), n = (size_t)d->n;
    float *originals = malloc(n * floats * sizeof *originals + 1);
    int32_t *predictions = malloc(n * sizeof *predictions + 1);
    uint8_t *broken = malloc(n + 1);
    if (!originals || !predictions || !broken) {
        free(originals);
        free(predictions);
        free(broken);
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        dataset_image(d, (int)i, originals + i * floats);
        predictions[i] = logits_class(a->example_logits + i * (size_t)a->classes, a->classes);
        broken[i] = a->broken_at[i] < a->n_eps;
    }
    const shape s = d->image;
    const npz_entry entries[] = {
        {.name = "images", .type = NPY_F32, .rank = 4, .dims = {d->n, s.h, s.w, s.c}, .data = a->examples},
        {.name = "originals", .type = NPY_F32, .rank = 4, .dims = {d->n, s.h, s.w, s.c}, .data = originals},
        {.name = "labels", .type = NPY_I32, .rank = 1, .dims = {d->n}, .data = d->labels},
        {.name = "ids", .type = NPY_I32, .rank = 1, .dims = {d->n}, .data = d->ids},
        {.name = "predictions", .type = NPY_I32, .rank = 1, .dims = {d->n}, .data = predictions},
        {.name = "distances", .type = NPY_F32, .rank = 1, .dims = {d->n}, .data = a->distance},
        {.name = "broken", .type = NPY_U8, .rank = 1, .dims = {d->n}, .data = broken}};
    status ok = npz_write_file(path, entries, sizeof entries / sizeof *entries, e);
    free(originals);
    free(predictions);
    free(broken);
    return ok;
}
