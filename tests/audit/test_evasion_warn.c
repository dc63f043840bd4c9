/* When one attack being stronger than another raises a warning. */
#include "audit/evasion.h"
#include "audit/result.h"
#include "tests/support/test.h"

enum { N = 100 };

static const double eps[] = {.1};

/* Of 100 images that are all right unchanged, method k breaks the first `broken[k]`. */
static result *result_of(const char *const *names, const int *broken, int n_methods) {
    static uint8_t right[N], finished[N];
    static int32_t broken_at[EVASION_METHODS][N], ids[N];
    evasion_plan p = {.n_methods = n_methods, .norm = NORM_LINF, .eps = eps, .n_eps = 1};
    evasion v = {.n_done = n_methods};
    for (int k = 0; k < n_methods; k++) {
        p.methods[k] = attack_find(names[k]);
        assert_non_null(p.methods[k]);
        for (int i = 0; i < N; i++) {
            right[i] = finished[i] = 1;
            ids[i] = i;
            broken_at[k][i] = i >= broken[k];
        }
        v.results[k] = (attack_result){.n = N,
                                       .n_eps = 1,
                                       .classes = 2,
                                       .finished = finished,
                                       .clean_correct = right,
                                       .broken_at = broken_at[k]};
    }
    run r = run_default();
    result *x = result_new("attack", &r);
    evasion_record(x, &(dataset){.n = N, .ids = ids}, &p, &v);
    return x;
}

static void expect(const char *code, const char *const *names, const int *broken, int n_methods) {
    result *x = result_of(names, broken, n_methods);
    const json *warnings = json_get(json_get(result_json(x), "body"), "warnings");
    bool found = false;
    for (size_t i = 0; i < json_count(warnings); i++) {
        const char *text = json_as_string(json_get(json_at(warnings, i), "code"));
        if (!code) fail_msg("warning %s, expected none", text);
        found = found || (code && strcmp(text, code) == 0);
    }
    if (code && !found) fail_msg("no warning %s", code);
    result_free(x);
}

static void one_step_or_none(void **state) {
    (void)state;
    const char *const steps[] = {"fgsm", "pgd"}, *const blind[] = {"noise", "pgd"};
    expect("ONE_STEP_STRONGER", steps, (const int[]){50, 48}, 2);
    expect(NULL, steps, (const int[]){50, 49}, 2); /* one in a hundred is chance */
    expect(NULL, steps, (const int[]){48, 50}, 2);
    expect("BLACKBOX_STRONGER", blind, (const int[]){10, 5}, 2);
}

/* deepfool stops at the first boundary it meets: that it finds less than one step is no sign, while pgd finds more. */
static void small_distances_are_no_measure(void **state) {
    (void)state;
    const char *const three[] = {"fgsm", "pgd", "deepfool"}, *const two[] = {"fgsm", "deepfool"};
    expect(NULL, three, (const int[]){50, 60, 40}, 3);
    expect("ONE_STEP_STRONGER", three, (const int[]){50, 40, 60}, 3);
    expect("ONE_STEP_STRONGER", two, (const int[]){50, 40}, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_step_or_none),
                                       cmocka_unit_test(small_distances_are_no_measure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
