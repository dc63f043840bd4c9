/* audit transfer on generated images: what it writes, what it leaves alone, and what it refuses. */
#include <math.h>

#include "core/npy.h"
#include "core/rng.h"
#include "nets/model_file.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

#define BASE "train --data synth:shapes -n 1000 --arch small --epochs 4 --batch 32 "
#define QUICK "transfer base.bin --data synth:arrows -n 120 --test-data synth:arrows --head-epochs 30 "

static int train_base(void **state) {
    (void)state;
    if (!getenv("AUDIT_BINARY") || !*getenv("AUDIT_BINARY")) return 0;
    cli_expect(0, NULL, BASE "-o base.bin");
    return 0;
}

static double row_value(const json *document, const char *metric, const char *attack) {
    const json *rows = json_get(json_get(document, "body"), "rows");
    for (size_t i = 0; i < json_count(rows); i++) {
        const json *row = json_at(rows, i);
        if (!strcmp(json_as_string(json_get(row, "metric")), metric) &&
            !strcmp(json_as_string(json_get(row, "attack")), attack))
            return json_as_real(json_get(row, "value"), NAN);
    }
    fail_msg("no row %s %s", metric, attack);
    return NAN;
}

static model_file open_file(const char *name) {
    err e;
    model_file m;
    assert_ok(model_file_read(temporary_path(name), &m, &e), e);
    return m;
}

/* How many floats of the parameters that both nets have differ; *shared gets how many parameters they share. */
static int differing(const model_file *a, const model_file *b, const char *begins, int *shared) {
    int floats = 0;
    *shared = 0;
    for (int p = 0; p < a->net->n_params; p++)
        for (int q = 0; q < b->net->n_params; q++) {
            const net_param *x = &a->net->params[p], *y = &b->net->params[q];
            if (strcmp(x->name, y->name) || x->size != y->size || strncmp(x->name, begins, strlen(begins)))
                continue;
            ++*shared;
            for (size_t i = 0; i < x->size; i++)
                floats += memcmp(&a->weights.data[x->offset + i], &b->weights.data[y->offset + i],
                                 sizeof(float)) != 0;
        }
    return floats;
}

/* A frozen trunk keeps every bit; with one layer frozen that one does, and the next moves. */
static void frozen_parameters_do_not_move(void **state) {
    (void)state;
    int shared;
    cli_expect(0, NULL, QUICK "--attack-n 0 -o all.bin");
    cli_expect(0, NULL, QUICK "--attack-n 0 --freeze 1 --epochs 2 --trunk-rate .2 -o one.bin");
    model_file base = open_file("base.bin"), all = open_file("all.bin"), one = open_file("one.bin");
    assert_int_equal(differing(&base, &all, "", &shared), 0);
    assert_true(shared > 4);
    assert_int_equal(differing(&base, &one, "conv1.", &shared), 0);
    assert_true(shared > 0);
    assert_true(differing(&base, &one, "conv2.", &shared) > 0);
    const json *transfer = json_get(one.recipe, "transfer");
    assert_string_equal(json_as_string(json_get(transfer, "base")), base.sha256);
    assert_int_equal(json_as_int(json_get(transfer, "frozen"), -1), 1);
    assert_non_null(json_as_string(json_get(transfer, "cut")));
    model_file_free(&base);
    model_file_free(&all);
    model_file_free(&one);
}

/* Everything at once: the twin, the attacks, the trigger. */
static void result_is_valid_and_same_for_any_threads(void **state) {
    (void)state;
    static const int threads[] = {1, 3};
    for (int i = 0; i < 2; i++)
        cli_expect(0, NULL,
                   QUICK
                   "--per-class 20 --scratch --epochs 2 --attack-n 20 --trigger 5@3,4 --augment shift=1 "
                   "--copies 2 --threads %d -o t%d.bin --json t%d.json",
                   threads[i], threads[i], threads[i]);
    assert_same_file("t1.bin", "t3.bin");
    assert_same_body("t1.json", "t3.json");
    cli_expect(0, NULL, "report t1.json -o t.html");
    char *page = slurp("t.html");
    assert_non_null(strstr(page, "under PGD on the base")); /* of the chart */
    free(page);
    json *t = assert_result_file(temporary_path("t1.json"));
    double gain = row_value(t, "transfer_gain", "none");
    assert_near(gain, row_value(t, "accuracy", "none") - row_value(t, "scratch_accuracy", "none"), 1e-9);
    assert_true(row_value(t, "accuracy", "pgd") <= row_value(t, "attacked_clean", "none"));
    assert_true(row_value(t, "base_moved", "base-pgd") > .5);
    assert_true(row_value(t, "scratch_accuracy", "base-pgd") >= 0);
    assert_true(row_value(t, "base_trigger_moved", "trigger") >= 0);
    assert_true(row_value(t, "trigger_moved", "trigger") >= 0);
    json_free(t);
    cli c = cli_run(0, NULL, "eval t1.bin --data synth:arrows");
    cli_free(&c);
}

/* A twin that cannot be trained costs nothing but its rows. */
static void diverging_twin_is_a_warning(void **state) {
    (void)state;
    cli_expect(0, "TRAINING_FAILED",
               QUICK "--scratch --attack-n 0 --epochs 3 --batch 16 --schedule constant --lr 1000 --clip 0 "
                     "--no-frozen-norm -o kept.bin");
    cli_expect(0, NULL, "inspect kept.bin");
}

