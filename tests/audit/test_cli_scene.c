/* Attacks that are not one ball around each image, on the command line: the same bytes for any number of threads, valid results, pictures, and
 * errors of one line. */
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

static int train(void **state) {
    (void)state;
    if (!getenv("AUDIT_BINARY") || !*getenv("AUDIT_BINARY")) return 0;
    cli_expect(0, NULL, "train --data synth:shapes -n 300 --arch lenet5 --epochs 2 --batch 32 -o net.bin");
    cli_expect(0, NULL,
               "train --data synth:shapes -n 300 --arch lenet5 --epochs 2 --batch 32 --seed 5 -o other.bin");
    return 0;
}

static const json *rows_of(const json *document) {
    return json_get(json_get(document, "body"), "rows");
}

/* The value of the first row of a metric, attack and group; fails where there is none. */
static double value_of(const json *document, const char *metric, const char *attack, const char *group) {
    const json *rows = rows_of(document);
    for (size_t i = 0; i < json_count(rows); i++) {
        const json *row = json_at(rows, i);
        if (strcmp(json_as_string(json_get(row, "metric")), metric) == 0 &&
            strcmp(json_as_string(json_get(row, "attack")), attack) == 0 &&
            strcmp(json_as_string(json_get(row, "group")), group) == 0)
            return json_as_real(json_get(row, "value"), -1);
    }
    fail_msg("no row %s %s %s", metric, attack, group);
    return -1;
}

/* Runs it with one thread and with three; the result, which is valid, must be freed. */
static json *same_for_threads(const char *words) {
    cli_expect(0, NULL, "%s --threads 1 --json one.json --sheet one.png", words);
    cli_expect(0, NULL, "%s --threads 3 --json three.json --sheet three.png", words);
    assert_same_body("one.json", "three.json");
    assert_same_file("one.png", "three.png");
    cli_expect(0, NULL, "report one.json -o page.html");
    return assert_result_file(temporary_path("one.json"));
}

static void transferability(void **state) {
    (void)state;
    json *document =
        same_for_threads("transferability net.bin other.bin --data synth:shapes -n 60 --eps .1 --steps 5");
    double clean = value_of(document, "accuracy", "none", "target=net");
    double own = value_of(document, "accuracy", "mifgsm", "source=net&target=net");
    double other = value_of(document, "accuracy", "mifgsm", "source=other&target=net");
    assert_true(own < clean && own <= other);
    value_of(document, "transfer_rate", "mifgsm", "source=net&target=other");
    json_free(document);
    cli_expect(0, NULL,
               "transferability net.bin net.bin --data synth:shapes -n 40 --norm l2 --json twice.json");
    document = assert_result_file(temporary_path("twice.json"));
    assert_near(value_of(document, "transfer_rate", "mifgsm", "source=net&target=net-2"), 1, 0);
    json_free(document);
    cli_expect(2, "--attack", "transferability net.bin other.bin --data synth:shapes --attack deepfool");
    cli_expect(2, "MODEL MODEL", "transferability net.bin --data synth:shapes");
    cli_expect(0, NULL, "train --data synth:arrows -n 40 --arch linear --epochs 1 -o arrows.bin");
    cli_expect(2, "cannot be shown to the other", "transferability net.bin arrows.bin --data synth:shapes");
    cli_expect(3, "time limit",
               "transferability net.bin other.bin --data synth:shapes -n 60 --steps 100000 --time-limit 1");
}

