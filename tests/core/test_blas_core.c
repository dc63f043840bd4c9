/* The restart under a faster core type: this program starts itself, and the start may replace itself once. */
#include "tests/support/test.h"

#include <stdbool.h>
#include <unistd.h>

#include "core/blas.h"

enum { PATH_CAP = 4096 };

/* Runs this program as `report PAYLOAD` with `environment` before it; what it prints: its core type and its arguments. */
static void started(const char *environment, char core[32], char payload[32]) {
    char self[PATH_CAP] = "", command[2 * PATH_CAP];
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    snprintf(command, sizeof command, "%s timeout 20 '%s' report kept", environment, self);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    assert_int_equal(fscanf(output, "%31s %31s", core, payload), 2);
    assert_int_equal(pclose(output), 0);
    assert_string_equal(payload, "kept");
}

static bool has_avx512(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512cd");
#else
    return false;
#endif
}

static void an_avx2_core_is_left_where_the_cpu_has_avx512(void **state) {
    (void)state;
    char core[32], payload[32];
    started("env -u OPENBLAS_CORETYPE", core, payload);
    bool avx2_core = strcmp(core, "Haswell") == 0 || strcmp(core, "Zen") == 0;
    if (has_avx512()) assert_false(avx2_core);
}

static void the_users_choice_stands(void **state) {
    (void)state;
    if (strcmp(blas_core(), "Haswell") != 0 && strcmp(blas_core(), "SkylakeX") != 0) skip();
    char core[32], payload[32];
    started("OPENBLAS_CORETYPE=Haswell", core, payload);
    assert_string_equal(core, "Haswell");
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "report") == 0) {
        blas_choose_core(argv);
        printf("%s %s\n", blas_core(), argv[2]);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_avx2_core_is_left_where_the_cpu_has_avx512),
        cmocka_unit_test(the_users_choice_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
