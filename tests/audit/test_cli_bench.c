/* audit bench: a valid result whose body does not depend on the speed, a picture, and refusals. */
#include <sys/stat.h>

#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

#define QUICK "bench --seconds .01 --steps 1 --batch 8 --image 12x10x3 "

static void measures(void **state) {
    (void)state;
    struct stat s;
    cli_expect(0, NULL, QUICK "--arch resnet8 -o roof.svg --json a.json");
    cli_expect(0, NULL, QUICK "--arch resnet8 --json b.json");
    assert_same_body("a.json", "b.json");
    json *j = assert_result_file(temporary_path("a.json"));
    const json *measured = json_get(json_get(j, "run"), "measured");
    assert_int_equal(json_count(json_get(measured, "throughput")), 3);
    assert_true(json_count(json_get(measured, "layers")) > 20);
    assert_true(json_as_real(json_get(json_get(measured, "machine"), "gflops"), 0) > 0);
    json_free(j);
    assert_int_equal(stat(temporary_path("roof.svg"), &s), 0);
    cli_expect(0, NULL, "report a.json -o page.html");
    char *page = slurp("page.html");
    assert_non_null(strstr(page, "Roofline"));
    free(page);
}

static void measures_a_file(void **state) {
    (void)state;
    cli_expect(0, NULL, "train --data synth:shapes -n 40 --arch lenet5 --epochs 1 --batch 8 -o model.bin");
    cli_expect(0, NULL, "bench model.bin --seconds .01 --steps 1 --batch 8");
}

static void refuses(void **state) {
    (void)state;
    cli_expect(2, "expected HxWxC", "bench --image 28x28");
    cli_expect(2, "expected HxWxC", "bench --image 0x28x1");
    cli_expect(2, "did you mean", "bench --arch resnet2O");
    cli_expect(2, NULL, "bench nowhere.bin");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures),
        cmocka_unit_test(measures_a_file),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
