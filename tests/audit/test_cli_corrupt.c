/* audit corrupt on the command line. */
#include <math.h>
#include <string.h>

#include "core/npy.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

static const char *text_of(const json *row, const char *name) {
    const char *text = json_as_string(json_get(row, name));
    return text ? text : "";
}

static double value_of(const json *result, const char *metric, const char *corruption, double severity) {
    const json *rows = json_get(json_get(result, "body"), "rows");
    for (size_t i = 0; i < json_count(rows); i++) {
        const json *row = json_at(rows, i);
        const json *eps = json_get(row, "eps");
        if (strcmp(text_of(row, "metric"), metric) != 0) continue;
        if (strcmp(text_of(row, "attack"), corruption) != 0) continue;
        if (severity == 0 || fabs(json_as_real(eps, NAN) - severity) < 1e-9)
            return json_as_real(json_get(row, "value"), NAN);
    }
    fail_msg("no row %s %s %g", metric, corruption, severity);
    return NAN;
}

static void corruptions_do_not_depend_on_threads(void **state) {
    (void)state;
    cli_expect(0, NULL, "train --data synth:shapes -n 300 --arch lenet5 --epochs 2 --batch 32 -o net.bin");
    for (int threads = 1; threads <= 3; threads += 2)
        cli_expect(0, NULL, "corrupt net.bin --data synth:shapes -n 20 --threads %d --json c%d.json", threads,
                   threads);
    assert_same_body("c1.json", "c3.json");
    json *r = assert_result_file(temporary_path("c1.json"));
    double mild = value_of(r, "accuracy", "contrast", 1), severe = value_of(r, "accuracy", "contrast", 5);
    assert_true(mild >= 0 && mild <= 1 && severe <= 1);
    json_free(r);
}

/* A model beside itself has the errors of the baseline: 100 %. */
static void the_baseline_is_the_unit(void **state) {
    (void)state;
    cli_expect(
        0, NULL,
        "corrupt net.bin --data synth:shapes -n 60 -c gaussian_noise,contrast --severity 3,5 --baseline "
        "net.bin --sheet sheet.png --save images.npz --json base.json");
    json *r = assert_result_file(temporary_path("base.json"));
    assert_near(value_of(r, "mce", "corruptions", 0), 100, 1e-9);
    json_free(r);
    npz z;
    err e = {{0}};
    assert_ok(npz_read_file(temporary_path("images.npz"), &z, &e), e);
    assert_int_equal(npz_find(&z, "images")->dims[0], 60 * 2 * 2);
    npz_free(&z);
}

static void bad_input(void **state) {
    (void)state;
    cli_expect(2, "--severity", "corrupt net.bin --data synth:shapes --severity 6");
    cli_expect(2, "--corruption", "corrupt net.bin --data synth:shapes -c rain");
    cli_expect(2, "nowhere", "corrupt net.bin --data synth:shapes -c fog --arrays nowhere");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(corruptions_do_not_depend_on_threads),
                                       cmocka_unit_test(the_baseline_is_the_unit),
                                       cmocka_unit_test(bad_input)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
