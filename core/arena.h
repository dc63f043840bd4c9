/* A growing arena: many small allocations with one lifetime, freed together. Not for use by several threads at once. */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include <stddef.h>

typedef struct arena {
    struct arena_block *blocks; /* newest first */
} arena;

/* An arena starts as {0}. */

/* Zeroed memory, aligned to 64 bytes; NULL when memory is out. `size` may be 0 (the pointer is then unique but useless). */
void *arena_alloc(arena *a, size_t size);

/* Zeroed array; NULL when memory is out or count * size overflows. */
void *arena_array(arena *a, size_t count, size_t size);

/* Copies of a terminated string, of `n` bytes of one (a terminator is added), and of a formatted text; not aligned. NULL:
 * out of memory. */
char *arena_strdup(arena *a, const char *text);
char *arena_strndup(arena *a, const char *text, size_t n);
char *arena_printf(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Frees everything; the arena can be used again. */
void arena_free(arena *a);

/* Product with overflow check: false, and *product = 0, when a * b does not fit. */
_Bool size_multiply(size_t a, size_t b, size_t *product);

/* malloc aligned to 64 bytes (free with free()); NULL when memory is out. Not zeroed. */
void *alloc_aligned(size_t size);

/* `count` floats for each of the workers, *stride apart and aligned; NULL when memory is out. Freed with free. */
float *worker_floats(int workers, size_t count, size_t *stride);

#endif
