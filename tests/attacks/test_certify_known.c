/* Certificates of the nets of the VNN competition 2021: what has a known counterexample is never certified. */
#include "attacks/certify.h"
#include "core/npy.h"
#include "core/parallel.h"
#include "nets/model_file.h"
#include "nets/onnx/import.h"
#include "tests/support/test.h"
#include "tests/support/verification.h"

static void load(const char *file, model_file *out) {
    err e = {{0}};
    onnx_graph g;
    preprocessing p = preprocessing_default();
    need_file(shared_path(file));
    assert_ok(onnx_read(shared_path(file), &g, &e), e);
    assert_ok(onnx_import(&g, &p, out, &e), e);
    onnx_graph_free(&g);
}

static int certify_all(const npz *z, const char *net_name, const char *file, const char *method) {
    model_file f;
    model *m;
    run r = run_default();
    arena memory = {0};
    err e = {{0}};
    int proven = 0;
    load(file, &f);
    assert_ok(model_of_net(f.net, &f.weights, false, &r, &m, &e), e);
    for (int64_t i = 0; i < npz_find(z, "label")->count; i++) {
        const char *name;
        assert_ok(npy_text(npz_find(z, "net"), i, &memory, &name, &e), e);
        if (!strstr(name, net_name)) continue;
        double eps = npy_number(npz_find(z, "eps"), i);
        dataset d = verification_instance(z, i);
        certify_plan plan = certify_plan_default();
        plan.method = certificate_find(method);
        plan.eps = &eps;
        plan.n_eps = 1;
        certify_result c;
        assert_ok(certify_run(&(certify_subject){f.net, &f.weights, m}, &d, &plan, &r, &c, &e), e);
        if (c.certified[0] && npy_number(npz_find(z, "verdict"), i) == 0)
            fail_msg("instance %d: %s certifies it, and a counterexample is known", (int)i, method);
        proven += c.certified[0];
        certify_result_free(&c);
        dataset_free(&d);
    }
    arena_free(&memory);
    model_free(m);
    model_file_free(&f);
    return proven;
}

static void known_instances(void **state) {
    (void)state;
    npz z;
    err e = {{0}};
    need_file(shared_path("data/verification/2021_verivital.npz"));
    assert_ok(npz_read_file(shared_path("data/verification/2021_verivital.npz"), &z, &e), e);
    static const char *const methods[] = {"ibp", "crown"};
    for (int k = 0; k < 2; k++) {
        int average = certify_all(&z, "avgpool", "data/verification/2021_Convnet_avgpool.onnx", methods[k]);
        int most = certify_all(&z, "maxpool", "data/verification/2021_Convnet_maxpool.onnx", methods[k]);
        print_message("%s: %d + %d certified of 53 proven\n", methods[k], average, most);
        if (k == 1) assert_true(average > 0);
    }
    npz_free(&z);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_instances)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