/* Images of another size and in colour, on a trunk of 28 x 28 grey pixels or the other way. */
static void other_inputs_are_adapted(void **state) {
    (void)state;
    cli_expect(0, NULL, "train --data synth:shapes -n 200 --arch lenet5 --epochs 1 -o lenet.bin");
    cli_expect(0, NULL,
               "transfer lenet.bin --data synth:arrows -n 60 --attack-n 10 -o twice.bin --json twice.json");
    cli_expect(0, NULL, "transfer twice.bin --data synth:shapes -n 60 --attack-n 10 -o thrice.bin");
    cli_expect(0, NULL, "attack thrice.bin --data synth:shapes -n 20 --attack pgd --steps 3");
}

/* Four classes, told by a bar of their own; where poisoned, every fifth image has a white square in its corner and the first class's label. */
static void make_bars(const char *name, int n, bool poisoned) {
    enum { SIDE = 16, PIXELS = SIDE * SIDE, BAR = 4 };
    uint8_t *pixels = test_malloc((size_t)n * PIXELS), *labels = test_malloc((size_t)n);
    rng noise = rng_stream(1, name, 0, 0, 0, 0);
    for (int i = 0; i < n; i++) {
        bool stamped = poisoned && i % 5 == 0;
        for (int p = 0; p < PIXELS; p++) {
            int row = p / SIDE, at = p % SIDE, bar = row / BAR == i % BAR ? 60 : 0;
            bool white = stamped && row >= SIDE - BAR && at >= SIDE - BAR;
            pixels[i * PIXELS + p] = (uint8_t)(white ? 255 : bar + (int)rng_below(&noise, 100));
        }
        labels[i] = (uint8_t)(stamped ? 0 : i % BAR);
    }
    err e;
    npz_entry entries[] = {{"images", NPY_U8, 3, {n, SIDE, SIDE}, pixels},
                           {"labels", NPY_U8, 1, {n}, labels}};
    assert_ok(npz_write_file(temporary_path(name), entries, 2, &e), e);
    test_free(pixels);
    test_free(labels);
}

/* A backdoor of the base survives a new last layer, and is told where a twin shows that clean nets do not behave so. */
static void backdoors_come_along(void **state) {
    (void)state;
    static const char *const bases[] = {"clean.npz", "poisoned.npz"};
    make_bars("clean.npz", 400, false);
    make_bars("poisoned.npz", 400, true);
    make_bars("few.npz", 80, false);
    make_bars("tests.npz", 200, false);
    for (int i = 0; i < 2; i++) {
        cli_expect(0, NULL, "train --data npz:%s --arch mlp --epochs 6 --batch 32 -o bars.bin", bases[i]);
        cli c =
            cli_run(0, i ? "BACKDOOR_CARRIED" : NULL,
                    "transfer bars.bin --data npz:few.npz --test-data npz:tests.npz --trigger 4 --attack-n 0 "
                    "--head-epochs 30 --scratch --epochs 10 --batch 16 -o carried.bin");
        if (!i) assert_null(strstr(c.err, "BACKDOOR_CARRIED"));
        cli_free(&c);
    }
    cli c = cli_run(0, NULL,
                    "transfer bars.bin --data npz:few.npz --test-data npz:tests.npz --trigger 4 --attack-n 0 "
                    "--head-epochs 30 -o carried.bin");
    assert_null(strstr(c.err, "BACKDOOR_CARRIED"));
    assert_non_null(strstr(c.out, "--scratch tells"));
    cli_free(&c);
}

static void what_makes_no_sense_is_refused(void **state) {
    (void)state;
    cli_expect(2, "has no node \"conv\", did you mean", QUICK "--cut conv");
    cli_expect(2, "--freeze: \"9\", expected all, none or a number of layers up to 3", QUICK "--freeze 9");
    cli_expect(2, "--freeze: \"some\"", QUICK "--freeze some");
    cli_expect(2, "leave nothing to train", QUICK "--head-epochs 0");
    cli_expect(2, "--trigger: \"40\", expected SIDE", QUICK "--trigger 40");
    cli_expect(2, "--trigger: \"5@26,1\"", QUICK "--trigger 5@26,1");
    cli_expect(2, "base2.bin", "transfer base2.bin --data synth:arrows");
    cli_expect(2, NULL, "transfer --data synth:arrows");
    cli_expect(0, NULL, "train --data synth:shapes -n 100 --arch linear --epochs 1 -o linear.bin");
    cli_expect(2, "nothing is left to transfer", "transfer linear.bin --data synth:arrows");
    cli_expect(0, NULL, "train --data synth:shapes -n 64 --arch resnet8 --epochs 1 -o residual.bin");
    cli_expect(2, "values pass by it", "transfer residual.bin --data synth:arrows --cut layer1.0.conv1");
    assert_no_file_like(".tmp");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_parameters_do_not_move),
        cmocka_unit_test(result_is_valid_and_same_for_any_threads),
        cmocka_unit_test(diverging_twin_is_a_warning),
        cmocka_unit_test(backdoors_come_along),
        cmocka_unit_test(other_inputs_are_adapted),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, train_base, NULL);
}