static void spatial(void **state) {
    (void)state;
    json *document = same_for_threads("spatial net.bin --data synth:shapes -n 40 --angles 7 --shifts 3");
    double clean = value_of(document, "accuracy", "none", "all"),
           grid = value_of(document, "accuracy", "grid", "all");
    assert_true(grid < clean && grid <= value_of(document, "accuracy", "rotation", "all") &&
                grid <= value_of(document, "accuracy", "shift", "all"));
    assert_near(value_of(document, "accuracy", "rotation", "angle=0"), clean, 0);
    value_of(document, "accuracy", "random", "all");
    value_of(document, "accuracy", "worst-of-10", "all");
    json_free(document);
    cli_expect(0, NULL,
               "spatial net.bin --data synth:shapes -n 20 --degrees 0 --shift 0 --padding edge --json "
               "still.json --sheet "
               "none.png");
    document = assert_result_file(temporary_path("still.json"));
    assert_near(value_of(document, "accuracy", "grid", "all"), value_of(document, "accuracy", "none", "all"),
                0);
    json_free(document);
    char *sheet = slurp("none.png");
    assert_null(sheet); /* NO_SHEET */
    cli_expect(2, "odd numbers", "spatial net.bin --data synth:shapes --angles 4");
    cli_expect(2, "--shift", "spatial net.bin --data synth:shapes --shift 2");
    cli_expect(3, "time limit",
               "spatial net.bin --data synth:shapes -n 0 --random 1000 --angles 401 --shifts 11 --time-limit "
               "1 --json "
               "late.json");
}

static void patch(void **state) {
    (void)state;
    json *document = same_for_threads(
        "patch net.bin --data synth:shapes -n 50 --train-n 100 --steps 20 --images 32 --side .5 "
        "--degrees 10 --scale .1");
    double learned = value_of(document, "target_success", "patch", "all");
    assert_true(learned >= value_of(document, "target_success", "noise-patch", "all"));
    value_of(document, "target_success", "image-patch", "all");
    value_of(document, "accuracy", "none", "all");
    assert_true(json_count(json_get(json_get(json_get(document, "body"), "extra"), "trials")) > 2);
    json_free(document);
    cli_expect(0, NULL,
               "patch net.bin --data synth:shapes -n 20 --train-n 40 --steps 2 --images 16 --target circle "
               "--json one.json");
    document = assert_result_file(temporary_path("one.json"));
    const json *settings = json_get(json_get(document, "body"), "settings");
    assert_string_equal(json_as_string(json_get(settings, "target")), "circle");
    assert_false(json_as_bool(json_get(settings, "halved"), true));
    json_free(document);
    cli_expect(2, "--target", "patch net.bin --data synth:shapes --target pentacle");
    cli_expect(2, "--side", "patch net.bin --data synth:shapes --side 2");
    cli_expect(3, "time limit",
               "patch net.bin --data synth:shapes --target circle --steps 1000000 --time-limit 1");
}

static void universal(void **state) {
    (void)state;
    json *document = same_for_threads(
        "universal net.bin --data synth:shapes -n 60 --train-n 100 --steps 20 --images 32 --eps .1,.2");
    double learned = value_of(document, "accuracy", "universal", "all");
    assert_true(learned < value_of(document, "accuracy", "none", "all"));
    assert_true(value_of(document, "fooling_rate", "universal", "all") >
                value_of(document, "fooling_rate", "random", "all"));
    json_free(document);
    cli_expect(0, NULL,
               "universal net.bin --data synth:shapes -n 40 --train-n 50 --steps 5 --norm l2 --target circle "
               "--json one.json");
    document = assert_result_file(temporary_path("one.json"));
    value_of(document, "target_success", "universal", "all");
    json_free(document);
    cli_expect(2, "--norm", "universal net.bin --data synth:shapes --norm l1");
    cli_expect(3, "time limit", "universal net.bin --data synth:shapes --steps 1000000 --time-limit 1");
}

/* Data of one part are cut in two: what was learned from is not measured on. */
static void halves(void **state) {
    (void)state;
    json *document;
    cli_expect(0, NULL,
               "universal net.bin --data synth:shapes --split test -n 30 --train-n 20 --steps 2 --eps .1 "
               "--json half.json");
    document = assert_result_file(temporary_path("half.json"));
    const json *body = json_get(document, "body"), *settings = json_get(body, "settings");
    assert_true(json_as_bool(json_get(settings, "halved"), false));
    assert_int_equal(json_as_int(json_get(settings, "train_n"), 0), 20);
    assert_int_equal(json_as_int(json_get(json_get(body, "data"), "n"), 0), 30);
    json_free(document);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(transferability), cmocka_unit_test(spatial),
                                       cmocka_unit_test(patch), cmocka_unit_test(universal),
                                       cmocka_unit_test(halves)};
    return cmocka_run_group_tests(tests, train, NULL);
}
