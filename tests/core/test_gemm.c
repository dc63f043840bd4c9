#include "tests/support/test.h"

#include <dirent.h>
#include <math.h>
#include <omp.h>
#include <time.h>

#include "core/arena.h"
#include "core/blas.h"
#include "core/rng.h"

static const kernel_choice kernels[] = {KERNEL_PORTABLE, KERNEL_OPENBLAS};

/* One product with room between rows; the operands are filled from the shape. */
typedef struct product {
    bool transpose_a, transpose_b;
    int m, n, k, lda, ldb, ldc;
    float alpha, beta;
    float *a, *b, *c, *before;
    arena memory;
} product;

static float *noise(arena *memory, uint32_t row, size_t n) {
    float *values = arena_array(memory, n, sizeof *values);
    assert_non_null(values);
    rng r = rng_stream(1, "test", 0, row, 0, 0);
    for (size_t i = 0; i < n; i++)
        values[i] = rng_normal(&r);
    return values;
}

static product product_of(int m, int n, int k, int transposes, float alpha, float beta) {
    product p = {.transpose_a = transposes & 1, .transpose_b = transposes >> 1, .m = m, .n = n, .k = k};
    p.alpha = alpha;
    p.beta = beta;
    p.lda = (p.transpose_a ? m : k) + 3;
    p.ldb = (p.transpose_b ? k : n) + 1;
    p.ldc = n + 2;
    p.a = noise(&p.memory, 1, (size_t)(p.transpose_a ? k : m) * (size_t)p.lda);
    p.b = noise(&p.memory, 2, (size_t)(p.transpose_b ? n : k) * (size_t)p.ldb);
    p.before = noise(&p.memory, 3, (size_t)m * (size_t)p.ldc);
    p.c = noise(&p.memory, 3, (size_t)m * (size_t)p.ldc);
    return p;
}

static float at_a(const product *p, int i, int k) {
    return p->a[p->transpose_a ? k * p->lda + i : i * p->lda + k];
}

static float at_b(const product *p, int k, int j) {
    return p->b[p->transpose_b ? j * p->ldb + k : k * p->ldb + j];
}

static void multiply(kernel_choice kernel, product *p) {
    gemm(kernel, p->transpose_a, p->transpose_b, p->m, p->n, p->k, p->alpha, p->a, p->lda, p->b, p->ldb,
         p->beta, p->c, p->ldc);
}

/* Against double, with the error allowed in proportion to the sum of magnitudes; what lies between rows must stay. */
static void check_product(kernel_choice kernel, const product *p) {
    for (int i = 0; i < p->m; i++)
        for (int j = 0; j < p->ldc; j++) {
            double before = p->before[i * p->ldc + j], sum = 0, size = 0;
            for (int k = 0; k < p->k && j < p->n; k++) {
                double term = (double)at_a(p, i, k) * at_b(p, k, j);
                sum += term;
                size += fabs(term);
            }
            double kept = p->beta == 0 ? 0 : p->beta * before;
            double expected = j < p->n ? p->alpha * sum + kept : before;
            double allowed = j < p->n ? 1e-6 * (fabs(p->alpha) * size + fabs(kept)) : 0;
            double found = p->c[i * p->ldc + j];
            if (!(fabs(found - expected) <= allowed))
                fail_msg("%s %dx%dx%d transposed %d %d alpha %g beta %g: C[%d][%d] = %.9g, expected %.9g",
                         kernel_choice_name(kernel), p->m, p->n, p->k, p->transpose_a, p->transpose_b,
                         p->alpha, p->beta, i, j, found, expected);
        }
}

static const int shapes[][3] = {{1, 1, 1},     {1, 17, 5},    {3, 16, 256}, {4, 15, 257},
                                {5, 33, 600},  {64, 16, 9},   {65, 1, 3},   {67, 40, 31},
                                {130, 10, 72}, {8, 100, 300}, {7, 3, 0}};

enum { SHAPES = sizeof shapes / sizeof *shapes };

static void products_are_right(void **state) {
    (void)state;
    const float factors[][2] = {{1, 0}, {1, 1}, {-0.5f, 0.25f}, {0, 2}, {0, 0}};
    for (int kernel = 0; kernel < 2; kernel++)
        for (int s = 0; s < SHAPES; s++)
            for (int transposes = 0; transposes < 4; transposes++)
                for (int f = 0; f < 5; f++) {
                    product p = product_of(shapes[s][0], shapes[s][1], shapes[s][2], transposes,
                                           factors[f][0], factors[f][1]);
                    multiply(kernels[kernel], &p);
                    check_product(kernels[kernel], &p);
                    arena_free(&p.memory);
                }
}

static void beta_zero_does_not_read_c(void **state) {
    (void)state;
    for (int kernel = 0; kernel < 2; kernel++)
        for (int s = 0; s < SHAPES; s++)
            for (int transposes = 0; transposes < 4; transposes++) {
                product p = product_of(shapes[s][0], shapes[s][1], shapes[s][2], transposes, 1, 0);
                for (int i = 0; i < p.m; i++)
                    for (int j = 0; j < p.n; j++)
                        p.c[i * p.ldc + j] = (i + j) % 2 ? NAN : INFINITY;
                multiply(kernels[kernel], &p);
                check_product(kernels[kernel], &p);
                arena_free(&p.memory);
            }
}

