#include "tests/support/report_results.h"

#include <math.h>

#include "audit/fairness.h"
#include "tests/support/test.h"

static const row_key clean = {.metric = "accuracy", .eps = NAN};

result *report_new_result(const char *command) {
    run r = run_default();
    return result_new(command, &r);
}

result *report_attack_result(void) {
    static const char *const attacks[] = {"fgsm", "pgd", "union"};
    static const int correct[3][2] = {{420, 180}, {313, 12}, {310, 11}};
    const double eps[] = {8.0 / 255, 0.1};
    result *x = report_new_result("attack");
    result_share(x, clean, 915, 1000);
    for (int a = 0; a < 3; a++)
        for (int i = 0; i < 2; i++)
            result_share(x, (row_key){"accuracy", attacks[a], "linf", NULL, eps[i]}, correct[a][i], 1000);
    return x;
}

result *report_train_result(void) {
    result *x = report_new_result("train");
    json *epochs = json_new_array();
    for (int i = 0; i < 3; i++) {
        json *point = json_new_object();
        json_set_int(point, "epoch", i + 1);
        json_set_real(point, "loss", 0.9 / (i + 1));
        json_set_real(point, "accuracy", 0.7 + 0.1 * i);
        json_set_real(point, "rate", 0.05);
        json_append(epochs, point);
    }
    result_extra(x, "epochs", epochs);
    result_share(x, clean, 9230, 10000);
    result_share(x, (row_key){"accuracy", NULL, NULL, "class=Shirt", NAN}, 771, 1000);
    return x;
}

result *report_poison_result(void) {
    result *x = report_new_result("poison");
    static const char *const groups[] = {"dose=0", "dose=0.05"};
    const double accuracy[] = {.861, .857}, success[] = {.012, .951};
    for (int i = 0; i < 2; i++) {
        row_key key = {"accuracy", "badnets", NULL, groups[i], NAN};
        result_value(x, key, 5, accuracy[i], (interval){accuracy[i] - .01, accuracy[i] + .01}, "t", NULL);
        key.metric = "accuracy_change";
        result_value(x, key, 5, accuracy[i] - .861, (interval){-.012, .004}, "t", NULL);
        key.metric = "attack_success";
        result_value(x, key, 5, success[i], (interval){success[i] - .01, success[i] + .01}, "t", NULL);
    }
    result_setting_text(x, "poison", "badnets");
    return x;
}

/* Groups a (300 of 1000 rows, every third wrong), b (690, every tenth) and c (10). */
result *report_fairness_result(const char *named, const char *level_a, const char *class_name) {
    enum { N = 1000 };
    const char *texts[N];
    int32_t labels[N], predictions[N];
    for (int i = 0; i < N; i++) {
        bool wrong = i < 300 ? i % 3 == 0 : i % 10 == 0;
        texts[i] = i < 300 ? level_a : i < 990 ? "b" : "c";
        labels[i] = i % 2;
        predictions[i] = wrong ? 1 - labels[i] : labels[i];
    }
    table t = {.n_rows = N};
    err e;
    assert_ok(table_add_texts(&t, named, texts, &e), e);
    const char *const names[] = {class_name, "other"};
    fairness_outcomes o = {
        .n = N, .classes = 2, .labels = labels, .predictions = predictions, .class_names = names, .eps = NAN};
    fairness_options options = fairness_options_default();
    options.columns = &named;
    options.n_columns = 1;
    run r = run_default();
    result *x = result_new("fairness", &r);
    assert_ok(fairness_measure(x, &t, &o, &options, &r, &e), e);
    table_free(&t);
    return x;
}

result *report_gates_result(void) {
    result *x = report_new_result("check");
    json *list = json_new_array(), *v = json_new_object();
    json_set_string(v, "gate", "robust enough");
    json_set_string(v, "group", "all");
    json_set_string(v, "verdict", "fail");
    json_set_string(v, "bound", "min");
    json_set_real(v, "limit", 0.4);
    json_set_int(v, "n", 1000);
    json_set_real(v, "value", 0.31);
    json_append(list, v);
    result_extra(x, "verdicts", list);
    return x;
}
