/* Placing buffers whose lives are known. */
#include <stdlib.h>

#include "nets/session_internal.h"

status memory_begin(memory_plan *m, int capacity, arena *memory, err *e) {
    *m = (memory_plan){.capacity = capacity};
    m->buffers = arena_array(memory, (size_t)capacity, sizeof *m->buffers);
    return m->buffers ? STATUS_OK
                      : err_set(e, STATUS_NO_MEMORY, "no memory for a plan of %d buffers", capacity);
}

int memory_add(memory_plan *m, size_t bytes, int first, int last) {
    m->buffers[m->n] = (buffer){.bytes = bytes, .first = first, .last = last};
    return m->n++;
}

void memory_use(memory_plan *m, int id, int time) {
    if (m->buffers[id].last < time) m->buffers[id].last = time;
}

static int by_size(const void *left, const void *right) {
    const buffer *a = *(buffer *const *)left, *b = *(buffer *const *)right;
    if (a->bytes != b->bytes) return a->bytes < b->bytes ? 1 : -1;
    return a < b ? -1 : a > b;
}

static size_t end_of(const buffer *b) {
    return b->offset + b->bytes;
}

/* Lowest offset for `b` among `placed` ones, which are sorted by offset. */
static size_t lowest_gap(const buffer *b, buffer *const *placed, int n) {
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        const buffer *other = placed[i];
        if (other->last < b->first || other->first > b->last) continue;
        if (other->offset >= at + b->bytes) break;
        if (end_of(other) > at) at = end_of(other);
    }
    return at;
}

static void insert_sorted(buffer *b, buffer **placed, int n) {
    int i = n;
    for (; i > 0 && placed[i - 1]->offset > b->offset; i--)
        placed[i] = placed[i - 1];
    placed[i] = b;
}

status memory_place(memory_plan *m, arena *memory, err *e) {
    buffer **order = arena_array(memory, (size_t)m->n + 1, sizeof *order);
    buffer **placed = arena_array(memory, (size_t)m->n + 1, sizeof *placed);
    if (!order || !placed) return err_set(e, STATUS_NO_MEMORY, "no memory to plan memory");
    for (int i = 0; i < m->n; i++) {
        buffer *b = &m->buffers[i];
        b->bytes = (b->bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
        order[i] = b;
    }
    qsort(order, (size_t)m->n, sizeof *order, by_size);
    for (int i = 0; i < m->n; i++) {
        order[i]->offset = lowest_gap(order[i], placed, i);
        insert_sorted(order[i], placed, i);
        if (end_of(order[i]) > m->bytes) m->bytes = end_of(order[i]);
    }
    return STATUS_OK;
}
