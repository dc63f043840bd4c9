/* Common corruptions: what cameras, weather and file formats do to images, without an attacker (Hendrycks and Dietterich, "Benchmarking
 * neural network robustness to common corruptions and perturbations", ICLR 2019), with the constants for small images of CIFAR-10-C.
 *
 * Lengths are in pixels, as there; the elastic transform alone scales with the shorter side. Everything that is drawn comes from a stream
 * of (seed, corruption, original row id), the same for every severity: a severer corruption is the same snow, only more of it. */
#ifndef ATTACKS_CORRUPT_H
#define ATTACKS_CORRUPT_H

#include <stdbool.h>

#include "core/run.h"
#include "datasets/dataset.h"

enum { SEVERITIES = 5 };

struct corrupt_call;

typedef struct corruption {
    const char *name, *what;
    const char *family;   /* noise, blur, weather, digital */
    bool not_comparable;  /* with published figures: it is made in another way */
    bool uneven;          /* its constants do not promise more damage at every next severity */
    status (*apply)(struct corrupt_call *call);
} corruption;

const corruption *corruption_at(int i);             /* in the order of corruptions.def; NULL past the end */
const corruption *corruption_find(const char *name); /* NULL when unknown */

/* One image of [0, 1] floats (h x w x 1 or 3, sides of 1 and more) into `out`, again within [0, 1]; not in place. Severity 1..5, and 0 is the
 * image itself. STATUS_USAGE for other severities and channels. */
MUST_CHECK status corrupt_image(const corruption *k, int severity, shape s, const float *x, uint64_t seed, int32_t id,
                                float *out, err *e);

/* Every image of d, rounded to the nearest of 256 levels: n x h x w x c bytes into `out`. (The published arrays are cut down instead, which makes
 * them darker by half a level.) In parallel; the bytes depend on r->seed, k, severity and original row ids alone. */
MUST_CHECK status corrupt_pixels(const dataset *d, const corruption *k, int severity, const run *r, uint8_t *out, err *e);

#endif
