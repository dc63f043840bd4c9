/* audit train: recipes, and every option of training that the program has. */
#include "audit/holdout.h"
#include "core/json.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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
    assert_non_null(strstr(c.out, "\"init\": \"kaiming\""));
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

/* Every trick trains, is in the recipe under its own name, and comes out of the recipe with the same bytes, for any number of threads. */
static void every_trick(void **state) {
    (void)state;
    static const char *const tricks[] = {"norm none --arch small",
                                         "activation gelu --arch lenet5",
                                         "dropout 0.3 --arch vgg-small",
                                         "spatial-dropout 0.2 --arch small",
                                         "init uniform",
                                         "drop-path 0.2 --arch resnet8",
                                         "zero-gamma --arch resnet8",
                                         "clip 0.5",
                                         "sam 0.05",
                                         "sam 0.05 --mixup 0.2 --ema 0.9 --dropout 0.2 --arch vgg-small",
                                         "lookahead 2",
                                         "lookahead-share 0.8 --lookahead 2",
                                         "ema 0.9",
                                         "swa 0.5 --epochs 4",
                                         "validation 0.25",
                                         "patience 1 --validation 0.25 --epochs 3",
                                         "schedule plateau --validation 0.25",
                                         "milestones 1 --schedule multistep --epochs 2",
                                         "optimizer muon",
                                         "optimizer lars",
                                         "optimizer rmsprop",
                                         "schedule cosine-restarts",
                                         "schedule polynomial",
                                         "warmup 3 --schedule cosine --epochs 3",
                                         "gamma 0.3 --schedule step --every 2 --epochs 3",
                                         "augment flip",
                                         "mixup 0.2",
                                         "cutmix 1",
                                         "label-smoothing 0.1",
                                         "focal 2",
                                         "aux-weight 1",
                                         "optimizer adamw",
                                         "class-weights balanced",
                                         "balanced-sampler",
                                         "group-dro 0.01 --group-column background"};
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        cli_expect(0, NULL, QUICK "-n 64 --batch 32 --split test --threads 1 -o one.bin --%s", tricks[i]);
        cli_expect(0, NULL,
                   "train --data synth:shapes -n 64 --split test --threads 3 --recipe one.bin -o three.bin");
        assert_same_file("one.bin", "three.bin");
        char name[40];
        snprintf(name, sizeof name, "\"%.*s\": ", (int)strcspn(tricks[i], " "), tricks[i]);
        cli c = cli_run(0, NULL, "inspect one.bin --recipe -");
        if (!strstr(c.out, name)) fail_msg("no %s in the recipe: %s", name, c.out);
        cli_free(&c);
    }
}

static void contradictions(void **state) {
    (void)state;
    cli_expect(0, NULL, QUICK "--checkpoint begun.ckpt -o begun.bin");
    cli_expect(2, "made with another \"first weights\"", QUICK "--resume begun.ckpt --init uniform -o b.bin");
    cli_expect(2, "a width of 0, expected above 0 and at most 4", QUICK "--arch mobilenet-0");
    cli_expect(2, "a width of 99", QUICK "--arch mobilenet-99");
    cli_expect(2, "--patience needs images to judge by", QUICK "--patience 3");
    cli_expect(2, "--schedule plateau watches the validation loss", QUICK "--schedule plateau");
    cli_expect(2, "--validation with --validation-data",
               QUICK "--validation .1 --validation-data synth:shapes");
    cli_expect(2, "--warmup with --schedule one-cycle", QUICK "--warmup 3");
    cli_expect(2, "--ema with --swa", QUICK "--ema .9 --swa .5");
    cli_expect(2, "--schedule multistep needs --milestones", QUICK "--schedule multistep");
    cli_expect(2, "--milestones: 1.5 is not a whole number", QUICK "--schedule multistep --milestones 1.5");
    cli_expect(2, "--checkpoint-every needs --checkpoint", QUICK "--checkpoint-every 3");
    cli_expect(2, "--validation: .95 is above 0.9", QUICK "--validation .95");
    cli_expect(2, "absent.ckpt", QUICK "--resume absent.ckpt");
    cli_expect(2, "dropout", QUICK "--dropout .2");
    cli_expect(2, "is not an activation", QUICK "--arch lenet5 --activation rleu");
    cli_expect(2, "--norm: unknown value \"bach\", did you mean \"batch\"?", QUICK "--norm bach");
    cli_expect(2, "--group-dro needs --group-column", QUICK "--group-dro .01");
    cli_expect(2, "no group column 'nothing' in synth:shapes",
               QUICK "--group-dro .01 --group-column nothing");
    cli_expect(2, "a mixture belongs to no group",
               QUICK "--group-dro .01 --group-column background --mixup .2");
    cli_expect(2, "choose one", QUICK "--balanced-sampler --class-weights balanced");
    cli_expect(2, "--mixup: -1 is below 0", QUICK "--mixup -1");
    cli_expect(2, "did you mean \"balanced\"?", QUICK "--class-weights balance");
}

