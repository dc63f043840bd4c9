/* The page: what it says of results built by hand, that nothing in a result becomes markup, and that bad pictures, empty
 * and huge results give a page that is whole. */
#include "tests/support/test.h"

#include <math.h>

#include "audit/base64.h"
#include "audit/fairness.h"
#include "audit/report/report.h"
#include "audit/result.h"
#include "core/outfile.h"
#include "tests/support/cli.h"
#include "tests/support/fakes.h"
#include "tests/support/page.h"

#define NB "\xe2\x80\xaf" /* the narrow space before a percent sign */

static const row_key clean = {.metric = "accuracy", .eps = NAN};

static result *new_result(const char *command) {
    run r = run_default();
    return result_new(command, &r);
}

/* --- results ------------------------------------------------------------------------------------------------------- */

static result *attack_result(void) {
    static const char *const attacks[] = {"fgsm", "pgd", "union"};
    static const int correct[3][2] = {{420, 180}, {313, 12}, {310, 11}};
    const double eps[] = {8.0 / 255, 0.1};
    result *x = new_result("attack");
    result_share(x, clean, 915, 1000);
    for (int a = 0; a < 3; a++)
        for (int i = 0; i < 2; i++)
            result_share(x, (row_key){"accuracy", attacks[a], "linf", NULL, eps[i]}, correct[a][i], 1000);
    return x;
}

