/* The page: what it says of results built by hand. */
#include "tests/support/test.h"

#include <math.h>

#include "audit/report/report.h"
#include "audit/result.h"
#include "core/outfile.h"
#include "tests/support/cli.h"
#include "tests/support/page.h"
#include "tests/support/report_results.h"

#define NB "\xe2\x80\xaf" /* the narrow space before a percent sign */

static void says_what_was_found(void **state) {
    (void)state;
    result *all[] = {report_train_result(), report_attack_result(),
                     report_fairness_result("sex", "a", "shirt"), report_poison_result(),
                     report_gates_result()};
    char *page = page_of("What is the catch?", all, 5);
    assert_harmless(page);
    must_say(page, "<h1>What is the catch?</h1>");
    must_say(page, "On 10,000 test images, unchanged, the model is right <b>92.3" NB "% [91.8, 92.8]</b>");
    must_say(
        page,
        "Under FGSM and PGD together, with changes of at most 8/255 a pixel, it is right at most <b>31.0" NB
        "% [28.2, 33.9]</b>");
    must_say(page, "with changes of at most 0.1 a pixel, at most <b>1.1" NB "% [0.6, 2.0]</b>");
    must_say(page, "Of 3 groups, <b>sex=a</b> fares worst: wrong <b>33.3" NB "% [28.2, 38.8]</b>");
    must_say(page, "+23.3 points"); /* 100 of 300 against 70 of 700 */
    must_say(page, "1 of the groups is too small to be judged");
    must_say(page,
             "With 5" NB
             "% of the training images poisoned (badnets), the trigger makes it answer as the attacker wants "
             "in <b>95.1" NB "% [94.1, 96.1]</b> of cases (1.2" NB "% with none)");
    must_say(page, "\xe2\x88\x92"
                   "0.4 points"); /* a true minus sign */
    must_say(page, "<b>1</b> fail");
    must_say(page, "upper bound of robust accuracy");
    must_say(page, "not judged: n = 10 is below the minimum of 30");
    must_say(page, "None was raised");
    static const char *const ids[] = {"warnings", "gates",  "attack",     "groups", "poison",
                                      "training", "limits", "provenance", NULL};
    for (int i = 0; ids[i]; i++) {
        char section[64], link[64];
        snprintf(section, sizeof section, "<section id=\"%s\">", ids[i]);
        snprintf(link, sizeof link, "href=\"#%s\"", ids[i]);
        must_say(page, section);
        must_say(page, link);
    }
    must_not_say(page, "id=\"accuracy\""); /* there was no eval: its classes stand with training */
    must_say(page, ">Accuracy per class</title>");
    assert_true(strlen(page) < 100000);
    free(page);
}

static void says_what_is_missing(void **state) {
    (void)state;
    result *one[] = {report_train_result()};
    char *page = page_of("t", one, 1);
    assert_harmless(page);
    must_say(page, "Nothing was attacked.");
    must_say(page, "No groups were compared.");
    must_say(page, "No training data were poisoned.");
    must_not_say(page, "Nothing is certified.");
    free(page);
}

static void distrust_stands_beside_the_figure(void **state) {
    (void)state;
    const int32_t rows[] = {3, 17};
    result *one[] = {report_attack_result()};
    result_warning(one[0], "ZERO_GRAD", "a gradient was exactly zero", rows, 2, "audit selftest --deep");
    char *page = page_of("t", one, 1);
    assert_harmless(page);
    must_say(page, "These figures are not to be trusted: warning ZERO_GRAD");
    must_say(page, "not to be trusted: ZERO_GRAD</b></dd>");
    must_say(page, "Rows of the data: 3, 17");
    must_say(page, "Next: <code>audit selftest --deep</code>");
    free(page);

    result *harmless[] = {report_attack_result()};
    result_warning(harmless[0], "TIED", "tied", rows, 2, NULL);
    page = page_of("t", harmless, 1);
    must_not_say(page, "to be trusted");
    free(page);
}

