/* --tta and --mc-dropout on the command line. */
#include <math.h>

#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

static int train_once(void **state) {
    (void)state;
    if (!getenv("AUDIT_BINARY") || !*getenv("AUDIT_BINARY")) return 0;
    cli_expect(0, NULL, "train --data synth:shapes -n 300 --arch lenet5 --epochs 2 --batch 32 -o plain.bin");
    cli_expect(0, NULL,
               "train --data synth:shapes -n 300 --arch vgg-small --epochs 1 --batch 32 -o drop.bin");
    return 0;
}

static json *settings_of(json *document) {
    return json_get(json_get(document, "body"), "settings");
}

static void every_command_takes_views(void **state) {
    (void)state;
    static const char *const commands[] = {"eval plain.bin -n 50", "predict plain.bin -n 50 -o logits.npy",
                                           "attack plain.bin -n 8 --attack fgsm",
                                           "fairness plain.bin -n 50 --properties --attack none"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        cli_expect(0, NULL, "%s --data synth:shapes --tta flip,shift=1 --threads 1 --json one.json",
                   commands[i]);
        cli_expect(0, NULL, "%s --data synth:shapes --tta flip,shift=1 --threads 3 --json three.json",
                   commands[i]);
        assert_same_body("one.json", "three.json");
        json *document = assert_result_file(temporary_path("one.json"));
        assert_string_equal(json_as_string(json_get(settings_of(document), "tta")), "flip,shift=1");
        json_free(document);
    }
    cli_expect(2, "--tta", "eval plain.bin --data synth:shapes --tta flop");
    cli_expect(2, "--tta", "fairness --predictions logits.npy --tta flip");
    cli_expect(2, "--mc-dropout", "eval drop.bin --data synth:shapes -n 20 --tta flip --mc-dropout 3");
}

static int lines_of(const char *text, int commas) {
    int lines = 0;
    for (const char *line = text; *line; lines++) {
        int found = 0;
        for (; *line && *line != '\n'; line++)
            found += *line == ',';
        assert_int_equal(found, commas);
        line += *line == '\n';
    }
    return lines;
}

static void dropout_tells_what_the_net_does_not_know(void **state) {
    (void)state;
    cli_expect(0, NULL,
               "predict drop.bin --data synth:shapes -n 40 --mc-dropout 5 --csv spread.csv --json one.json "
               "--threads 1");
    cli_expect(0, NULL,
               "predict drop.bin --data synth:shapes -n 40 --mc-dropout 5 --csv again.csv --json three.json "
               "--threads 3");
    assert_same_file("spread.csv", "again.csv");
    assert_same_body("one.json", "three.json");
    char *csv = slurp("spread.csv");
    assert_non_null(csv);
    assert_int_equal(strncmp(csv, "row,label,prediction,confidence,entropy,information,", 52), 0);
    assert_int_equal(lines_of(csv, 7), 41);
    free(csv);
    json_free(assert_result_file(temporary_path("one.json")));
    cli c = cli_run(0, NULL, "eval drop.bin --data synth:shapes -n 40 --mc-dropout 5 --json eval.json");
    assert_non_null(strstr(c.out, "nats"));
    cli_free(&c);
    json *document = assert_result_file(temporary_path("eval.json"));
    assert_near(json_as_real(json_get(settings_of(document), "mc_dropout"), 0), 5, 0);
    json_free(document);
    cli_expect(2, "no dropout", "eval plain.bin --data synth:shapes -n 20 --mc-dropout 5");
    cli_expect(2, "--mc-dropout", "eval drop.bin --data synth:shapes -n 20 --mc-dropout 0");
    cli_expect(2, "mc-dropout", "attack drop.bin --data synth:shapes -n 20 --mc-dropout 5");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_takes_views),
        cmocka_unit_test(dropout_tells_what_the_net_does_not_know),
    };
    return cmocka_run_group_tests(tests, train_once, NULL);
}
