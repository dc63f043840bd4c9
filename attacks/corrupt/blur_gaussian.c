#include <math.h>
#include <string.h>

#include "attacks/corrupt/corrupt_internal.h"

/* `length` values that lie `step` floats apart. */
static void blur_line(const float *in, size_t step, int length, const float *kernel, int reach, edge beyond,
                      float *out) {
    for (int i = 0; i < length; i++) {
        float sum = 0;
        for (int k = -reach; k <= reach; k++)
            sum += kernel[k < 0 ? -k : k] * in[(size_t)beyond(i + k, length) * step];
        out[(size_t)i * step] = sum;
    }
}

bool blur_gaussian(const float *image, shape s, double sigma, double truncate, edge beyond, float *out,
                   arena *memory) {
    int reach = (int)(truncate * sigma + 0.5);
    if (reach == 0) {
        memmove(out, image, shape_size(s) * sizeof *out);
        return true;
    }
    float *kernel = arena_array(memory, (size_t)reach + 1, sizeof *kernel);
    float *down = arena_array(memory, shape_size(s), sizeof *down);
    if (!kernel || !down) return false;
    double sum = 0;
    for (int k = -reach; k <= reach; k++)
        sum += exp(-0.5 * k * k / (sigma * sigma));
    for (int k = 0; k <= reach; k++)
        kernel[k] = (float)(exp(-0.5 * k * k / (sigma * sigma)) / sum);
    size_t row = (size_t)s.w * (size_t)s.c;
    for (size_t i = 0; i < row; i++)
        blur_line(image + i, row, s.h, kernel, reach, beyond, down + i);
    for (size_t y = 0; y < (size_t)s.h; y++)
        for (size_t c = 0; c < (size_t)s.c; c++)
            blur_line(down + y * row + c, (size_t)s.c, s.w, kernel, reach, beyond, out + y * row + c);
    return true;
}