static void nan_in_an_operand_shows(void **state) {
    (void)state;
    for (int kernel = 0; kernel < 2; kernel++) {
        product p = product_of(9, 20, 30, 0, 1, 0);
        p.a[4 * p.lda + 7] = NAN;
        multiply(kernels[kernel], &p);
        for (int i = 0; i < p.m; i++)
            for (int j = 0; j < p.n; j++)
                assert_int_equal(isnan(p.c[i * p.ldc + j]) != 0, i == 4);
        arena_free(&p.memory);
    }
}

/* The promise of the portable kernel, bit for bit: one float at a time, in order. */
static void portable_sums_in_order(void **state) {
    (void)state;
    for (int s = 0; s < SHAPES; s++)
        for (int transposes = 0; transposes < 4; transposes++) {
            product p = product_of(shapes[s][0], shapes[s][1], shapes[s][2], transposes, 0.7f, 0.3f);
            multiply(KERNEL_PORTABLE, &p);
            for (int i = 0; i < p.m; i++)
                for (int j = 0; j < p.n; j++) {
                    float sum = 0;
                    for (int k = 0; k < p.k; k++)
                        sum += at_a(&p, i, k) * at_b(&p, k, j);
                    float expected = p.alpha * sum + p.beta * p.before[i * p.ldc + j],
                          found = p.c[i * p.ldc + j];
                    if (memcmp(&found, &expected, sizeof found) != 0)
                        fail_msg("%dx%dx%d: C[%d][%d] = %.9g, expected the bits of %.9g", p.m, p.n, p.k, i, j,
                                 found, expected);
                }
            arena_free(&p.memory);
        }
}

static void empty_products_do_nothing(void **state) {
    (void)state;
    for (int kernel = 0; kernel < 2; kernel++) {
        float c = 5;
        gemm(kernels[kernel], false, false, 0, 1, 1, 1, NULL, 1, NULL, 1, 0, &c, 1);
        gemm(kernels[kernel], false, false, 1, 0, 1, 1, NULL, 1, NULL, 1, 0, &c, 1);
        assert_true(c == 5);
    }
}

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Processor time of the whole process for one of the calling thread. */
static double busy_threads(void) {
    product p = product_of(256, 256, 256, 0, 1, 0);
    double all = seconds(CLOCK_PROCESS_CPUTIME_ID), own = seconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < 40; i++)
        multiply(KERNEL_OPENBLAS, &p);
    all = seconds(CLOCK_PROCESS_CPUTIME_ID) - all;
    own = seconds(CLOCK_THREAD_CPUTIME_ID) - own;
    arena_free(&p.memory);
    return all / own;
}

static void openblas_stays_on_the_calling_thread(void **state) {
    (void)state;
    blas_single_thread();
    assert_near(busy_threads(), 1, 0.15);
}

static int count_threads(void) {
    int threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        threads += entry->d_name[0] != '.';
    if (tasks) closedir(tasks);
    return threads;
}

/* Several threads at once, as convolutions do: nobody brings helpers and the bits are those of one thread. */
static void threads_multiply_side_by_side(void **state) {
    (void)state;
    enum { THREADS = 4 };
    blas_single_thread();
    product expected = product_of(100, 64, 288, 0, 1, 0), found[THREADS];
    multiply(KERNEL_OPENBLAS, &expected);
    for (int i = 0; i < THREADS; i++)
        found[i] = product_of(100, 64, 288, 0, 1, 0);
    int before = 0, after = 0;
#pragma omp parallel num_threads(THREADS)
    {
#pragma omp single
        before = count_threads();
        for (int repeat = 0; repeat < 100; repeat++)
            multiply(KERNEL_OPENBLAS, &found[omp_get_thread_num()]);
#pragma omp barrier
#pragma omp single
        after = count_threads();
    }
    assert_true(before >= THREADS);
    assert_int_equal(after, before);
    for (int i = 0; i < THREADS; i++) {
        assert_memory_equal(found[i].c, expected.c, sizeof(float) * 100 * (size_t)expected.ldc);
        arena_free(&found[i].memory);
    }
    arena_free(&expected.memory);
}

static void openblas_tells_its_name(void **state) {
    (void)state;
    assert_int_equal(strncmp(blas_version(), "OpenBLAS 0.", 11), 0);
    assert_null(strchr(blas_version() + 9, ' '));
    assert_true(strlen(blas_core()) > 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_right),
        cmocka_unit_test(beta_zero_does_not_read_c),
        cmocka_unit_test(nan_in_an_operand_shows),
        cmocka_unit_test(portable_sums_in_order),
        cmocka_unit_test(empty_products_do_nothing),
        cmocka_unit_test(openblas_stays_on_the_calling_thread),
        cmocka_unit_test(threads_multiply_side_by_side),
        cmocka_unit_test(openblas_tells_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
