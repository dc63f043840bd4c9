#include "core/floats.h"

bool floats_finite(const float *x, size_t n) {
    float sum = 0; /* x - x is 0, or NaN where x is NaN or infinite */
    for (size_t i = 0; i < n; i++)
        sum += x[i] - x[i];
    return sum == 0;
}

bool floats_zero(const float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (x[i] != 0) return false;
    return true;
}
