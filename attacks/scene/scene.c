/* Loops over tiles of images. */
#include "attacks/scene/scene_internal.h"

#include "core/arena.h"

status failure_note(first_failure *f, int chunk, status s, const err *e) {
    if (s == STATUS_OK || s == STATUS_CANCELLED) return s;
#pragma omp critical(scene_failure)
    if (f->chunk == 0 || chunk + 1 < f->chunk) {
        f->chunk = chunk + 1;
        f->e = *e;
    }
    return s;
}

status failure_report(const first_failure *f, status s, const char *what, err *e) {
    if (s == STATUS_OK) return s;
    if (f->chunk > 0) return err_set(e, s, "%s", f->e.message);
    return err_set(e, s, "%s: %s", what, status_text(s));
}

run model_run(const model *m, const run *r) {
    run own = *r;
    int most = m->thread_safe ? m->workers : 1;
    if (own.threads > most) own.threads = most;
    return own;
}

int tile_count(const model *m, int n) {
    return (n + m->tile - 1) / m->tile;
}

int tile_rows(const model *m, int n, int tile) {
    int left = n - tile * m->tile;
    return left < m->tile ? left : m->tile;
}

float *worker_floats(int workers, size_t count, size_t *stride) {
    size_t bytes;
    *stride = (count + 15) / 16 * 16; /* workers never share a cache line */
    if (!size_multiply(*stride * sizeof(float), (size_t)workers, &bytes)) return NULL;
    return alloc_aligned(bytes);
}
