/* audit certify on the command line. */
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

static void certificates_do_not_depend_on_threads(void **state) {
    (void)state;
    static const char *const methods[] = {"crown --steps 3", "ibp --steps 3", "smoothing"};
    cli_expect(0, NULL, "train --data synth:shapes -n 200 --arch lenet5 --epochs 1 --batch 32 -o net.bin");
    for (int i = 0; i < 3; i++) {
        cli_expect(0, NULL,
                   "certify net.bin --data synth:shapes -n 4 --eps .0005,.002 --method %s --samples 50 "
                   "--threads 1 --json one.json",
                   methods[i]);
        cli_expect(0, NULL,
                   "certify net.bin --data synth:shapes -n 4 --eps .0005,.002 --method %s --samples 50 "
                   "--threads 3 --json three.json",
                   methods[i]);
        assert_same_body("one.json", "three.json");
        json_free(assert_result_file(temporary_path("one.json")));
    }
    cli_expect(2, "--eps", "certify net.bin --data synth:shapes --eps -1");
    cli_expect(2, "--method", "certify net.bin --data synth:shapes --method hope");
    cli_expect(2, "--real: --method smoothing",
               "certify net.bin --data synth:shapes --method smoothing --real");
    cli_expect(2, "--steps: --method smoothing",
               "certify net.bin --data synth:shapes --method smoothing --steps 5");
    cli_expect(2, "--restarts: --method smoothing",
               "certify net.bin --data synth:shapes --method smoothing --restarts 2");
    cli_expect(2, "--slopes: --method ibp", "certify net.bin --data synth:shapes --method ibp --slopes kw");
    cli_expect(2, "--sigma", "certify net.bin --data synth:shapes --method smoothing --sigma 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(certificates_do_not_depend_on_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
