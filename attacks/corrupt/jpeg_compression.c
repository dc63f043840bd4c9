#include "attacks/corrupt/corrupt_internal.h"
#include "datasets/image.h"

static status apply(corrupt_call *c) {
    static const int qualities[SEVERITIES] = {80, 65, 58, 50, 40};
    return image_through_jpeg(c->x, c->s, qualities[c->level], c->out, &c->e);
}

const corruption corruption_jpeg_compression = {
    .name = "jpeg_compression", .what = "compressed as JPEG", .family = "digital", .apply = apply};
