#include <math.h>

#include "attacks/corrupt/corrupt_internal.h"

int edge_repeat(int i, int n) {
    return i < 0 ? 0 : i < n ? i : n - 1;
}

int edge_mirror(int i, int n) {
    while (n > 1 && (i < 0 || i >= n))
        i = i < 0 ? -i : 2 * (n - 1) - i;
    return n > 1 ? i : 0;
}

int edge_fold(int i, int n) {
    while (i < 0 || i >= n)
        i = i < 0 ? -1 - i : 2 * n - 1 - i;
    return i;
}

static float at(const float *image, shape s, int y, int x, int channel) {
    return image[((size_t)y * (size_t)s.w + (size_t)x) * (size_t)s.c + (size_t)channel];
}

float sample_linear(const float *image, shape s, double y, double x, int channel, edge beyond) {
    int top = (int)floor(y), left = (int)floor(x);
    float dy = (float)(y - top), dx = (float)(x - left);
    int rows[] = {beyond(top, s.h), beyond(top + 1, s.h)};
    int columns[] = {beyond(left, s.w), beyond(left + 1, s.w)};
    float upper = (1 - dx) * at(image, s, rows[0], columns[0], channel) +
                  dx * at(image, s, rows[0], columns[1], channel);
    float lower = (1 - dx) * at(image, s, rows[1], columns[0], channel) +
                  dx * at(image, s, rows[1], columns[1], channel);
    return (1 - dy) * upper + dy * lower;
}
