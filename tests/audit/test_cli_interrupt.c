/* Work that ends early: signals, time limits, a full disk. Nothing half-written may stay. */
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

/* Long enough never to end by itself in a test. */
#define ENDLESS "train --data synth:shapes -n 2000 --arch lenet5 --epochs 100000 "

static void nap(double seconds) {
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

/* Waits until the child has printed its first epoch, so that it is in the middle of training. */
static void wait_for_training(const cli *c) {
    for (int i = 0; i < 600; i++) {
        if (lseek(c->files[0], 0, SEEK_END) > 120) return;
        nap(0.05);
    }
    kill(c->pid, SIGKILL);
    fail_msg("no epoch after 30 s");
}

static void kill_leaves_nothing(void **state) {
    (void)state;
    cli c = cli_start(ENDLESS "-o killed.bin --json killed.json");
    wait_for_training(&c);
    kill(c.pid, SIGKILL);
    cli_wait(&c);
    assert_int_equal(c.exit_code, 128 + SIGKILL);
    cli_free(&c);
    assert_no_file_like("killed");
}

static void interrupt_ends_cleanly(void **state) {
    (void)state;
    cli c = cli_start(ENDLESS "-o stopped.bin --json stopped.json");
    wait_for_training(&c);
    kill(c.pid, SIGINT);
    cli_wait(&c);
    assert_int_equal(c.exit_code, 130);
    assert_non_null(strstr(c.err, "interrupted, stopped.bin was not written"));
    cli_free(&c);
    assert_no_file_like("stopped");
}

static void interrupt_saves_when_asked(void **state) {
    (void)state;
    cli c = cli_start(ENDLESS "-o partial.bin --save-on-interrupt");
    wait_for_training(&c);
    kill(c.pid, SIGTERM);
    cli_wait(&c);
    assert_int_equal(c.exit_code, 130);
    cli_free(&c);
    c = cli_run(0, NULL, "inspect partial.bin");
    assert_non_null(strstr(c.out, "\"finished\": false"));
    cli_free(&c);
}

static void time_limit_is_not_evaluable(void **state) {
    (void)state;
    cli_expect(3, "stopped by the time limit of 1 s", ENDLESS "-o late.bin --time-limit 1");
    assert_no_file_like("late");
}

/* The first attack is finished, the second one is not: what was finished is kept and marked. */
static void finished_attacks_are_kept(void **state) {
    (void)state;
    cli_expect(0, NULL, "train --data synth:shapes -n 300 --arch lenet5 --epochs 1 -o model.bin");
    cli_expect(3, "time limit",
               "attack model.bin --data synth:shapes -n 500 --attack fgsm,pgd --eps 1e-9 --steps 100000 "
               "--time-limit 2 "
               "--json partial.json");
    json *document = assert_result_file(temporary_path("partial.json"));
    assert_false(json_as_bool(json_get(json_get(document, "run"), "reproducible"), true));
    const json *warning = json_at(json_get(json_get(document, "body"), "warnings"), 0);
    assert_string_equal(json_as_string(json_get(warning, "code")), "TIME_LIMIT");
    json_free(document);
}

static void full_disk(void **state) {
    (void)state;
    cli c = cli_start_limited(2000, "train --data synth:shapes -n 100 --arch lenet5 --epochs 1 -o full.bin");
    cli_wait(&c);
    assert_int_equal(c.exit_code, 2);
    assert_non_null(strstr(c.err, "full.bin"));
    cli_free(&c);
    assert_no_file_like("full");
    cli_expect(0, NULL, "train --data synth:shapes -n 100 --arch linear --epochs 1 -o small.bin");
    cli_expect(2, "/dev/full", "eval small.bin --data synth:shapes --json /dev/full");
    cli_expect(2, "no/such", "eval small.bin --data synth:shapes --json no/such/folder.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kill_leaves_nothing),        cmocka_unit_test(interrupt_ends_cleanly),
        cmocka_unit_test(interrupt_saves_when_asked), cmocka_unit_test(time_limit_is_not_evaluable),
        cmocka_unit_test(finished_attacks_are_kept),  cmocka_unit_test(full_disk)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
