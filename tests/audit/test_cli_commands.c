/* Every command on generated images: what it writes is valid, the same for any number of threads, and what is not asked for fails. */
#include <math.h>
#include <stdlib.h>

#include "core/npy.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

#define TRAIN "train --data synth:shapes -n 600 --arch lenet5 --epochs 3 --batch 32 "

static int train_once(void **state) {
    (void)state;
    if (!getenv("AUDIT_BINARY") || !*getenv("AUDIT_BINARY")) return 0;
    cli_expect(0, NULL, TRAIN "-o model.bin --json train.json");
    return 0;
}

static double row_value(const json *document, const char *metric, const char *attack, double eps,
                        const char *group) {
    const json *rows = json_get(json_get(document, "body"), "rows");
    for (size_t i = 0; i < json_count(rows); i++) {
        const json *row = json_at(rows, i);
        bool same = strcmp(json_as_string(json_get(row, "metric")), metric) == 0 &&
                    strcmp(json_as_string(json_get(row, "attack")), attack) == 0 &&
                    strcmp(json_as_string(json_get(row, "group")), group) == 0 &&
                    fabs(json_as_real(json_get(row, "eps"), 0) - eps) < 1e-9;
        if (same) return json_as_real(json_get(row, "value"), NAN);
    }
    fail_msg("no row %s %s %g %s", metric, attack, eps, group);
    return NAN;
}

static void trained_model_knows_something(void **state) {
    (void)state;
    cli c = cli_run(0, NULL, "eval model.bin --data synth:shapes --json eval.json");
    assert_non_null(strstr(c.out, "triangle"));
    cli_free(&c);
    json *train = assert_result_file(temporary_path("train.json")),
         *eval = assert_result_file(temporary_path("eval.json"));
    double a = row_value(train, "accuracy", "none", 0, "all"),
           b = row_value(eval, "accuracy", "none", 0, "all");
    assert_near(a, b, 1e-12); /* training tests on the same images as eval */
    if (!(a > 0.7)) fail_msg("accuracy %g after training on 600 images, chance is .2", a);
    assert_int_equal(json_count(json_get(json_get(json_get(train, "body"), "extra"), "epochs")), 3);
    json_free(train);
    json_free(eval);
}

static void training_does_not_depend_on_threads(void **state) {
    (void)state;
    cli_expect(0, NULL, TRAIN "--threads 1 -o one.bin --json one.json");
    cli_expect(0, NULL, TRAIN "--threads 3 -o three.bin --json three.json");
    assert_same_file("one.bin", "three.bin");
    assert_same_body("one.json", "three.json");
    cli_expect(0, NULL, TRAIN "--threads 3 --seed 1 -o other.bin --json other.json");
    char *a = slurp("one.bin"), *b = slurp("other.bin");
    assert_non_null(a);
    assert_non_null(b);
    free(a);
    free(b);
}

static void attack_does_not_depend_on_threads_or_batch(void **state) {
    (void)state;
    static const char *const ways[] = {"--threads 1 --batch 128", "--threads 2 --batch 128",
                                       "--threads 8 --batch 32"};
    for (int i = 0; i < 3; i++)
        cli_expect(0, NULL,
                   "attack model.bin --data synth:shapes -n 100 --attack fgsm,pgd,bim,noise --eps .1,.02,.1 "
                   "--steps 10 "
                   "%s --json attack%d.json --save attack%d.npz",
                   ways[i], i, i);
    for (int i = 1; i < 3; i++) {
        char name[2][32];
        snprintf(name[0], sizeof name[0], "attack%d.json", i);
        snprintf(name[1], sizeof name[1], "attack%d.npz", i);
        assert_same_body("attack0.json", name[0]);
        assert_same_file("attack0.npz", name[1]);
    }
    json *a = assert_result_file(temporary_path("attack0.json"));
    double clean = row_value(a, "accuracy", "none", 0, "all");
    double weak = row_value(a, "accuracy", "pgd", 0.02, "all"),
           strong = row_value(a, "accuracy", "pgd", 0.1, "all");
    double all = row_value(a, "accuracy", "union", 0.1, "all");
    if (!(clean >= weak && weak >= strong && strong >= all && strong < clean))
        fail_msg("accuracies %g %g %g %g do not fall", clean, weak, strong, all);
    json_free(a);
}

