#include "core/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, BLOCK_SIZE = 1 << 16 };

struct arena_block {
    struct arena_block *next;
    size_t used, capacity;
    char bytes[]; /* zeroed, every byte handed out at most once */
};

/* Bytes from `used` on until an address is a multiple of `alignment`. */
static size_t padding(const struct arena_block *block, size_t alignment) {
    return (size_t)(-(uintptr_t)(block->bytes + block->used) & (alignment - 1));
}

static bool has_room(const struct arena_block *block, size_t size, size_t alignment) {
    size_t left = block->capacity - block->used;
    return size <= left && padding(block, alignment) <= left - size;
}

/* calloc rather than a memset: pages of a large block that nobody touches cost nothing. */
static struct arena_block *block_new(size_t capacity) {
    struct arena_block *block = calloc(1, sizeof *block + capacity);
    if (block) block->capacity = capacity;
    return block;
}

static struct arena_block *block_with_room(arena *a, size_t size, size_t alignment) {
    if (a->blocks && has_room(a->blocks, size, alignment)) return a->blocks;
    bool large = size > BLOCK_SIZE / 2;
    struct arena_block *block = block_new(large ? size + alignment : BLOCK_SIZE);
    if (!block) return NULL;
    if (large && a->blocks) { /* what is left of the newest block stays in use */
        block->next = a->blocks->next;
        a->blocks->next = block;
    } else {
        block->next = a->blocks;
        a->blocks = block;
    }
    return block;
}

static void *take(arena *a, size_t size, size_t alignment) {
    if (size > PTRDIFF_MAX - BLOCK_SIZE) return NULL;
    if (size == 0) size = 1;
    struct arena_block *block = block_with_room(a, size, alignment);
    if (!block) return NULL;
    char *memory = block->bytes + block->used + padding(block, alignment);
    block->used = (size_t)(memory - block->bytes) + size;
    return memory;
}

void *arena_alloc(arena *a, size_t size) {
    return take(a, size, ALIGNMENT);
}

void *arena_array(arena *a, size_t count, size_t size) {
    size_t total;
    return size_multiply(count, size, &total) ? arena_alloc(a, total) : NULL;
}

char *arena_strdup(arena *a, const char *text) {
    return arena_strndup(a, text, strlen(text));
}

char *arena_strndup(arena *a, const char *text, size_t n) {
    if (n == SIZE_MAX) return NULL;
    char *copy = take(a, n + 1, 1); /* texts stand close: a table has millions */
    if (copy && n > 0) memcpy(copy, text, n);
    return copy;
}

char *arena_printf(arena *a, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : take(a, (size_t)length + 1, 1);
    if (!text) return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void arena_free(arena *a) {
    while (a->blocks) {
        struct arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
}

bool size_multiply(size_t a, size_t b, size_t *product) {
    bool fits = b == 0 || a <= SIZE_MAX / b;
    *product = fits ? a * b : 0;
    return fits;
}

void *alloc_aligned(size_t size) {
    if (size > PTRDIFF_MAX - ALIGNMENT) return NULL;
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return aligned_alloc(ALIGNMENT, rounded ? rounded : ALIGNMENT);
}

float *worker_floats(int workers, size_t count, size_t *stride) {
    size_t bytes;
    *stride = (count + 15) / 16 * 16; /* workers never share a cache line */
    if (!size_multiply(*stride, sizeof(float) * (size_t)workers, &bytes)) return NULL;
    return alloc_aligned(bytes);
}
