/* The plane of a training's path: principal components of the differences to its end. */
#include <math.h>
#include <stdlib.h>

#include "audit/landscape/landscape.h"

enum { SWEEPS = 60 };

/* Eigenvalues (on the diagonal of a, afterwards) and vectors (columns of v) of a symmetric matrix: Jacobi's rotations. */
static void jacobi(double *a, double *v, int n) {
    for (int i = 0; i < n * n; i++)
        v[i] = i % (n + 1) == 0;
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                double off = a[p * n + q];
                if (fabs(off) <= 1e-15 * sqrt(fabs(a[p * n + p] * a[q * n + q]))) continue;
                double theta = (a[q * n + q] - a[p * n + p]) / (2 * off);
                double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
                double c = 1 / sqrt(t * t + 1), s = t * c;
                for (int k = 0; k < n; k++) { /* columns */
                    double x = a[k * n + p], y = a[k * n + q];
                    a[k * n + p] = c * x - s * y;
                    a[k * n + q] = s * x + c * y;
                }
                for (int k = 0; k < n; k++) { /* rows */
                    double x = a[p * n + k], y = a[q * n + k];
                    a[p * n + k] = c * x - s * y;
                    a[q * n + k] = s * x + c * y;
                }
                for (int k = 0; k < n; k++) {
                    double x = v[k * n + p], y = v[k * n + q];
                    v[k * n + p] = c * x - s * y;
                    v[k * n + q] = s * x + c * y;
                }
            }
}

static double difference(const weights *a, const weights *end, size_t i) {
    return (double)a->data[i] - (double)end->data[i];
}

static void inner_products(const net *n, const weights *const *points, int count, double *gram) {
    const weights *end = points[count - 1];
    for (int i = 0; i < count; i++)
        for (int j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k < n->n_trainable; k++)
                sum += difference(points[i], end, k) * difference(points[j], end, k);
            gram[i * count + j] = gram[j * count + i] = sum;
        }
}

/* The column of the largest eigenvalue but `other`. */
static int largest(const double *values, int n, int other) {
    int best = other == 0 ? 1 : 0;
    for (int k = 0; k < n; k++)
        if (k != other && values[k * n + k] > values[best * n + best]) best = k;
    return best;
}

/* Direction and coordinates of one component; its sign is such that the path begins on the positive side. */
static void component(const net *n, const weights *const *points, int count, double value,
                      const double *vectors, int k, float *direction, double *places) {
    double length = value > 0 ? sqrt(value) : 0, sign = vectors[k] < 0 ? -1 : 1;
    for (int i = 0; i < count; i++)
        places[i] = sign * length * vectors[i * count + k];
    for (size_t p = 0; p < n->n_trainable; p++) {
        double sum = 0;
        for (int i = 0; i < count; i++)
            sum += vectors[i * count + k] * difference(points[i], points[count - 1], p);
        direction[p] = length > 0 ? (float)(sign * sum / length) : 0;
    }
}

status path_plane(const net *n, const weights *const *points, int count, float *first, float *second,
                  double *x, double *y, double explained[2], err *e) {
    double *gram = malloc(2 * (size_t)count * (size_t)count * sizeof *gram), total = 0;
    if (!gram) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    double *vectors = gram + count * count;
    inner_products(n, points, count, gram);
    jacobi(gram, vectors, count);
    int a = largest(gram, count, -1), b = largest(gram, count, a);
    for (int k = 0; k < count; k++)
        total += fmax(gram[k * count + k], 0);
    component(n, points, count, gram[a * count + a], vectors, a, first, x);
    component(n, points, count, gram[b * count + b], vectors, b, second, y);
    explained[0] = total > 0 ? gram[a * count + a] / total : 0;
    explained[1] = total > 0 ? fmax(gram[b * count + b], 0) / total : 0;
    free(gram);
    return total > 0 ? STATUS_OK
                     : err_set(e, STATUS_USAGE, "all checkpoints hold the same weights: there is no path");
}