/* All four stages in each norm that AutoAttack has. */
static void cascade_of_each_norm(void **state) {
    (void)state;
    static const char *const stages[] = {"auto/apgd-ce", "auto/apgd-t", "auto/fab-t", "auto"};
    static const char *const norms[] = {"l2", "l1"}, *const eps[] = {".2", "1"};
    for (int k = 0; k < 2; k++) {
        cli_expect(0, NULL,
                   "attack model.bin --data synth:shapes -n 8 -a auto --norm %s --eps %s --no-panel --json "
                   "each.json",
                   norms[k], eps[k]);
        json *a = assert_result_file(temporary_path("each.json"));
        for (int i = 0; i < 4; i++)
            row_value(a, "accuracy", stages[i], atof(eps[k]), "all");
        assert_non_null(json_get(json_get(json_get(a, "body"), "settings"), "square"));
        json_free(a);
    }
    cli_expect(2, "expected linf, l2 or l1", "attack model.bin --data synth:shapes -n 8 -a auto --norm l0");
}

/* Each stage goes on where the last one stopped, so the figures only fall; the letter of AutoAttack finds no less. */
static void cascade(void **state) {
    (void)state;
    static const char *const stages[] = {"auto/apgd-ce", "auto/apgd-t", "auto/fab-t", "auto/square", "auto"};
    cli_expect(0, NULL,
               "attack model.bin --data synth:shapes -n 24 -a auto --eps .02,.05 -j 1 --json auto1.json");
    cli_expect(0, NULL,
               "attack model.bin --data synth:shapes -n 24 -a auto --eps .02,.05 -j 2 --json auto2.json");
    assert_same_body("auto1.json", "auto2.json");
    json *a = assert_result_file(temporary_path("auto1.json"));
    for (int i = 1; i < 5; i++)
        for (int k = 1; k < 3; k++) {
            double eps = k == 1 ? 0.02 : 0.05;
            double before = row_value(a, "accuracy", stages[i - 1], eps, "all");
            double after = row_value(a, "accuracy", stages[i], eps, "all");
            if (!(after <= before)) fail_msg("%s: %g after %g", stages[i], after, before);
        }
    double quick = row_value(a, "accuracy", "auto", 0.05, "all");
    assert_true(quick < row_value(a, "accuracy", "none", 0, "all"));
    json_free(a);
    cli_expect(0, NULL,
               "attack model.bin --data synth:shapes -n 24 -a auto --full-auto --eps .05 --json full.json");
    a = assert_result_file(temporary_path("full.json"));
    assert_near(row_value(a, "accuracy", "auto", 0.05, "all"), quick, 0.05);
    json_free(a);
    cli_expect(2, "auto stands alone", "attack model.bin --data synth:shapes -a auto,pgd");
    cli_expect(2, "own steps", "attack model.bin --data synth:shapes -a auto --steps 5");
    cli_expect(2, "untargeted", "attack model.bin --data synth:shapes -a auto --targeted next");
    cli_expect(2, "belongs to --attack auto", "attack model.bin --data synth:shapes --full-auto");
    cli_expect(2, "norm l0", "attack model.bin --data synth:shapes -a auto --norm l0");
}

static void sheet_and_examples(void **state) {
    (void)state;
    err e;
    npz z;
    cli_expect(0, NULL,
               "attack model.bin --data synth:shapes -n 80 --attack pgd --eps .1 --sheet sheet.png --save "
               "examples.npz --json sheet.json");
    char *png = slurp("sheet.png");
    assert_memory_equal(png, "\x89PNG", 4);
    free(png);
    assert_ok(npz_read_file(temporary_path("examples.npz"), &z, &e), e);
    const npy *images = npz_find(&z, "images"), *originals = npz_find(&z, "originals"),
              *broken = npz_find(&z, "broken");
    assert_int_equal(images->dims[0], 80);
    assert_int_equal(images->rank, 4);
    double largest = 0;
    for (int64_t i = 0; i < images->count; i++)
        largest = fmax(largest, fabs(npy_number(images, i) - npy_number(originals, i)));
    assert_near(largest, 0.1, 1e-6);
    int64_t count = 0;
    for (int64_t i = 0; i < broken->count; i++)
        count += npy_number(broken, i) != 0;
    json *a = assert_result_file(temporary_path("sheet.json"));
    assert_near(row_value(a, "accuracy", "pgd", 0.1, "all"), 1 - (double)count / 80, 1e-9);
    assert_non_null(json_get(json_get(json_get(a, "body"), "extra"), "sheet"));
    json_free(a);
    npz_free(&z);
}

