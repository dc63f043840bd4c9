/* The page of results that mean harm or make no sense: nothing in a result becomes markup, and bad pictures, empty, odd and huge results give a page
 * that is whole. */
#include "tests/support/test.h"

#include <math.h>

#include "audit/base64.h"
#include "audit/report/report.h"
#include "audit/result.h"
#include "tests/support/fakes.h"
#include "tests/support/page.h"
#include "tests/support/report_results.h"

#define EVIL "</title></b><script>alert(1)</script>\"' onload=\"x\" &lt; \xe2\x80\xae"

/* Attacks that are not one ball around each image: empty results, and results whose every text is hostile. */
static void scenes_are_harmless(void **state) {
    (void)state;
    static const char *const commands[] = {"transferability", "spatial", "patch", "universal"};
    result *all[8];
    for (int i = 0; i < 8; i++) {
        all[i] = report_new_result(commands[i / 2]);
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
    result *all[] = {report_fairness_result(EVIL, EVIL, EVIL), report_new_result("attack"),
                     report_new_result("poison"), report_new_result("check"), report_new_result(EVIL)};
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
    result *one[] = {report_attack_result()};
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
        result *empty[] = {report_new_result(commands[c])};
        char *page = page_of("t", empty, 1);
        assert_harmless(page);
        free(page);
        result *odd[] = {report_new_result(commands[c])};
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
        result *one[] = {report_attack_result()};
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
    result *all[] = {report_new_result("fairness"), report_new_result("eval"), report_new_result("attack")};
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenes_are_harmless),    cmocka_unit_test(texts_never_become_markup),
        cmocka_unit_test(only_png_is_shown),      cmocka_unit_test(odd_results_give_a_whole_page),
        cmocka_unit_test(odd_details_of_attacks), cmocka_unit_test(huge_results_stay_small)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
