/* Through a JPEG file and back (Dziugaite et al. 2016; Guo et al. 2018). BPDA takes it for the identity, as Athalye et al. did. */
#include <math.h>
#include <stdlib.h>

#include "attacks/defence/defence_internal.h"
#include "datasets/image.h"

static status fits(double strength, shape s, err *e) {
    (void)strength;
    if (s.c == 1 || s.c == 3) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "images of %d channels, expected 1 or 3", s.c);
}

static status through_file(int quality, shape s, const uint8_t *pixels, uint8_t **back, err *e) {
    bytes file;
    shape found;
    *back = NULL;
    status ok = image_encode_jpeg(pixels, s, quality, &file, e);
    if (ok != STATUS_OK) return ok;
    ok = image_decode(file.data, file.size, s.c, &found, back, e);
    bytes_free(&file);
    return ok;
}

static status apply(double strength, shape s, rng *g, const float *x, float *out, err *e) {
    (void)g;
    size_t n = shape_size(s);
    uint8_t *pixels = malloc(n), *back = NULL;
    if (!pixels) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < n; i++)
        pixels[i] = (uint8_t)floor(fmin(fmax((double)x[i], 0), 1) * 255 + 0.5);
    status ok = through_file((int)strength, s, pixels, &back, e);
    for (size_t i = 0; ok == STATUS_OK && i < n; i++)
        out[i] = (float)back[i] / 255;
    free(pixels);
    free(back);
    return ok;
}

const defence defence_jpeg = {.name = "jpeg",
                              .title = "compress as JPEG",
                              .unit = "quality",
                              .least = 1,
                              .most = 100,
                              .whole = true,
                              .fits = fits,
                              .apply = apply};
