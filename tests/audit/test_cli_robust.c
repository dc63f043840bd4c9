/* audit train --robust: defaults, what is printed and recorded, and coming back from a checkpoint. */
#include "core/json.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

#include <string.h>

#define QUICK "train --data synth:shapes -n 100 --arch wong-kolter --epochs 2 --robust-eps .05 "

/* A net for certificates tells what they prove, never more than withstands the attack. */
static void certified_training_tells_both_bounds(void **state) {
    (void)state;
    cli c = cli_run(0, NULL, QUICK "--robust ibp -o ibp.bin --json ibp.json");
    assert_non_null(strstr(c.out, "certified by ibp at eps 0.05"));
    assert_non_null(strstr(c.out, "certified\n"));
    cli_free(&c);
    json_free(assert_result_file(temporary_path("ibp.json")));
    c = cli_run(0, NULL, "inspect ibp.bin --recipe -");
    assert_non_null(strstr(c.out, "\"optimizer\": \"adamw\""));
    assert_non_null(strstr(c.out, "\"init\": \"ibp\""));
    assert_non_null(strstr(c.out, "\"robust-kappa\": 0.5"));
    cli_free(&c);
    cli_expect(2, "--norm none", "train --data synth:shapes -n 50 --arch small --robust ibp -o x.bin");
    cli_expect(2, "--robust-kappa", QUICK "--robust pgd --robust-kappa .3 -o x.bin");
    cli_expect(0, NULL,
               "train --data synth:shapes -n 200 --arch small --epochs 1 --robust ibp --norm none -o x.bin");
}

/* The guard's memory is in the checkpoint: what is stopped after an epoch ends as if it had not been. */
static void checkpoints_hold_the_guard(void **state) {
    (void)state;
    static const char *const methods[] = {"fast", "ibp"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        cli_expect(0, NULL, QUICK "--robust %s -o whole.bin --checkpoint %s-{epoch}.ckpt", methods[i],
                   methods[i]);
        cli_expect(0, NULL, QUICK "--robust %s -o parts.bin --resume %s-1.ckpt", methods[i], methods[i]);
        assert_same_file("whole.bin", "parts.bin");
    }
    cli_expect(2, "made with another \"objective\"",
               QUICK "--robust fast --robust-step-size 1 -o x.bin --resume fast-1.ckpt");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(certified_training_tells_both_bounds),
                                       cmocka_unit_test(checkpoints_hold_the_guard)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
