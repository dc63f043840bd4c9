/* audit ablate: tricks in and out, over seeds; the statistics; what it refuses. */
#include <math.h>
#include <string.h>

#include "audit/ablation.h"
#include "audit/trick.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

#define QUICK "ablate --data synth:shapes --train-n 200 -n 200 --arch linear --epochs 1 "

static const json *row_of(const json *document, const char *metric, const char *group, const char *method) {
    const json *rows = json_get(json_get(document, "body"), "rows");
    for (size_t i = 0; i < json_count(rows); i++) {
        const json *row = json_at(rows, i);
        if (strcmp(json_as_string(json_get(row, "metric")), metric) == 0 &&
            strcmp(json_as_string(json_get(row, "group")), group) == 0 &&
            strcmp(json_as_string(json_get(row, "method")), method) == 0)
            return row;
    }
    fail_msg("no row %s %s %s", metric, group, method);
    return NULL;
}

static double figure(const json *row, const char *key) {
    return json_as_real(json_get(row, key), NAN);
}

/* Accuracy of one net in body.extra.nets. */
static double accuracy_of(const json *document, int seed, const char *variant) {
    const json *nets = json_get(json_get(json_get(document, "body"), "extra"), "nets");
    for (size_t i = 0; i < json_count(nets); i++) {
        const json *made = json_at(nets, i);
        if (json_as_int(json_get(made, "seed"), -1) == seed &&
            strcmp(json_as_string(json_get(made, "variant")), variant) == 0)
            return figure(made, "accuracy");
    }
    fail_msg("no net %d %s", seed, variant);
    return NAN;
}

/* The same numbers for any number of threads, and rows that follow from the nets. */
static void paired_over_seeds(void **state) {
    (void)state;
    cli_expect(0, NULL,
               QUICK
               "--augment flip,shift=1 --tricks flip,schedule=constant --seeds 3 --threads 1 --json one.json "
               "--plot one.svg");
    cli_expect(0, NULL,
               QUICK "--augment flip,shift=1 --tricks flip,schedule=constant --seeds 3 --threads 4 --json "
                     "four.json --plot four.svg");
    assert_same_body("one.json", "four.json");
    assert_same_file("one.svg", "four.svg");
    json *j = assert_result_file(temporary_path("one.json"));
    double taken_out[3], put_in[3];
    for (int s = 0; s < 3; s++) {
        taken_out[s] = accuracy_of(j, s, "base") - accuracy_of(j, s, "flip");
        put_in[s] = accuracy_of(j, s, "schedule=constant") - accuracy_of(j, s, "base");
    }
    const json *flip = row_of(j, "trick_effect", "trick=flip", "paired-t");
    const json *constant = row_of(j, "trick_effect", "trick=schedule=constant", "paired-t");
    assert_near(figure(flip, "value"), mean(taken_out, 3), 1e-9);
    assert_near(figure(flip, "lo"), t_interval(taken_out, 3, 0.95).lo, 1e-9);
    assert_near(figure(constant, "value"), mean(put_in, 3), 1e-9);
    const json *wide = row_of(j, "trick_effect", "trick=flip", "paired-t-images");
    assert_true(figure(wide, "lo") < figure(flip, "lo") && figure(wide, "hi") > figure(flip, "hi"));
    json_free(j);
}

/* The nets of a seed are those that `audit train` would make: a variant equal to another recipe's base gives its accuracies. */
static void variants_are_recipes(void **state) {
    (void)state;
    cli_expect(0, NULL, QUICK "--mixup .3 --tricks mixup --seeds 2 --json with.json");
    cli_expect(0, NULL, QUICK "--tricks mixup=.3 --seeds 2 --json without.json");
    json *with = assert_result_file(temporary_path("with.json"));
    json *without = assert_result_file(temporary_path("without.json"));
    for (int s = 0; s < 2; s++) {
        assert_near(accuracy_of(with, s, "base"), accuracy_of(without, s, "mixup=.3"), 0);
        assert_near(accuracy_of(with, s, "mixup"), accuracy_of(without, s, "base"), 0);
    }
    assert_near(figure(row_of(with, "trick_effect", "trick=mixup", "paired-t"), "value"),
                figure(row_of(without, "trick_effect", "trick=mixup=.3", "paired-t"), "value"), 1e-12);
    json_free(with);
    json_free(without);
    cli c = cli_run(0, NULL, QUICK "--tricks label-smoothing,cutout=4 --add --seeds 1");
    assert_non_null(strstr(c.out, "3 recipes x 1 seed = 3 trainings of 1 epoch"));
    assert_non_null(strstr(c.out, "one seed tells nothing"));
    cli_free(&c);
}