static result *train_result(void) {
    result *x = new_result("train");
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

static result *poison_result(void) {
    result *x = new_result("poison");
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
static result *fairness_result(const char *named, const char *level_a, const char *class_name) {
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

static result *gates_result(void) {
    result *x = new_result("check");
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

/* --- tests --------------------------------------------------------------------------------------------------------- */

static void says_what_was_found(void **state) {
    (void)state;
    result *all[] = {train_result(), attack_result(), fairness_result("sex", "a", "shirt"), poison_result(),
                     gates_result()};
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
    result *one[] = {train_result()};
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
    result *one[] = {attack_result()};
    result_warning(one[0], "ZERO_GRAD", "a gradient was exactly zero", rows, 2, "audit selftest --deep");
    char *page = page_of("t", one, 1);
    assert_harmless(page);
    must_say(page, "These figures are not to be trusted: warning ZERO_GRAD");
    must_say(page, "not to be trusted: ZERO_GRAD</b></dd>");
    must_say(page, "Rows of the data: 3, 17");
    must_say(page, "Next: <code>audit selftest --deep</code>");
    free(page);

    result *harmless[] = {attack_result()};
    result_warning(harmless[0], "TIED", "tied", rows, 2, NULL);
    page = page_of("t", harmless, 1);
    must_not_say(page, "to be trusted");
    free(page);
}

static void targeted_success_is_a_lower_bound(void **state) {
    (void)state;
    result *one[] = {new_result("attack")};
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
    result *two[] = {attack_result(), attack_result()};
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
    result *x = new_result("fairness");
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
    result *more[] = {attack_result()};
    char *page = page_of("t", more, 1);
    must_say(page, ">all attacks together</text>");
    free(page);
    result *same[] = {new_result("attack")};
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
    result *one[] = {attack_result()};
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

#define EVIL "</title></b><script>alert(1)</script>\"' onload=\"x\" &lt; \xe2\x80\xae"

/* Attacks that are not one ball around each image: empty results, and results whose every text is hostile. */
static void scenes_are_harmless(void **state) {
    (void)state;
    static const char *const commands[] = {"transferability", "spatial", "patch", "universal"};
    result *all[8];
    for (int i = 0; i < 8; i++) {
        all[i] = new_result(commands[i / 2]);
        if (i % 2 == 0) continue;
        json *models = json_new_array(), *one = json_new_object();
        json_set_string(one, "name", EVIL);
        json_append(models, one);
        result_setting_json(all[i], "models", models);
        result_setting_text(all[i], "attack", EVIL);
        result_setting_text(all[i], "norm", EVIL);
        result_setting_text(all[i], "target", EVIL);
        result_setting_text(all[i], "padding", EVIL);
        result_extra(all[i], "sheet", json_new_string("data:image/png;base64," EVIL));
        result_share(all[i], (row_key){"accuracy", "rotation", EVIL, "angle=nan", NAN}, 5, 10);
        result_share(all[i], (row_key){"accuracy", "rotation", EVIL, "angle=5" EVIL, NAN}, 5, 10);
        result_share(all[i], (row_key){"accuracy", "none", EVIL, "target=" EVIL, NAN}, 5, 10);
        result_share(all[i], (row_key){"accuracy", "universal", EVIL, NULL, .1}, 0, 0);
        result_share(all[i], (row_key){"accuracy", "patch", EVIL, NULL, NAN}, 5, 10);
    }
    char *page = page_of("t", all, 8);
    assert_well_formed(page);
    must_not_say(page, "<script");
    must_not_say(page, ">nan");
    must_say(page, "id=\"transferability-2\"");
    must_say(page, "id=\"universal-2\"");
    must_not_say(page, "Nothing was attacked");
    must_say(page, "Nothing is certified");
    free(page);
}

static void texts_never_become_markup(void **state) {
    (void)state;
    result *all[] = {fairness_result(EVIL, EVIL, EVIL), new_result("attack"), new_result("poison"),
                     new_result("check"), new_result(EVIL)};
    result_share(all[1], (row_key){"accuracy", EVIL, EVIL, NULL, .1}, 5, 10);
    result_warning(all[1], EVIL, EVIL, NULL, 0, EVIL);
    result_setting_text(all[1], EVIL, EVIL);
    result_extra(all[1], "sheet", json_new_string("data:image/png;base64," EVIL));
    result_setting_text(all[2], "poison", EVIL);
    result_share(all[2], (row_key){"accuracy", EVIL, NULL, "dose=0.5", NAN}, 5, 10);
    json *list = json_new_array(), *v = json_new_object();
    json_set_string(v, "gate", EVIL);
    json_set_string(v, "verdict", EVIL);
    json_set_string(v, "group", EVIL);
    json_set_string(v, "reason", EVIL);
    json_append(list, v);
    result_extra(all[3], "verdicts", list);
    json *run_part = json_new_object(), *argv = json_new_array();
    json_append(argv, json_new_string("audit"));
    json_append(argv, json_new_string(EVIL));
    json_set(run_part, "argv", argv);
    json_set_string(run_part, "core", EVIL);
    json_set(result_json(all[4]), "run", run_part);
    result_share(all[4], (row_key){"accuracy", NULL, NULL, "class=" EVIL, NAN}, 5, 10);
    char *page = page_of("\xff\xc3 \x01" EVIL, all, 5);
    assert_well_formed(page);
    must_not_say(page, "<script");
    must_not_say(page, "\xe2\x80\xae"); /* turns the direction of text around */
    must_not_say(page, "\xff");
    must_not_say(page, "\x01");
    must_say(page,
             "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=&quot;x&quot; &amp;lt; \xef\xbf\xbd");
    free(page);
}

static char *page_with_sheet(const char *uri) {
    result *one[] = {attack_result()};
    result_extra(one[0], "sheet", json_new_string(uri));
    return page_of("t", one, 1);
}

static void only_png_is_shown(void **state) {
    (void)state;
    const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13,
                           'I',  'H', 'D', 'R', 0,    0,    1,    4,    0, 0, 0, 20};
    uint8_t gif[sizeof png] = "GIF89a", wide[sizeof png];
    memcpy(wide, png, sizeof png);
    wide[16] = 0x7f; /* two thousand million pixels wide */
    char *good = base64_encode("data:image/png;base64,", png, sizeof png);
    char *bad[] = {base64_encode("data:image/png;base64,", gif, sizeof gif),
                   base64_encode("data:image/png;base64,", wide, sizeof wide),
                   base64_encode("data:image/png;base64,", png, 20),
                   base64_encode("data:image/svg+xml;base64,", png, sizeof png),
                   base64_encode("https://example.org/", png, sizeof png)};
    char *page = page_with_sheet(good);
    assert_harmless(page);
    must_say(page, "<img class=\"sheet\" width=\"260\" height=\"20\"");
    must_say(page, good);
    free(page);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        page = page_with_sheet(bad[i]);
        assert_harmless(page);
        must_not_say(page, "<img");
        must_say(page, "is left out");
        free(page);
        free(bad[i]);
    }
    free(good);
}

/* Everything that rows may hold by their schema, and nothing that sections expect. */
static void odd_results_give_a_whole_page(void **state) {
    (void)state;
    static const char *const commands[] = {"train", "eval",    "attack",  "poison", "fairness",
                                           "check", "certify", "corrupt", "other"};
    const double values[] = {1e308, -1e308, 0, NAN, -5};
    for (size_t c = 0; c < sizeof commands / sizeof *commands; c++) {
        result *empty[] = {new_result(commands[c])};
        char *page = page_of("t", empty, 1);
        assert_harmless(page);
        free(page);
        result *odd[] = {new_result(commands[c])};
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            const row_key keys[] = {{"accuracy", NULL, NULL, NULL, NAN},
                                    {"accuracy", NULL, NULL, "class=x", NAN},
                                    {"accuracy", "pgd", "linf", NULL, fabs(values[i])},
                                    {"accuracy", "pgd", NULL, NULL, 0},
                                    {"accuracy", "badnets", NULL, "dose=0.1", NAN},
                                    {"attack_success", "badnets", NULL, "dose=1e9", NAN},
                                    {"certified_accuracy", "crown", NULL, NULL, fabs(values[i])},
                                    {"corruption_accuracy", "corruptions", NULL, "=", NAN},
                                    {"mce", "corruptions", NULL, NULL, NAN},
                                    {"error", NULL, NULL, NULL, NAN},
                                    {"error", NULL, NULL, "=&=&", NAN},
                                    {"error_gap", NULL, NULL, "a=&b=c", NAN},
                                    {"recall:", NULL, NULL, "", NAN},
                                    {"recall:y", NULL, NULL, "=&=&", NAN}};
            for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
                result_value(odd[0], keys[k], INT64_MAX, values[i], (interval){-1e308, NAN}, NULL, NULL);
        }
        json *epochs = json_new_array();
        json_append(epochs, json_new_string("none"));
        json_append(epochs, json_new_object());
        result_extra(odd[0], "epochs", epochs);
        result_setting_json(odd[0], "corruptions", json_new_array());
        result_setting_text(odd[0], "severities", "none");
        result_extra(odd[0], "verdicts", json_new_string("none"));
        page = page_of("t", odd, 1);
        assert_well_formed(page);
        free(page);
    }
}

/* What attacks add: a pair of classes that do not exist and a curve that is none are passed over. */
static void odd_details_of_attacks(void **state) {
    (void)state;
    static const char pairs[] =
        "{\"attack\": \"pgd\", \"eps\": [{\"eps\": 0.1, \"n\": 3, \"pairs\": [[0, 1, 2], "
        "[0, -1, 1], [7, 1, 5], [0, 9, 1], [0, 1, -4], [], 3]}, 5]}";
    static const char *const texts[] = {pairs, "{\"eps\": 3}", "[]"};
    static const char curve[] =
        "[{\"attack\": \"fmn\", \"walk\": true, \"n\": 3, \"curve\": [[0, 1], [null, 2], "
        "[0.5, 0.2], 4]}, 7, {}]";
    static const char *const curves[] = {curve, "3", "[[]]"};
    for (int i = 0; i < 3; i++) {
        result *one[] = {attack_result()};
        dataset d = fake_images(1, 4, (shape){2, 2, 1}, 2, 0, 1);
        json *pushed = NULL, *distances = NULL;
        err e;
        result_data(one[0], &d);
        assert_ok(json_parse(texts[i], strlen(texts[i]), &pushed, &e), e);
        assert_ok(json_parse(curves[i], strlen(curves[i]), &distances, &e), e);
        result_extra(one[0], "pushed", pushed);
        result_extra(one[0], "distances", distances);
        char *page = page_of("odd", one, 1);
        assert_harmless(page);
        if (i == 0) must_say(page, "no class");
        free(page);
        dataset_free(&d);
    }
}

static void huge_results_stay_small(void **state) {
    (void)state;
    result *all[] = {new_result("fairness"), new_result("eval"), new_result("attack")};
    result_share(all[0], (row_key){"error", NULL, NULL, NULL, NAN}, 5, 10);
    for (int i = 0; i < 5000; i++) {
        char group[64], class[64], metric[64];
        snprintf(group, sizeof group, "site=%d", i);
        snprintf(class, sizeof class, "class=%d", i);
        snprintf(metric, sizeof metric, "recall:%d", i);
        result_share(all[0], (row_key){"error", NULL, NULL, group, NAN}, i % 100, 100);
        result_share(all[0], (row_key){metric, NULL, NULL, NULL, NAN}, i % 100, 100);
        result_share(all[1], (row_key){"accuracy", NULL, NULL, class, NAN}, i % 100, 100);
        result_share(all[2], (row_key){"accuracy", group, "linf", NULL, i / 5000.0}, i % 100, 100);
        result_warning(all[2], "MANY", "again", NULL, 0, NULL);
    }
    char *page = page_of("t", all, 3);
    assert_harmless(page);
    must_say(page, "Of 5000 groups");
    must_say(page, "Only the first");
    must_say(page, "4900 more are in the results");
    if (strlen(page) > 300000) fail_msg("the page has %zu bytes", strlen(page));
    free(page);
}

static void same_results_same_bytes(void **state) {
    (void)state;
    result *first[] = {attack_result(), poison_result()}, *second[] = {attack_result(), poison_result()};
    char *a = page_of("t", first, 2), *b = page_of("t", second, 2);
    assert_string_equal(a, b);
    free(a);
    free(b);
}

static void a_failure_leaves_no_file(void **state) {
    (void)state;
    result *x = attack_result();
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
    result *x = attack_result();
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
                                       cmocka_unit_test(scenes_are_harmless),
                                       cmocka_unit_test(texts_never_become_markup),
                                       cmocka_unit_test(only_png_is_shown),
                                       cmocka_unit_test(odd_results_give_a_whole_page),
                                       cmocka_unit_test(odd_details_of_attacks),
                                       cmocka_unit_test(huge_results_stay_small),
                                       cmocka_unit_test(same_results_same_bytes),
                                       cmocka_unit_test(a_failure_leaves_no_file),
                                       cmocka_unit_test(the_command)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