/* One line a step and an epoch; the same for any number of threads; pictures that are SVG. */
static void log_and_curves(void **state) {
    (void)state;
    cli_expect(0, NULL,
               "train --data synth:shapes -n 256 --arch linear --epochs 3 --batch 64 --threads 1 -o a.bin "
               "--log a.jsonl "
               "--curves a.svg --json a.json");
    cli_expect(0, NULL,
               "train --data synth:shapes -n 256 --arch linear --epochs 3 --batch 64 --threads 3 -o a.bin "
               "--log b.jsonl "
               "--curves b.svg --json b.json");
    assert_same_file("a.jsonl", "b.jsonl");
    assert_same_file("a.svg", "b.svg");
    assert_same_body("a.json", "b.json");
    char *log = slurp("a.jsonl"), *svg = slurp("a.svg");
    int lines = 0;
    for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        json *j;
        err e;
        assert_ok(json_parse(line, strlen(line), &j, &e), e);
        bool epoch_line = lines % 5 == 4; /* four steps an epoch */
        assert_int_equal(json_as_int(json_get(j, "epoch"), 0), lines / 5 + 1);
        assert_int_equal(json_as_int(json_get(j, "step"), -1), epoch_line ? -1 : lines - lines / 5);
        json_free(j);
    }
    assert_int_equal(lines, 15);
    assert_non_null(strstr(svg, "<svg xmlns="));
    assert_non_null(strstr(svg, "Learning rate over epochs"));
    free(log);
    free(svg);
    cli_expect(2, "no/such", QUICK "--log no/such/log.jsonl");
    cli_expect(2, "no/such", QUICK "--curves no/such/curves.svg");
}

#define LONG                                                                                                 \
    "train --data synth:shapes -n 640 --arch lenet5 --epochs 6 --batch 64 --ema .9 --validation .2 --split " \
    "train --augment "                                                                                       \
    "flip --threads 2 "

static void nap(long milliseconds) {
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

static bool exists(const char *name) {
    return access(temporary_path(name), F_OK) == 0;
}

/* Killed, it goes on from its checkpoint to the same model, log, curves and result. */
static void resume_repeats_training(void **state) {
    (void)state;
    cli_expect(0, NULL, LONG "-o whole.bin --log whole.jsonl --curves whole.svg --json whole.json");
    cli c = cli_start(LONG "-o parts.bin --log parts.jsonl --checkpoint state.ckpt --checkpoint-every 3");
    for (int i = 0; i < 30000 && !exists("state.ckpt"); i++)
        nap(2);
    nap(20);
    kill(c.pid, SIGKILL);
    cli_wait(&c);
    cli_free(&c);
    cli_expect(0, NULL,
               LONG "-o parts.bin --log parts.jsonl --curves parts.svg --json parts.json --resume state.ckpt "
                    "--checkpoint state.ckpt");
    assert_same_file("whole.bin", "parts.bin");
    assert_same_file("whole.jsonl", "parts.jsonl");
    assert_same_file("whole.svg", "parts.svg");
    assert_same_body("whole.json", "parts.json");
}

static void interrupt_tells_how_to_go_on(void **state) {
    (void)state;
    cli c = cli_start(
        "train --data synth:shapes -n 2000 --arch lenet5 --epochs 100000 -o stopped.bin --checkpoint "
        "stopped.ckpt --checkpoint-every 1");
    for (int i = 0; i < 12000 && !exists("stopped.ckpt"); i++)
        nap(5);
    kill(c.pid, SIGINT);
    cli_wait(&c);
    assert_int_equal(c.exit_code, 130);
    assert_non_null(strstr(c.err, "the same command with --resume stopped.ckpt goes on"));
    cli_free(&c);
    assert_false(exists("stopped.bin"));
}

/* A share of every class, the same for every seed; none of it is trained on. */
static void validation_is_held_out(void **state) {
    (void)state;
    cli c = cli_run(0, NULL, QUICK "--validation .25 --json v.json");
    assert_non_null(strstr(c.out, "validation accuracy"));
    cli_free(&c);
    json *j = assert_result_file(temporary_path("v.json"));
    const json *epoch = json_at(json_get(json_get(json_get(j, "body"), "extra"), "epochs"), 0);
    assert_true(json_is_number(json_get(epoch, "validation_loss")));
    json_free(j);
    enum { N = 23 };
    int32_t labels[N];
    uint8_t pixels[N];
    for (int i = 0; i < N; i++) {
        labels[i] = i < 12 ? 0 : i < 22 ? 1 : 2;
        pixels[i] = (uint8_t)i;
    }
    dataset d = {.name = "d",
                 .split = "train",
                 .n = N,
                 .classes = 3,
                 .image = {1, 1, 1},
                 .pixels = pixels,
                 .labels = labels};
    dataset kept, held, kept_again, held_again;
    err e;
    assert_ok(dataset_finish(&d, &e), e);
    assert_ok(holdout_split(&d, 0.25, &kept, &held, &e), e);
    int of_class[3] = {0}, seen[N] = {0};
    for (int i = 0; i < held.n; i++) {
        of_class[held.labels[i]]++;
        seen[held.ids[i]]++;
    }
    for (int i = 0; i < kept.n; i++)
        seen[kept.ids[i]]++;
    assert_int_equal(of_class[0], 3);
    assert_int_equal(of_class[1], 3); /* 2.5 */
    assert_int_equal(of_class[2], 0); /* of one image none */
    for (int i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    assert_ok(holdout_split(&d, 0.25, &kept_again, &held_again, &e), e);
    assert_string_equal(held.sha256, held_again.sha256);
    dataset_free(&kept_again);
    dataset_free(&held_again);
    dataset_free(&kept);
    dataset_free(&held);
    dataset_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(recipe_repeats_training),
                                       cmocka_unit_test(recipes_are_checked),
                                       cmocka_unit_test(precedence),
                                       cmocka_unit_test(every_trick),
                                       cmocka_unit_test(contradictions),
                                       cmocka_unit_test(log_and_curves),
                                       cmocka_unit_test(resume_repeats_training),
                                       cmocka_unit_test(interrupt_tells_how_to_go_on),
                                       cmocka_unit_test(validation_is_held_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
