/* audit train: recipes, and every option of training that the program has. */
#include "core/json.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define QUICK "train --data synth:shapes -n 200 --arch linear --epochs 1 "

static void write_text(const char *name, const char *text) {
    FILE *f = fopen(temporary_path(name), "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* The recipe in a model makes the same bytes again, alone and as a file; flags win over it. */
static void recipe_repeats_training(void **state) {
    (void)state;
    cli_expect(
        0, NULL,
        "train --data synth:shapes -n 300 --arch lenet5 --epochs 2 --lr 1/30 --optimizer sgd --batch 32 "
        "--seed 7 "
        "--augment flip,shift=1 --label-smoothing .05 --schedule step --every 1 --warmup 3 --no-normalize -o "
        "first.bin");
    cli_expect(0, NULL, "inspect first.bin --recipe recipe.json");
    cli_expect(0, NULL, "train --data synth:shapes -n 300 --recipe recipe.json --seed 7 -o second.bin");
    assert_same_file("first.bin", "second.bin");
    cli_expect(0, NULL, "train --data synth:shapes -n 300 --recipe first.bin --threads 3 -o third.bin");
    assert_same_file("first.bin", "third.bin");
    cli_expect(0, NULL,
               "train --data synth:shapes -n 300 --recipe first.bin --lr .5 --augment none -o other.bin");
    cli c = cli_run(0, NULL, "inspect other.bin --recipe -");
    assert_non_null(strstr(c.out, "\"lr\": 0.5"));
    assert_non_null(strstr(c.out, "\"optimizer\": \"sgd\""));
    assert_non_null(strstr(c.out, "\"augment\": \"none\""));
    cli_free(&c);
}

static void recipes_are_checked(void **state) {
    (void)state;
    write_text("typo.json", "{\"epcohs\": 2}");
    write_text("range.json", "{\"label-smoothing\": 2}");
    write_text("foreign.json", "{\"threads\": 2}");
    write_text("list.json", "[]");
    cli_expect(2, "typo.json: unknown key \"epcohs\", did you mean \"epochs\"?", QUICK "--recipe typo.json");
    cli_expect(2, "range.json: \"label-smoothing\": 2 is above 0.9999", QUICK "--recipe range.json");
    cli_expect(2, "foreign.json: unknown key \"threads\"", QUICK "--recipe foreign.json");
    cli_expect(2, "list.json: expected an object", QUICK "--recipe list.json");
    cli_expect(2, "absent.json", QUICK "--recipe absent.json");
    cli_expect(2, "did you mean --label-smoothing?", QUICK "--label-smoothin .1");
}

/* Flag over configuration over recipe. */
static void precedence(void **state) {
    (void)state;
    write_text("recipe4.json",
               "{\"epochs\": 1, \"arch\": \"linear\", \"lr\": 0.25, \"batch\": 64, \"momentum\": 0.5}");
    write_text("config4.json", "{\"train\": {\"lr\": 0.125, \"recipe\": \"recipe4.json\"}}");
    cli_expect(0, NULL, "train --data synth:shapes -n 200 --config config4.json --momentum .25 -o four.bin");
    cli c = cli_run(0, NULL, "inspect four.bin --recipe -");
    assert_non_null(strstr(c.out, "\"momentum\": 0.25"));
    assert_non_null(strstr(c.out, "\"batch\": 64"));
    assert_non_null(strstr(c.out, "\"lr\": 0.125"));
    assert_non_null(strstr(c.out, "\"epochs\": 1"));
    cli_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(recipe_repeats_training),
                                       cmocka_unit_test(recipes_are_checked), cmocka_unit_test(precedence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
