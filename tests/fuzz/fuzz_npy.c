/* Any bytes: refused, or an array whose every element can be read, as a number or as a text. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/npy.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_element(const npy *a, int64_t i) {
    arena memory = {0};
    const char *text;
    err e;
    status s = npy_text(a, i, &memory, &text, &e);
    if (s == STATUS_OK && !text_is_utf8(text, strlen(text))) abort();
    if (a->type >= NPY_BYTES ? !isnan(npy_number(a, i)) : s == STATUS_OK) abort();
    arena_free(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    npy a;
    err e;
    if (npy_parse(data, size, &a, &e) == STATUS_OK)
        for (int64_t i = 0; i < a.count; i++)
            read_element(&a, i);
    npy_free(&a);
    return 0;
}
