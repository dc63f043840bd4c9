/* Linear kernels against sums in double; equal rows must give equal bits in every slot, on every core type of
 * OpenBLAS that this CPU can play, and portable kernels the same bits on all. */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/blas.h"
#include "nets/kernels/linear.h"
#include "tests/nets/kernels_reference.h"

static const double tolerance = 2e-6;
static const int sizes[][2] = {{1, 1},     {1, 33},   {5, 10},    {17, 16},   {64, 10},
                               {100, 130}, {256, 64}, {1024, 10}, {400, 120}, {3136, 70}};
enum { SIZES = sizeof sizes / sizeof sizes[0], ROWS = 3 * LINEAR_ROWS };

static void *pack_new(const linear_kernel *k, linear_pass pass, int in, int out, const float *w) {
    void *packed = alloc_aligned(k->pack_bytes(pass, in, out));
    assert_non_null(packed);
    k->pack(pass, in, out, w, packed);
    return packed;
}

static void run_kernel(const linear_kernel *k, linear_pass pass, int in, int out, const float *from,
                       const float *w, const epilogue *e, float *to) {
    void *packed = k->pack_bytes(pass, in, out) ? pack_new(k, pass, in, out, w) : NULL;
    k->run(pass, in, out, ROWS, from, packed ? packed : w, e, to);
    free(packed);
}

static void check_value(const linear_kernel *k, linear_pass pass, int in, int out) {
    uint64_t seed = 3;
    bool forward = pass == LINEAR_FORWARD;
    int n_k = forward ? in : out, n = forward ? out : in;
    size_t n_w = (size_t)in * (size_t)out, n_from = (size_t)(ROWS * n_k), n_to = (size_t)(ROWS * n);
    float *w = guarded_new(n_w, &seed), *from = guarded_new(n_from, &seed), *to = guarded_new(n_to, NULL);
    epilogue none = {0};
    run_kernel(k, pass, in, out, from, w, &none, to);
    for (int r = 0; r < ROWS; r++)
        for (int o = 0; o < n; o++) {
            double sum = 0, size = 0;
            for (int i = 0; i < n_k; i++) {
                double v = (double)from[r * n_k + i] * (double)(forward ? w[o * in + i] : w[i * in + o]);
                sum += v, size += fabs(v);
            }
            if (!(fabs(to[r * n + o] - sum) <= tolerance * size))
                fail_msg("%s: pass %d, %d -> %d: row %d, feature %d is %g, expected %g", k->name, pass, in,
                         out, r, o, (double)to[r * n + o], sum);
        }
    guarded_free(w, n_w);
    guarded_free(from, n_from);
    guarded_free(to, n_to);
}

static void for_each_kernel(void (*check)(const linear_kernel *k, linear_pass pass, int in, int out)) {
    for (int i = 0; linear_kernel_at(i); i++)
        for (int s = 0; s < SIZES; s++)
            for (int pass = 0; pass < 2; pass++) {
                const linear_kernel *k = linear_kernel_at(i);
                if (k->supports((linear_pass)pass, sizes[s][0], sizes[s][1]))
                    check(k, (linear_pass)pass, sizes[s][0], sizes[s][1]);
            }
}

static void values(void **state) {
    (void)state;
    for_each_kernel(check_value);
}

static void check_epilogue(const linear_kernel *k, linear_pass pass, int in, int out) {
    uint64_t seed = 4;
    int n_k = pass == LINEAR_FORWARD ? in : out, n = pass == LINEAR_FORWARD ? out : in;
    size_t n_w = (size_t)in * (size_t)out, n_from = (size_t)(ROWS * n_k), n_to = (size_t)(ROWS * n);
    float *w = guarded_new(n_w, &seed), *from = guarded_new(n_from, &seed), *to = guarded_new(n_to, NULL);
    float *sums = guarded_new(n_to, NULL), *bias = guarded_new((size_t)n, &seed),
          *addend = guarded_new(n_to, &seed);
    uint8_t *bits = malloc(3 * mask_bytes(n_to)), *mask = bits + mask_bytes(n_to),
            *gate = mask + mask_bytes(n_to);
    assert_non_null(bits);
    for (size_t i = 0; i < mask_bytes(n_to); i++)
        gate[i] = (uint8_t)next_number(&seed);
    for (int c = 0; c < 16; c++) {
        epilogue e = {.bias = c & 1 ? bias : NULL,
                      .addend = c & 2 ? addend : NULL,
                      .relu = c & 4,
                      .gate = c & 8 ? gate : NULL};
        epilogue none = {0};
        run_kernel(k, pass, in, out, from, w, &none, sums);
        e.mask = mask;
        epilogue_apply(&e, n_to, n, sums);
        e.mask = bits;
        run_kernel(k, pass, in, out, from, w, &e, to);
        if (memcmp(sums, to, n_to * sizeof(float)) != 0 ||
            (e.relu && memcmp(mask, bits, mask_bytes(n_to)) != 0))
            fail_msg("%s: pass %d, %d -> %d: epilogue %d differs from the plain one", k->name, pass, in, out,
                     c);
    }
    guarded_free(w, n_w);
    guarded_free(from, n_from);
    guarded_free(to, n_to);
    guarded_free(sums, n_to);
    guarded_free(bias, (size_t)n);
    guarded_free(addend, n_to);
    free(bits);
}

