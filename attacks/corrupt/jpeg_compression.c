#include "attacks/corrupt/corrupt_internal.h"
#include "datasets/image.h"

static bool apply(corrupt_call *c) {
    static const int qualities[SEVERITIES] = {80, 65, 58, 50, 40};
    return image_through_jpeg(c->x, c->s, qualities[c->level], c->out, NULL) == STATUS_OK;
}

const corruption corruption_jpeg_compression = {
    .name = "jpeg_compression", .what = "compressed as JPEG", .family = "digital", .apply = apply};
