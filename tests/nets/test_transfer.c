/* Old trunks with new heads: where nets are cut, that the parts give what the whole gives, and what training leaves alone. */
#include "tests/support/test.h"

#include <math.h>

#include "datasets/open.h"
#include "nets/features.h"
#include "nets/predict.h"
#include "nets/transfer.h"
#include "nets/zoo.h"
#include "tests/support/fakes.h"

typedef struct fixture {
    net *base;
    weights w;
    transferred t;
} fixture;

static fixture fixture_of(const char *arch, shape input, int classes) {
    err e;
    float mean[4] = {.3F, .4F, .5F}, std[4] = {.2F, .3F, .25F};
    fixture f = {0};
    assert_ok(zoo_build(arch, input, classes, mean, std, &f.base, &e), e);
    assert_ok(weights_new(f.base, &f.w, &e), e);
    weights_init(f.base, &f.w, 3);
    return f;
}

static void transfer_to(fixture *f, const char *cut, shape input, int classes, double dropout) {
    err e;
    transfer_plan p = {
        .base = f->base, .base_weights = &f->w, .input = input, .classes = classes, .dropout = dropout};
    if (cut)
        assert_ok(net_node_named(f->base, cut, &p.cut, &e), e);
    else
        assert_ok(transfer_default_cut(f->base, &p.cut, &e), e);
    assert_ok(transfer_build(&p, 5, &f->t, &e), e);
}

static void fixture_free(fixture *f) {
    transferred_free(&f->t);
    weights_free(&f->w);
    net_free(f->base);
}

static float *outputs(const net *n, const weights *w, const dataset *d) {
    err e;
    run r = run_default();
    model *m;
    assert_ok(model_of_net(n, w, false, &r, &m, &e), e);
    float *z = calloc((size_t)d->n * (size_t)n->classes, sizeof *z);
    assert_non_null(z);
    assert_ok(predict_outputs(m, d, &r, "test", z, &e), e);
    model_free(m);
    return z;
}

/* Features at a node, and the part behind it on them, against the whole net. */
static void check_parts(const fixture *f, const dataset *d) {
    err e;
    run r = run_default();
    dataset features;
    net *head;
    weights hw;
    assert_ok(features_make(f->t.net, &f->t.weights, f->t.features, d, NULL, 1, &r, &features, &e), e);
    assert_ok(net_behind(f->t.net, &f->t.weights, f->t.features, &head, &hw, &e), e);
    float *whole = outputs(f->t.net, &f->t.weights, d), *parts = outputs(head, &hw, &features);
    assert_relative(parts, whole, (size_t)d->n * (size_t)f->t.net->classes, 1e-5);
    free(whole);
    free(parts);
    weights_free(&hw);
    net_free(head);
    dataset_free(&features);
}

static void test_parts_give_what_the_whole_gives(void **state) {
    (void)state;
    static const struct {
        const char *arch, *cut;
    } cases[] = {{"small", NULL},       {"lenet5", NULL},    {"vgg-small", NULL},          {"resnet8", NULL},
                 {"lenet5", "flatten"}, {"lenet5", "relu2"}, {"resnet8", "layer1.0.relu2"}};
    dataset d = fake_images(7, 11, (shape){20, 24, 3}, 4, 0, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture f = fixture_of(cases[i].arch, (shape){28, 28, 1}, 10);
        transfer_to(&f, cases[i].cut, d.image, d.classes, .25);
        check_parts(&f, &d);
        fixture_free(&f);
    }
    dataset_free(&d);
}

/* With the base's own input the trunk gives the base's bits, and the adapted base its logits. */
static void test_trunk_is_the_base(void **state) {
    (void)state;
    err e;
    run r = run_default();
    fixture f = fixture_of("resnet8", (shape){16, 16, 3}, 6);
    transfer_to(&f, NULL, f.base->input, 3, 0);
    dataset d = fake_images(1, 9, f.base->input, 3, 0, 1), old, new;
    int cut;
    assert_ok(transfer_default_cut(f.base, &cut, &e), e);
    assert_ok(features_make(f.base, &f.w, cut, &d, NULL, 1, &r, &old, &e), e);
    assert_ok(features_make(f.t.net, &f.t.weights, f.t.features, &d, NULL, 1, &r, &new, &e), e);
    assert_int_equal(old.image.c, new.image.c);
    assert_memory_equal(old.values, new.values, (size_t)d.n * (size_t)old.image.c * sizeof(float));
    net *adapted;
    weights aw;
    assert_ok(transfer_adapt(f.base, &f.w, d.image, &adapted, &aw, &e), e);
    float *a = outputs(f.base, &f.w, &d), *b = outputs(adapted, &aw, &d);
    assert_memory_equal(a, b, (size_t)d.n * 6 * sizeof(float));
    free(a);
    free(b);
    weights_free(&aw);
    net_free(adapted);
    dataset_free(&old);
    dataset_free(&new);
    dataset_free(&d);
    fixture_free(&f);
}

/* A grey image repeated in three channels, and a colour one whose channels are alike, are the same image to both kinds of net. */
static void test_channels_are_adapted(void **state) {
    (void)state;
    err e;
    shape grey = {12, 12, 1}, rgb = {12, 12, 3};
    dataset one = fake_images(2, 5, grey, 3, 0, 1), three = fake_images(2, 5, rgb, 3, 0, 1);
    float *values = calloc(5 * 12 * 12 * 3, sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < 5 * 12 * 12 * 3; i++)
        values[i] = one.values[i / 3];
    three.values = values;
    const shape bases[] = {grey, rgb};
    for (int i = 0; i < 2; i++) {
        fixture f = fixture_of("small", bases[i], 4);
        net *adapted;
        weights w;
        const dataset *own = i ? &three : &one, *other = i ? &one : &three;
        assert_ok(transfer_adapt(f.base, &f.w, other->image, &adapted, &w, &e), e);
        float *a = outputs(f.base, &f.w, own), *b = outputs(adapted, &w, other);
        assert_relative(b, a, 5 * 4, 1e-5);
        free(a);
        free(b);
        weights_free(&w);
        net_free(adapted);
        fixture_free(&f);
    }
    free(values);
    dataset_free(&one);
    dataset_free(&three);
}

