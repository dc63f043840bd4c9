/* PNG and JPEG files: what is decoded must have the size that it says; then resized. */
#include <stdlib.h>

#include "datasets/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { SIDE = 7 };
    uint8_t *pixels, small[SIDE * SIDE * 3];
    shape s;
    err e;
    for (int channels = 0; channels <= 3; channels += 3) {
        if (image_decode(data, size, channels, &s, &pixels, &e) != STATUS_OK) continue;
        unsigned sum = 0;
        for (size_t i = 0; i < shape_size(s); i++)
            sum += pixels[i];
        image_resize(pixels, s, small, (shape){SIDE, SIDE, s.c});
        if (sum == 0 && small[0] != 0) abort();
        free(pixels);
    }
    return 0;
}