static void epilogues(void **state) {
    (void)state;
    for_each_kernel(check_epilogue);
}

/* All rows equal: all results must be. */
static void check_slots(const linear_kernel *k, linear_pass pass, int in, int out) {
    uint64_t seed = 6;
    int n_k = pass == LINEAR_FORWARD ? in : out, n = pass == LINEAR_FORWARD ? out : in;
    size_t n_w = (size_t)in * (size_t)out, n_from = (size_t)(ROWS * n_k), n_to = (size_t)(ROWS * n);
    float *w = guarded_new(n_w, &seed), *from = guarded_new(n_from, &seed), *to = guarded_new(n_to, NULL);
    for (int r = 1; r < ROWS; r++)
        memcpy(from + r * n_k, from, (size_t)n_k * sizeof(float));
    epilogue none = {0};
    run_kernel(k, pass, in, out, from, w, &none, to);
    for (int r = 1; r < ROWS; r++)
        if (memcmp(to, to + r * n, (size_t)n * sizeof(float)) != 0)
            fail_msg("%s on %s: pass %d, %d -> %d: row %d differs from row 0", k->name, blas_core(), pass, in,
                     out, r);
    guarded_free(w, n_w);
    guarded_free(from, n_from);
    guarded_free(to, n_to);
}

static void slots(void **state) {
    (void)state;
    for_each_kernel(check_slots);
}

/* A hash of what the portable kernels compute. */
static uint64_t portable_hash(void) {
    uint64_t hash = 14695981039346656037u, seed = 8;
    float x[100 * ROWS], w[100 * 30], y[30 * ROWS];
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        x[i] = next_value(&seed);
    for (size_t i = 0; i < sizeof w / sizeof w[0]; i++)
        w[i] = next_value(&seed);
    epilogue none = {0};
    linear_choose(KERNEL_PORTABLE, LINEAR_FORWARD, 100, 30)
        ->run(LINEAR_FORWARD, 100, 30, ROWS, x, w, &none, y);
    for (size_t i = 0; i < sizeof y; i++)
        hash = (hash ^ ((const uint8_t *)y)[i]) * 1099511628211u;
    return hash;
}

/* Runs this program as `test core` with the core type set; its exit code, and what it wrote. */
static int run_as(const char *core, char *output, size_t size) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("OPENBLAS_CORETYPE", core, 1);
        dup2(ends[1], 3);
        execl("/proc/self/exe", "test", core, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], output, size - 1);
    output[got > 0 ? got : 0] = 0;
    close(ends[0]);
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    return WIFEXITED(code) ? WEXITSTATUS(code) : 128;
}

static bool can_play(const char *core) {
#if defined(__x86_64__)
    return strcmp(core, "SkylakeX") == 0
               ? __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
               : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    (void)core;
    return false;
#endif
}

static void every_core(void **state) {
    (void)state;
    const char *cores[] = {"Haswell", "Zen", "SkylakeX"};
    char expected[32], got[32];
    snprintf(expected, sizeof expected, "%016llx", (unsigned long long)portable_hash());
    for (size_t i = 0; i < sizeof cores / sizeof cores[0]; i++) {
        if (!can_play(cores[i])) continue;
        if (run_as(cores[i], got, sizeof got) != 0)
            fail_msg("the slot test fails with OPENBLAS_CORETYPE=%s", cores[i]);
        assert_string_equal(got, expected);
    }
}

/* `test CORE`: the slot test with that core, then the portable hash on descriptor 3. */
static int child_main(const char *core) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(slots)};
    int failed = cmocka_run_group_tests_name(core, tests, NULL, NULL);
    char text[32];
    int n = snprintf(text, sizeof text, "%016llx", (unsigned long long)portable_hash());
    return write(3, text, (size_t)n) == n ? failed : 1;
}

int main(int argc, char **argv) {
    if (argc > 1) return child_main(argv[1]);
    const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(epilogues),
                                       cmocka_unit_test(slots), cmocka_unit_test(every_core)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
