#include "core/floats.h"

#include "core/twins.h"

WIDER_TWINS static unsigned odd_values(const float *x, size_t n) {
    unsigned odd = 0;
    for (size_t i = 0; i < n; i++) {
        float zero = x[i] - x[i]; /* NaN where x is NaN or infinite */
        odd |= !(zero == 0);
    }
    return odd;
}

bool floats_finite(const float *x, size_t n) {
    return odd_values(x, n) == 0;
}

bool floats_zero(const float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (x[i] != 0) return false;
    return true;
}
