/* Through a JPEG file and back (Dziugaite et al. 2016; Guo et al. 2018). BPDA takes it for the identity, as Athalye et al. did. */
#include "attacks/defence/defence_internal.h"
#include "datasets/image.h"

static status fits(double strength, shape s, err *e) {
    (void)strength;
    if (s.c == 1 || s.c == 3) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "images of %d channels, expected 1 or 3", s.c);
}

static status apply(double strength, shape s, rng *g, const float *x, float *out, err *e) {
    (void)g;
    return image_through_jpeg(x, s, (int)strength, out, e);
}

const defence defence_jpeg = {.name = "jpeg",
                              .title = "compress as JPEG",
                              .unit = "quality",
                              .least = 1,
                              .most = 100,
                              .whole = true,
                              .fits = fits,
                              .apply = apply};