static void test_head_learns_and_trunk_stays(void **state) {
    (void)state;
    err e;
    run r = run_default();
    dataset d, features;
    assert_ok(dataset_open("synth:shapes", &(open_options){.split = "train", .n = 200}, &d, &e), e);
    fixture f = fixture_of("small", (shape){32, 32, 3}, 10);
    transfer_to(&f, NULL, d.image, d.classes, 0);
    weights before;
    assert_ok(weights_copy(&f.t.weights, &before, &e), e);
    train_options o = train_options_default();
    o.epochs = 150;
    o.batch = 64;
    o.optim = OPTIM_ADAMW;
    o.schedule = schedule_default(SCHEDULE_COSINE, .02);
    assert_ok(features_make(f.t.net, &f.t.weights, f.t.features, &d, NULL, 1, &r, &features, &e), e);
    assert_ok(features_train_head(f.t.net, &f.t.weights, f.t.features, &features, &o, &r, NULL, &e), e);
    int moved = 0;
    for (int i = 0; i < f.t.net->n_params; i++) {
        const net_param *p = &f.t.net->params[i];
        bool same = !memcmp(before.data + p->offset, f.t.weights.data + p->offset, p->size * sizeof(float));
        bool head = !strncmp(p->name, "head.", 5);
        if (same == head) fail_msg("%s %s", p->name, head ? "did not move" : "moved");
        moved += !same;
    }
    assert_int_equal(moved, 2);
    float *z = outputs(f.t.net, &f.t.weights, &d);
    prediction_counts c = count_predictions(z, d.labels, d.n, d.classes);
    if (c.correct < 180) fail_msg("%d of 200 training images are right on random features", (int)c.correct);
    free(z);
    weights_free(&before);
    dataset_free(&features);
    dataset_free(&d);
    fixture_free(&f);
}

/* Copy k is the image as augmented in epoch k, with the label that it then has. */
static void test_copies_are_augmented(void **state) {
    (void)state;
    err e;
    run r = run_default();
    dataset d, features;
    augmentation a;
    assert_ok(dataset_open("synth:arrows", &(open_options){.split = "train", .n = 40}, &d, &e), e);
    assert_ok(augment_parse("flip-target=1", d.classes, d.class_names, &a, &e), e);
    fixture f = fixture_of("small", d.image, 10);
    transfer_to(&f, NULL, d.image, d.classes, 0);
    assert_ok(features_make(f.t.net, &f.t.weights, f.t.features, &d, &a, 3, &r, &features, &e), e);
    assert_int_equal(features.n, 120);
    for (int i = 0; i < 120; i++) {
        assert_int_equal(features.labels[i], a.mirrored[d.labels[i % 40]]);
        assert_int_equal(features.ids[i], i);
    }
    augment_free(&a);
    dataset_free(&features);
    dataset_free(&d);
    fixture_free(&f);
}

static void test_rates(void **state) {
    (void)state;
    fixture f = fixture_of("lenet5", (shape){28, 28, 1}, 10);
    transfer_to(&f, NULL, (shape){28, 28, 3}, 4, 0);
    assert_int_equal(transfer_layers(&f.t), 4); /* two convolutions, two of three fully connected */
    float rates[64];
    assert_true(f.t.net->n_params <= 64);
    transfer_rates(&f.t, 1, .1, .5, .7, rates);
    const double expected[] = {0 /* grey */, 0, .025, .05, .1, .7};
    int at = -1;
    for (int i = 0; i < f.t.net->n_params; i++) {
        at += f.t.net->params[i].info.kind == PARAM_WEIGHT;
        assert_near((double)rates[i], expected[at], 1e-6);
    }
    assert_int_equal(at, 5);
    fixture_free(&f);
}

static void test_refuses(void **state) {
    (void)state;
    err e;
    int cut;
    fixture f = fixture_of("linear", (shape){8, 8, 1}, 3);
    assert_int_equal(transfer_default_cut(f.base, &cut, &e), STATUS_UNSUPPORTED);
    fixture_free(&f);
    f = fixture_of("resnet8", (shape){16, 16, 3}, 3);
    transfer_plan p = {.base = f.base, .base_weights = &f.w, .input = {16, 16, 3}, .classes = 2};
    for (p.cut = 0; net_is_waist(f.base, p.cut); p.cut++) {
    }
    assert_int_equal(transfer_build(&p, 0, &f.t, &e), STATUS_USAGE);
    if (!strstr(e.message, "values pass by it")) fail_msg("%s", e.message);
    assert_null(f.t.net);
    assert_ok(transfer_default_cut(f.base, &p.cut, &e), e);
    p.input.c = 4;
    assert_int_equal(transfer_build(&p, 0, &f.t, &e), STATUS_USAGE);
    if (!strstr(e.message, "takes images of 3 channels and these have 4")) fail_msg("%s", e.message);
    fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_give_what_the_whole_gives),
        cmocka_unit_test(test_trunk_is_the_base),
        cmocka_unit_test(test_channels_are_adapted),
        cmocka_unit_test(test_head_learns_and_trunk_stays),
        cmocka_unit_test(test_copies_are_augmented),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