static void targeted_success_is_a_lower_bound(void **state) {
    (void)state;
    result *one[] = {report_new_result("attack")};
    result_share(one[0], (row_key){"target_success", "pgd", "l2", NULL, 1}, 200, 800);
    char *page = page_of("t", one, 1);
    assert_harmless(page);
    must_say(page, "at least <b>25.0" NB "% [22.1, 28.1]</b> of 800 images");
    must_say(page, "changes of at most 1 in the L2 norm");
    must_say(page, "<b>lower</b> bound");
    free(page);
}

static void different_models_are_told(void **state) {
    (void)state;
    result *two[] = {report_attack_result(), report_attack_result()};
    model m = {.arch = "small", .classes = 2, .input = {1, 1, 1}};
    for (int i = 0; i < 2; i++) {
        snprintf(m.sha256, sizeof m.sha256, "%064d", i);
        result_model(two[i], &m);
    }
    char *page = page_of("t", two, 2);
    assert_harmless(page);
    must_say(page, "These results are of 2 different models");
    must_say(page, "Accuracy under attack (1 of 2)");
    must_say(page, "id=\"attack-2\"");
    free(page);
}

/* Groups by site, whose images come in clusters; and under attack. */
static result *clustered_result(void) {
    result *x = report_new_result("fairness");
    for (int attacked = 0; attacked < 2; attacked++) {
        row_key key = {"error", attacked ? "pgd" : NULL, attacked ? "linf" : NULL, NULL,
                       attacked ? .05 : NAN};
        result_share(x, key, attacked ? 500 : 100, 1000);
        const char *const groups[] = {"site=north", "site=south"};
        for (int g = 0; g < 2; g++) {
            double sign = g ? -1 : 1;
            key.group = groups[g];
            key.metric = "error";
            result_share(x, key, (attacked ? 200 : 60) + g * (attacked ? 100 : -20), 500);
            key.metric = "error_gap";
            result_value(x, key, 500, sign * .04, (interval){sign * .04 - .037, sign * .04 + .037},
                         "newcombe", NULL);
        }
    }
    row_key north = {"error", NULL, NULL, "site=north", NAN};
    result_value(x, north, 500, .12, (interval){.05, .19}, "cluster-bootstrap", NULL);
    north.metric = "error_gap";
    result_value(x, north, 500, .04, (interval){-.06, .14}, "cluster-bootstrap", NULL);
    north.metric = "clusters";
    result_value(x, north, 500, 12, (interval){NAN, NAN}, "count", NULL);
    north.metric = "design_effect";
    result_value(x, north, 500, 5.25, (interval){NAN, NAN}, "anova", NULL);
    return x;
}

/* The interval that resamples clusters is the one that is believed: with it the gap is no longer clear. */
static void clusters_and_attacks_change_the_verdict(void **state) {
    (void)state;
    result *one[] = {clustered_result()};
    char *page = page_of("t", one, 1);
    assert_harmless(page);
    must_say(page, "<b>site=north</b> fares worst: wrong <b>12.0" NB "% [5.0, 19.0]</b>");
    must_say(page, "+4.0 points [\xe2\x88\x92"
                   "6.0, 14.0] against all others; the interval does not rule out");
    must_say(page, "the worst group is <b>site=south</b>: wrong <b>60.0" NB "%");
    must_say(page, "<td class=\"n\">12</td><td class=\"n\">5.2</td>");
    must_say(page, "Under PGD, L\xe2\x88\x9e \xce\xb5\xc2\xa0=\xc2\xa0"
                   "0.05: site");
    must_say(page, "class=\"s0 open\""); /* north clean */
    must_say(page, "class=\"s0 mark\""); /* the others */
    free(page);
}

