/* Profiles of nets: every multiply-add is counted once a pass, and what runs has a time. */
#include "tests/support/test.h"

#include "nets/profile.h"
#include "nets/zoo.h"

static double flops_of(const profile *p, profile_part part) {
    double sum = 0;
    for (int i = 0; i < p->n; i++)
        if (p->rows[i].part == part) sum += p->rows[i].flops;
    return sum;
}

static void check_rows(const profile *p) {
    double seconds = 0;
    for (int i = 0; i < p->n; i++) {
        const profile_row *row = &p->rows[i];
        assert_true(row->seconds > 0);
        assert_true(row->flops == 0 || row->bytes > 0);
        seconds += row->seconds;
    }
    assert_near(seconds, p->seconds, 1e-9 * seconds);
}

static void check_net(const char *name) {
    err e;
    net *n;
    weights w;
    profile p;
    run r = run_default();
    assert_ok(zoo_build(name, (shape){16, 16, 3}, 10, NULL, NULL, &n, &e), e);
    assert_ok(weights_new(n, &w, &e), e);
    weights_init(n, &w, 1);
    double forward = 2 * (double)net_flops(n);
    assert_ok(profile_attack(n, &w, &r, .001, &p, &e), e);
    check_rows(&p);
    assert_near(flops_of(&p, PROFILE_FORWARD), forward, 0);
    assert_near(flops_of(&p, PROFILE_INPUT_GRADIENT), forward, 0);
    assert_near(flops_of(&p, PROFILE_WEIGHT_GRADIENT), 0, 0);
    profile_free(&p);
    assert_ok(profile_train(n, &w, 6, &r, .001, &p, &e), e);
    check_rows(&p);
    double trained = flops_of(&p, PROFILE_FORWARD); /* with auxiliary heads, which net_flops does not count */
    if (n->n_aux)
        assert_true(trained > forward);
    else
        assert_near(trained, forward, 0);
    assert_near(flops_of(&p, PROFILE_WEIGHT_GRADIENT), trained, 0);
    profile_free(&p);
    weights_free(&w);
    net_free(n);
}

static void nets(void **state) {
    (void)state;
    check_net("lenet5");
    check_net("resnet8");
    check_net("googlenet-small");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(nets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