static void a_net_that_diverges_is_told(void **state) {
    (void)state;
    cli_expect(0, "DIVERGED: lr=1000: training diverged in 2 of 2 nets",
               "ablate --data synth:shapes --train-n 400 -n 100 --arch lenet5 --epochs 2 --tricks lr=1000 "
               "--seeds 2");
}

static void refused(void **state) {
    (void)state;
    cli_expect(2, "--tricks is missing", QUICK);
    cli_expect(2, "unknown trick \"mixip\", did you mean \"mixup\"?", QUICK "--tricks mixip");
    cli_expect(2, "mixup is not in the recipe: give it (--mixup), or put it in with --add",
               QUICK "--tricks mixup");
    cli_expect(2, "flip is not in the recipe: name it in --augment", QUICK "--tricks flip");
    cli_expect(2, "mixup: the recipe has it already", QUICK "--mixup .2 --tricks mixup --add");
    cli_expect(2, "optimizer needs a value", QUICK "--tricks optimizer");
    cli_expect(2, "did you mean \"adamw\"?", QUICK "--tricks optimizer=adam");
    cli_expect(2, "flip twice", QUICK "--augment flip --tricks flip,flip");
    cli_expect(2, "an empty name", QUICK "--augment flip --tricks flip,");
    cli_expect(2, "group-dro: --group-dro needs --group-column", QUICK "--tricks group-dro --add");
}

static const char *augment_after(const char *list, const char *trick, bool add, arena *memory) {
    training_settings base = {.augment = list}, out;
    bool added;
    err e;
    return trick_apply(&base, trick, add, memory, &out, &added, &e) == STATUS_OK ? out.augment : NULL;
}

static void steps_of_augmentation(void **state) {
    (void)state;
    arena m = {0};
    assert_string_equal(augment_after("flip,shift=2,cutout", "shift", false, &m), "flip,cutout");
    assert_string_equal(augment_after("flip", "flip", false, &m), "none");
    assert_string_equal(augment_after("vflip,flip=.2", "flip", false, &m), "vflip");
    assert_string_equal(augment_after("vflip", "flip=.3", false, &m), "vflip,flip=.3");
    assert_string_equal(augment_after("flip=.1,vflip", "flip=.3", false, &m), "vflip,flip=.3");
    assert_string_equal(augment_after(NULL, "flip", true, &m), "flip");
    assert_string_equal(augment_after("none", "flip-target", true, &m), "flip-target");
    assert_null(augment_after("vflip", "flip", false, &m));
    arena_free(&m);
}

