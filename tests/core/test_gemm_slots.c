/* What a row's bits depend on, under each core type of OpenBLAS: this program starts itself once per type (OpenBLAS reads
 * OPENBLAS_CORETYPE when it is loaded) and reads one line from each start. */
#include "tests/support/test.h"

#include <inttypes.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/blas.h"
#include "core/rng.h"

enum { ROWS = 8, PATH_CAP = 4096 };

static const int widths[] = {1, 2, 5, 10, 16, 17, 32, 33, 64, 100, 1024};
static const int depths[] = {1, 9, 27, 72, 100, 288, 576, 1024, 3136};

static uint64_t hash_bytes(uint64_t h, const void *data, size_t size) {
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        h = (h ^ bytes[i]) * 0x100000001B3u;
    return h;
}

static float *noise(arena *memory, uint32_t row, size_t n) {
    float *values = arena_array(memory, n, sizeof *values);
    rng r = rng_stream(1, "test", 0, row, 0, 0);
    for (size_t i = 0; values && i < n; i++)
        values[i] = rng_range(&r, -1, 1);
    return values;
}

/* Multiplies ROWS different rows in every rotation; false when a row's result changes with its slot or neighbours. */
static bool slots_agree(kernel_choice kernel, bool transpose_b, int n, int k, uint64_t *hash) {
    arena memory = {0};
    size_t row = (size_t)k, out = (size_t)n;
    float *a = noise(&memory, 1, 2 * ROWS * row), *b = noise(&memory, 2, row * out);
    float *first = noise(&memory, 3, ROWS * out), *c = noise(&memory, 3, ROWS * out);
    memcpy(a + ROWS * row, a, ROWS * row * sizeof *a);
    bool agree = true;
    for (int turn = 0; turn < ROWS; turn++) {
        float *result = turn == 0 ? first : c;
        gemm(kernel, false, transpose_b, ROWS, n, k, 1, a + (size_t)turn * row, k, b, transpose_b ? k : n, 0,
             result, n);
        for (int i = 0; i < ROWS; i++)
            agree &= memcmp(result + (size_t)i * out, first + (size_t)((i + turn) % ROWS) * out,
                            out * sizeof *c) == 0;
    }
    *hash = hash_bytes(*hash, first, ROWS * out * sizeof *first);
    arena_free(&memory);
    return agree;
}

/* Prints: core type, shapes whose slots differ with OpenBLAS, the same with the portable kernel, hash of the portable results. */
static int report(void) {
    blas_single_thread();
    uint64_t hashes[2] = {0};
    int differing[2] = {0};
    for (int kind = 0; kind < 2; kind++)
        for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
            for (size_t j = 0; j < sizeof depths / sizeof *depths; j++)
                for (int transpose = 0; transpose < 2; transpose++)
                    differing[kind] += !slots_agree(kind ? KERNEL_PORTABLE : KERNEL_OPENBLAS, transpose,
                                                    widths[i], depths[j], &hashes[kind]);
    printf("%s %d %d %" PRIx64 "\n", blas_core(), differing[0], differing[1], hashes[1]);
    return 0;
}

static bool cpu_has(const char *core) {
#if defined(__x86_64__)
    if (strcmp(core, "SkylakeX") == 0)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false && core;
#endif
}

static uint64_t run_under(const char *core) {
    char self[PATH_CAP] = "", command[2 * PATH_CAP], found[32] = "";
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    snprintf(command, sizeof command, "OPENBLAS_CORETYPE=%s '%s' report", core, self);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    int openblas = -1, portable = -1;
    uint64_t hash = 0;
    assert_int_equal(fscanf(output, "%31s %d %d %" SCNx64, found, &openblas, &portable, &hash), 4);
    assert_int_equal(pclose(output), 0);
    assert_string_equal(found, core);
    print_message("%s: slots differ in %d shapes (OpenBLAS), %d (portable)\n", core, openblas, portable);
    assert_int_equal(openblas, 0);
    assert_int_equal(portable, 0);
    return hash;
}

static void eight_rows_do_not_see_each_other(void **state) {
    (void)state;
    static const char *const cores[] = {"Haswell", "Zen", "SkylakeX"};
    uint64_t hash = 0;
    for (int i = 0; i < 3; i++) {
        if (!cpu_has(cores[i])) {
            print_message("%s: not on this processor\n", cores[i]);
            continue;
        }
        uint64_t found = run_under(cores[i]);
        if (hash) assert_true(found == hash); /* the portable kernel's bits */
        hash = found;
    }
    if (!hash) skip();
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "report") == 0) return report();
    const struct CMUnitTest tests[] = {cmocka_unit_test(eight_rows_do_not_see_each_other)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
