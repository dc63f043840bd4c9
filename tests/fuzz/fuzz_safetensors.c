/* Any bytes: refused, or tensors that lie in the file side by side and cover its end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tensor(const safetensors *s, const st_tensor *t) {
    if (safetensors_find(s, t->name) != t || t->data < s->file.data ||
        t->size > s->file.size - (size_t)(t->data - s->file.data))
        abort();
    float *floats = malloc((size_t)t->count * sizeof *floats + 1);
    err e;
    status read = floats ? st_tensor_floats(t, floats, &e) : STATUS_NO_MEMORY;
    if (read != STATUS_OK && read != STATUS_UNSUPPORTED) abort();
    free(floats);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bytes file = {malloc(size + 1), size};
    if (!file.data) return 0;
    memcpy(file.data, data, size);
    safetensors s;
    err e;
    if (safetensors_parse(file, &s, &e) != STATUS_OK) {
        bytes_free(&file);
        return 0;
    }
    size_t sum = 0;
    for (int i = 0; i < s.n; i++) {
        check_tensor(&s, &s.tensors[i]);
        sum += s.tensors[i].size;
    }
    uint64_t header;
    memcpy(&header, data, sizeof header);
    if (8 + header + sum != size) abort();
    safetensors_free(&s);
    return 0;
}