/* Two seeds, four images, by hand. */
static void effect_by_hand(void **state) {
    (void)state;
    uint8_t right[4][4] = {{1, 1, 0, 0}, {1, 0, 0, 0}, {1, 1, 1, 0}, {0, 1, 0, 0}};
    ablation_net nets[4];
    for (int i = 0; i < 4; i++) {
        nets[i] = (ablation_net){.done = true, .correct = right[i]};
        for (int k = 0; k < 4; k++)
            nets[i].accuracy += right[i][k] / 4.0;
    }
    ablation a = {.n_nets = 4, .n_variants = 2, .n_tests = 4, .n_seeds = 2, .nets = nets};
    ablation_plan *p = test_calloc(1, sizeof *p);
    p->n_variants = 2;
    ablation_effect f = ablation_effect_of(p, &a, 1);
    assert_near(f.value, 0.375, 1e-12); /* seed 0: .5 - .25; seed 1: .75 - .25 */
    const double t = 12.7062047364, seeds = 0.125,
                 images = 0.25 * 0.5; /* d = .5 .5 .5 0, sd .25, over sqrt(4) */
    assert_near(f.seeds.lo, 0.375 - t * seeds, 1e-8);
    assert_near(f.images.hi,
                0.375 + sqrt(t * t * seeds * seeds + 1.959963985 * 1.959963985 * images * images), 1e-8);
    assert_near(f.family.lo, f.images.lo, 1e-12); /* of one trick */
    assert_false(f.idle);
    p->variants[1].added = true;
    assert_near(ablation_effect_of(p, &a, 1).value, -0.375, 1e-12);
    test_free(p);
}

/* Of many tricks, the family's interval is the wider; a verdict is only as firm as the interval that it rests on. */
static void many_tricks(void **state) {
    (void)state;
    enum { TRICKS = 20, SEEDS = 3, TESTS = 2 };
    uint8_t right[SEEDS][2][TESTS] = {{{0, 0}, {1, 1}}, {{0, 0}, {1, 0}}, {{0, 0}, {1, 1}}};
    ablation_net nets[SEEDS * (TRICKS + 1)];
    for (int i = 0; i < SEEDS * (TRICKS + 1); i++) {
        uint8_t *correct = right[i / (TRICKS + 1)][i % (TRICKS + 1) == 1];
        nets[i] =
            (ablation_net){.done = true, .correct = correct, .accuracy = (correct[0] + correct[1]) / 2.0};
    }
    ablation a = {.n_nets = SEEDS * (TRICKS + 1),
                  .n_variants = TRICKS + 1,
                  .n_tests = TESTS,
                  .n_seeds = SEEDS,
                  .nets = nets};
    ablation_plan *p = test_calloc(1, sizeof *p);
    p->n_variants = TRICKS + 1;
    p->variants[1].added = true;
    ablation_effect f = ablation_effect_of(p, &a, 1); /* differences 1, .5, 1: mean 5/6, standard error 1/6 */
    const double t = 19.9625, z = 3.0233, images = 1 / 6.0; /* quantiles .99875, 2 degrees of freedom */
    assert_near(f.family.lo, 5 / 6.0 - sqrt(t * t / 36 + z * z * images * images), 1e-3);
    assert_false(f.idle);
    assert_true(ablation_effect_of(p, &a, 2).idle);
    test_free(p);
    const interval above = {0.1, 0.2}, below = {-0.2, -0.1}, about = {-0.1, 0.2}, none = {NAN, NAN};
    assert_string_equal(ablation_verdict(above, above), "helps");
    assert_string_equal(ablation_verdict(above, about), "may help");
    assert_string_equal(ablation_verdict(below, about), "may harm");
    assert_string_equal(ablation_verdict(below, below), "harms");
    assert_string_equal(ablation_verdict(about, about), "not told apart from 0");
    assert_string_equal(ablation_verdict(none, none), "one seed tells nothing");
}

/* An option that the recipe has no use for is told, and one that hides another's is refused. */
static void what_does_nothing(void **state) {
    (void)state;
    cli_expect(0, "NOTHING_CHANGED: clip=1e6: no test image is right or wrong through it",
               QUICK "--tricks clip=1e6 --seeds 2");
    cli_expect(2, "warmup=20: --warmup with --schedule one-cycle", QUICK "--tricks warmup=20");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(paired_over_seeds),
                                       cmocka_unit_test(variants_are_recipes),
                                       cmocka_unit_test(a_net_that_diverges_is_told),
                                       cmocka_unit_test(refused),
                                       cmocka_unit_test(steps_of_augmentation),
                                       cmocka_unit_test(effect_by_hand),
                                       cmocka_unit_test(many_tricks),
                                       cmocka_unit_test(what_does_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
