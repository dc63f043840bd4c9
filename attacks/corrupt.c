#include "attacks/corrupt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attacks/corrupt/corrupt_internal.h"
#include "core/parallel.h"
#include "datasets/image.h"

static const corruption *const corruptions[] = {
#define CORRUPTION(name) &corruption_##name,
#include "attacks/corruptions.def"
#undef CORRUPTION
};

enum { CORRUPTIONS = sizeof corruptions / sizeof *corruptions, CHUNK = 16 };

const corruption *corruption_at(int i) {
    return i >= 0 && i < CORRUPTIONS ? corruptions[i] : NULL;
}

const corruption *corruption_find(const char *name) {
    for (int i = 0; i < CORRUPTIONS; i++)
        if (strcmp(corruptions[i]->name, name) == 0) return corruptions[i];
    return NULL;
}

status corrupt_image(const corruption *k, int severity, shape s, const float *x, uint64_t seed, int32_t id,
                     float *out, err *e) {
    if (severity < 0 || severity > SEVERITIES)
        return err_set(e, STATUS_USAGE, "%s: severity %d, expected 0..%d", k->name, severity, SEVERITIES);
    if (s.h < 1 || s.w < 1 || (s.c != 1 && s.c != 3))
        return err_set(e, STATUS_USAGE, "%s: an image of %dx%dx%d, expected 1 or 3 channels", k->name, s.h,
                       s.w, s.c);
    size_t floats = shape_size(s);
    memcpy(out, x, floats * sizeof *out);
    if (severity == 0) return STATUS_OK;
    arena memory = {0};
    char purpose[64];
    snprintf(purpose, sizeof purpose, "corrupt-%s", k->name);
    corrupt_call call = {.s = s,
                         .level = severity - 1,
                         .x = x,
                         .out = out,
                         .random = rng_stream(seed, purpose, 0, (uint32_t)id, 0, 0),
                         .memory = &memory};
    status done = k->apply(&call);
    arena_free(&memory);
    if (done != STATUS_OK)
        return err_set(e, done, "%s: %s", k->name, call.e.message[0] ? call.e.message : status_text(done));
    for (size_t i = 0; i < floats; i++)
        out[i] = fminf(fmaxf(out[i], 0), 1);
    return STATUS_OK;
}

typedef struct job {
    const dataset *d;
    const corruption *k;
    int severity;
    const run *r;
    float *images; /* of each worker: before and after */
    size_t stride;
    uint8_t *out;
    first_failure failed;
} job;

static status corrupt_chunk(void *context, int chunk, int worker) {
    job *j = context;
    size_t floats = shape_size(j->d->image);
    float *before = j->images + (size_t)worker * j->stride, *after = before + floats;
    int last = (chunk + 1) * CHUNK < j->d->n ? (chunk + 1) * CHUNK : j->d->n;
    err e = {{0}};
    status s = STATUS_OK;
    for (int row = chunk * CHUNK; s == STATUS_OK && row < last; row++) {
        dataset_image(j->d, row, before);
        s = corrupt_image(j->k, j->severity, j->d->image, before, j->r->seed, j->d->ids[row], after, &e);
        if (s == STATUS_OK) image_bytes(after, floats, j->out + (size_t)row * floats);
    }
    return failure_note(&j->failed, chunk, s, &e);
}

status corrupt_pixels(const dataset *d, const corruption *k, int severity, const run *r, uint8_t *out,
                      err *e) {
    job j = {.d = d, .k = k, .severity = severity, .r = r, .out = out};
    j.images = worker_floats(r->threads, 2 * shape_size(d->image), &j.stride);
    status s = j.images ? parallel_for(r, (d->n + CHUNK - 1) / CHUNK, corrupt_chunk, &j) : STATUS_NO_MEMORY;
    free(j.images);
    return failure_report(&j.failed, s, k->name, e);
}
