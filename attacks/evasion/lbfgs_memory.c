#include "attacks/evasion/lbfgs_memory_internal.h"

#include <math.h>
#include <string.h>

static float *step_of(const lbfgs_memory *m, int i) {
    return m->pairs + (size_t)(2 * i) * m->d;
}

static float *change_of(const lbfgs_memory *m, int i) {
    return step_of(m, i) + m->d;
}

/* Over the loose components; NULL: over all. */
static double product(size_t d, const float *a, const float *b, const bool *loose) {
    double sum = 0;
    for (size_t i = 0; i < d; i++)
        if (!loose || loose[i]) sum += (double)a[i] * b[i];
    return sum;
}

void lbfgs_memory_add(lbfgs_memory *m, const float *step, const float *change) {
    double curvature = product(m->d, step, change, NULL), size = product(m->d, change, change, NULL);
    if (!(curvature > 1e-8 * size)) return;
    memcpy(step_of(m, m->next), step, m->d * sizeof *step);
    memcpy(change_of(m, m->next), change, m->d * sizeof *change);
    m->next = (m->next + 1) % LBFGS_PAIRS;
    if (m->count < LBFGS_PAIRS) m->count++;
}

static void add(size_t d, double factor, const float *a, const bool *loose, float *v) {
    for (size_t i = 0; i < d; i++)
        if (loose[i]) v[i] = (float)(v[i] + factor * a[i]);
}

/* The two loops of Nocedal 1980, from the newest pair to the oldest and back. A pair whose loose part bends the wrong way is passed over. */
void lbfgs_memory_direction(const lbfgs_memory *m, double scale, const bool *loose, float *v) {
    double factor[LBFGS_PAIRS] = {0}, curvature[LBFGS_PAIRS] = {0};
    for (int k = 0; k < m->count; k++) {
        int i = (m->next - 1 - k + LBFGS_PAIRS) % LBFGS_PAIRS;
        const float *step = step_of(m, i), *change = change_of(m, i);
        curvature[i] = product(m->d, step, change, loose);
        if (!(curvature[i] > 0)) continue;
        factor[i] = product(m->d, step, v, loose) / curvature[i];
        add(m->d, -factor[i], change, loose, v);
    }
    for (int k = 0; k < m->count; k++) {
        int i = (m->next - 1 - k + LBFGS_PAIRS) % LBFGS_PAIRS;
        if (!(curvature[i] > 0)) continue;
        scale = curvature[i] / product(m->d, change_of(m, i), change_of(m, i), loose);
        break;
    }
    for (size_t i = 0; i < m->d; i++)
        v[i] = loose[i] ? (float)(-scale * v[i]) : 0;
    for (int k = m->count - 1; k >= 0; k--) {
        int i = (m->next - 1 - k + LBFGS_PAIRS) % LBFGS_PAIRS;
        if (!(curvature[i] > 0)) continue;
        double rest = factor[i] + product(m->d, change_of(m, i), v, loose) / curvature[i];
        add(m->d, -rest, step_of(m, i), loose, v);
    }
}