static void targeted_attacks(void **state) {
    (void)state;
    cli c = cli_run(
        0, NULL,
        "attack model.bin --data synth:shapes -n 100 --attack pgd --targeted cross --eps .2 --json t.json");
    assert_non_null(strstr(c.out, "to target"));
    cli_free(&c);
    json *t = assert_result_file(temporary_path("t.json"));
    assert_true(row_value(t, "target_success", "pgd", 0.2, "all") > 0);
    json_free(t);
    cli_expect(0, NULL,
               "attack model.bin --data synth:shapes -n 50 --attack pgd --targeted next --eps .1 --steps 5");
    cli_expect(2, "no class \"cros\", did you mean \"cross\"?",
               "attack model.bin --data synth:shapes --targeted cros");
    cli_expect(2, "--targeted: no class \"5\"", "attack model.bin --data synth:shapes --targeted 5");
}

static void logits_of_predict(void **state) {
    (void)state;
    err e;
    npy a;
    cli_expect(0, NULL,
               "predict model.bin --data synth:shapes -n 50 -o logits.npy --csv predictions.csv --json "
               "predict.json");
    assert_ok(npy_read_file(temporary_path("logits.npy"), &a, &e), e);
    assert_int_equal(a.type, NPY_F32);
    assert_int_equal(a.rank, 2);
    assert_int_equal(a.dims[0], 50);
    assert_int_equal(a.dims[1], 5);
    npy_free(&a);
    json_free(assert_result_file(temporary_path("predict.json")));
    char *csv = slurp("predictions.csv");
    int lines = 0;
    for (char *at = csv; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 51);
    assert_memory_equal(csv, "row,label,prediction,confidence,size,background\n", 48);
    free(csv);
    cli_expect(2, "expected -o FILE.npy", "predict model.bin --data synth:shapes");
}

static void row_and_confidence_are_no_groups(void **state) {
    (void)state;
    cli_expect(0, NULL, "predict model.bin --data synth:shapes -n 50 --csv no-groups.csv");
    cli c = cli_run(0, NULL, "fairness --predictions no-groups.csv");
    assert_non_null(strstr(c.out, "size=small"));
    assert_null(strstr(c.out, "row="));
    assert_null(strstr(c.out, "confidence="));
    cli_free(&c);
    c = cli_run(0, NULL, "fairness --predictions no-groups.csv --columns confidence");
    assert_non_null(strstr(c.out, "confidence="));
    cli_free(&c);
}

static void saved_examples_are_data(void **state) {
    (void)state;
    cli_expect(0, NULL,
               "attack model.bin --data synth:shapes -n 60 --eps .1 --json saved.json --save saved.npz");
    cli_expect(0, NULL, "eval model.bin --data npz:saved.npz --json saved-eval.json");
    json *attack = assert_result_file(temporary_path("saved.json")),
         *eval = assert_result_file(temporary_path("saved-eval.json"));
    assert_near(row_value(attack, "accuracy", "pgd", .1, "all"),
                row_value(eval, "accuracy", "none", 0, "all"), 1e-12);
    json_free(attack);
    json_free(eval);
}

static void dose_response(void **state) {
    (void)state;
    static const char *const kinds[] = {"badnets --target cross", "flip", "pairflip",
                                        "groupflip --subgroup size=small"};
    for (int i = 0; i < 4; i++)
        cli_expect(0, NULL,
                   "poison --data synth:shapes --poison %s --doses .2,.05 --seeds 2 --train-n 200 --arch "
                   "linear --epochs "
                   "1 -n 100 --json poison%d.json --manifest manifest%d.json",
                   kinds[i], i, i);
    json *a = assert_result_file(temporary_path("poison0.json")), *manifest;
    const json *nets = json_get(json_get(json_get(a, "body"), "extra"), "nets");
    assert_int_equal(json_count(nets), 6); /* doses 0, .05, .2 for two seeds */
    assert_int_equal(json_as_int(json_get(json_at(nets, 0), "poisoned"), -1), 0);
    assert_int_equal(json_as_int(json_get(json_at(nets, 2), "poisoned"), -1), 40);
    assert_near(row_value(a, "accuracy_change", "badnets", 0, "dose=0"), 0, 0);
    row_value(a, "attack_success", "badnets", 0, "dose=0.2");
    json_free(a);
    err e;
    assert_ok(json_parse_file(temporary_path("manifest0.json"), &manifest, &e), e);
    assert_int_equal(json_count(manifest), 6);
    json_free(manifest);
    cli_expect(0, NULL,
               "poison --data synth:shapes --doses .2,.05 --target cross --seeds 2 --train-n 200 --arch "
               "linear --epochs 1 -n "
               "100 --threads 3 --json again.json");
    assert_same_body("poison0.json", "again.json");
    cli_expect(2, "COLUMN=VALUE", "poison --data synth:shapes --poison groupflip");
    cli_expect(2, "--doses: 1.5 is above 1", "poison --data synth:shapes --doses 1.5");
    cli_expect(2, NULL, "poison --data synth:shapes --doses 1 --train-n 100 --seeds 1 --arch linear");
}