/* A line for all attacks together is drawn only where it shows more than one of them alone. */
static void the_union_is_drawn_when_it_says_more(void **state) {
    (void)state;
    result *more[] = {report_attack_result()};
    char *page = page_of("t", more, 1);
    must_say(page, ">all attacks together</text>");
    free(page);
    result *same[] = {report_new_result("attack")};
    static const char *const attacks[] = {"fgsm", "pgd", "union"};
    for (int a = 0; a < 3; a++)
        result_share(same[0], (row_key){"accuracy", attacks[a], "linf", NULL, .1}, a ? 100 : 300, 1000);
    page = page_of("t", same, 1);
    assert_harmless(page);
    must_not_say(page, ">all attacks together</text>");
    must_say(page, "all attacks together</th>");
    free(page);
}

static void settings_are_words(void **state) {
    (void)state;
    result *one[] = {report_attack_result()};
    json *pgd = json_new_object(), *eps = json_new_array();
    json_set_int(pgd, "steps", 40);
    json_set_bool(pgd, "random_start", true);
    json_append(eps, json_new_real(.05));
    json_append(eps, json_new_real(.1));
    result_setting_json(one[0], "pgd", pgd);
    result_setting_json(one[0], "eps", eps);
    result_setting_text(one[0], "targeted", NULL);
    char *page = page_of("t", one, 1);
    assert_harmless(page);
    must_say(page, "<span class=\"soft\">pgd</span> (<span class=\"soft\">steps</span> 40, <span "
                   "class=\"soft\">random_start</span> yes), <span class=\"soft\">eps</span> 0.05, 0.1</td>");
    free(page);
}

static void same_results_same_bytes(void **state) {
    (void)state;
    result *first[] = {report_attack_result(), report_poison_result()},
           *second[] = {report_attack_result(), report_poison_result()};
    char *a = page_of("t", first, 2), *b = page_of("t", second, 2);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

static void a_failure_leaves_no_file(void **state) {
    (void)state;
    result *x = report_attack_result();
    json *document = result_json(x);
    err e;
    assert_int_equal(report_write(temporary_path("no-such-folder/page.html"), "t", &document, 1, &e),
                     STATUS_IO);
    assert_no_file_like("no-such-folder");
    result_free(x);
}

static void the_command(void **state) {
    (void)state;
    const result_run facts = {.argc = 2,
                              .argv = (char *const[]){(char[]){"/usr/bin/audit"}, (char[]){"it's here"}},
                              .threads = 2,
                              .batch = 128,
                              .reproducible = false};
    err e;
    result *x = report_attack_result();
    assert_ok(result_write(x, temporary_path("a.json"), &facts, &e), e);
    result_free(x);
    cli_expect(0, NULL, "report a.json -o out.html --title Hello");
    char *page = slurp("out.html");
    assert_non_null(page);
    assert_harmless(page);
    must_say(page, "<title>Hello</title>");
    must_say(page, "audit &#39;it&#39;\\&#39;&#39;s here&#39;"); /* as a shell reads it */
    must_say(page, "cut short");
    free(page);
    cli_expect(2, "missing.json", "report a.json missing.json -o two.html");
    assert_ok(outfile_write(temporary_path("b.json"), "{}", 2, &e), e);
    cli_expect(2, "b.json: not a result", "report b.json -o two.html");
    cli_expect(2, "RESULT.json", "report -o two.html");
    cli_expect(2, NULL, "report a.json -o no/such/folder.html");
    assert_no_file_like("two");
    cli_expect(0, NULL, "report a.json -o - --quiet");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_was_found),
                                       cmocka_unit_test(says_what_is_missing),
                                       cmocka_unit_test(distrust_stands_beside_the_figure),
                                       cmocka_unit_test(targeted_success_is_a_lower_bound),
                                       cmocka_unit_test(different_models_are_told),
                                       cmocka_unit_test(clusters_and_attacks_change_the_verdict),
                                       cmocka_unit_test(the_union_is_drawn_when_it_says_more),
                                       cmocka_unit_test(settings_are_words),
                                       cmocka_unit_test(same_results_same_bytes),
                                       cmocka_unit_test(a_failure_leaves_no_file),
                                       cmocka_unit_test(the_command)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
