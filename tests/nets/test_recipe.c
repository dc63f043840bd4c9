/* The recipe of a training as JSON, and the ranges of its options. */
#include "tests/support/test.h"

#include "nets/train.h"

static const char *const names[] = {"left", "right", "up"};

static dataset toy(void) {
    return (dataset){.name = "toys", .n = 3, .classes = 3, .class_names = names};
}

static char *text_of(const train_options *o) {
    json *j = train_options_to_json(o);
    char *text = json_text(j, 0);
    assert_non_null(text);
    json_free(j);
    return text;
}

static void test_recipe_tells_every_option(void **state) {
    (void)state;
    augmentation a = {.n = 2, .steps = {{AUGMENT_flip, 0.5f}, {AUGMENT_noise, 0.05f}}};
    train_options o = train_options_default();
    o.augment = &a;
    char *text = text_of(&o);
    assert_string_equal(
        text,
        "{\"optimizer\":\"nesterov\",\"schedule\":{\"kind\":\"one-cycle\",\"lr\":0.05,\"peak_at\":0.3,"
        "\"momentum_low\":0.85,\"momentum_high\":0.95},\"augment\":\"flip=0.5,noise=0.05\","
        "\"class_weights\":\"none\",\"group_column\":null,\"epochs\":5,\"batch\":128,\"momentum\":0.9,"
        "\"weight_decay\":0.0005,\"drop_last\":true,\"mixup_alpha\":0.0,\"cutmix_alpha\":0.0,"
        "\"balanced_sampler\":false,\"label_smoothing\":0.0,\"focal_gamma\":0.0,\"aux_weight\":0.3,"
        "\"group_dro_rate\":0.0,\"clip_norm\":0.0,\"sam_rho\":0.0,\"lookahead_every\":0,\"lookahead_share\":"
        "0.5,"
        "\"frozen_norm\":false,\"ema_decay\":0.0,\"swa_from\":0.0,\"patience\":0}");
    free(text);
}

static void test_options_that_contradict_each_other(void **state) {
    (void)state;
    err e;
    dataset d = toy();
    train_options o = train_options_default();
    assert_ok(train_options_check(&o, &e), e);
    o.ema_decay = 0.9;
    o.swa_from = 0.5;
    assert_int_equal(train_options_check(&o, &e), STATUS_USAGE);
    o = train_options_default();
    o.patience = 3;
    assert_int_equal(train_options_check(&o, &e), STATUS_USAGE);
    o.validation = &d;
    assert_ok(train_options_check(&o, &e), e);
    o = train_options_default();
    o.group_dro_rate = 0.01;
    assert_int_equal(train_options_check(&o, &e), STATUS_USAGE);
    o = train_options_default();
    o.checkpoint_every = -1;
    assert_int_equal(train_options_check(&o, &e), STATUS_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recipe_tells_every_option),
        cmocka_unit_test(test_options_that_contradict_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