static void inspected_files(void **state) {
    (void)state;
    cli c = cli_run(0, NULL, "inspect model.bin --json inspect.json");
    assert_non_null(strstr(c.out, "conv2d"));
    assert_non_null(strstr(c.out, "lenet5"));
    assert_non_null(strstr(c.out, "triangle"));
    cli_free(&c);
    json_free(assert_result_file(temporary_path("inspect.json")));
    c = cli_run(0, NULL, "inspect train.json");
    assert_non_null(strstr(c.out, "audit train"));
    cli_free(&c);
    cli_expect(2, "absent.bin", "inspect absent.bin");
}

static void selftest_passes(void **state) {
    (void)state;
    cli_expect(0, NULL, "selftest --json selftest.json");
    json_free(assert_result_file(temporary_path("selftest.json")));
}

static void bad_input(void **state) {
    (void)state;
    FILE *file = fopen(temporary_path("garbage.bin"), "wb");
    for (int i = 0; i < 4096; i++)
        fputc(i * 37 & 255, file);
    fclose(file);
    cli_expect(2, "--data is missing", "eval model.bin");
    cli_expect(2, "expected MODEL", "eval");
    cli_expect(2, "absent.bin", "eval absent.bin --data synth:shapes");
    cli_expect(2, "garbage.bin", "eval garbage.bin --data synth:shapes");
    cli_expect(2, "garbage.bin", "inspect garbage.bin");
    cli_expect(2, "did you mean", "eval model.bin --data synth:shape");
    cli_expect(2, "did you mean", "eval model.bin --data fashion-mnits");
    cli_expect(2, NULL, "eval model.bin --data synth:arrows");
    cli_expect(2, "split", "eval model.bin --data synth:shapes --split tset");
    cli_expect(2, "--eps: -1 is below 0", "attack model.bin --data synth:shapes --eps -1");
    cli_expect(2, "--eps: \"nan\" is not a number", "attack model.bin --data synth:shapes --eps nan");
    cli_expect(2, "did you mean \"pgd\"?", "attack model.bin --data synth:shapes --attack pdg");
    cli_expect(2, "--n: \"many\"", "attack model.bin --data synth:shapes -n many");
    cli_expect(2, "did you mean \"resnet20\"?", "train --data synth:shapes --arch resnet2o");
    cli_expect(2, "--augment", "train --data synth:shapes -n 50 --augment flop");
    cli_expect(2, "no/such/folder", "train --data synth:shapes -n 50 --arch linear -o no/such/folder/m.bin");
    cli_expect(2, "--size", "eval model.bin --data synth:shapes --size 12");
    assert_no_file_like(".tmp");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(trained_model_knows_something),
                                       cmocka_unit_test(training_does_not_depend_on_threads),
                                       cmocka_unit_test(attack_does_not_depend_on_threads_or_batch),
                                       cmocka_unit_test(cascade),
                                       cmocka_unit_test(cascade_of_each_norm),
                                       cmocka_unit_test(sheet_and_examples),
                                       cmocka_unit_test(targeted_attacks),
                                       cmocka_unit_test(logits_of_predict),
                                       cmocka_unit_test(row_and_confidence_are_no_groups),
                                       cmocka_unit_test(saved_examples_are_data),
                                       cmocka_unit_test(dose_response),
                                       cmocka_unit_test(inspected_files),
                                       cmocka_unit_test(selftest_passes),
                                       cmocka_unit_test(bad_input)};
    return cmocka_run_group_tests(tests, train_once, NULL);
}
