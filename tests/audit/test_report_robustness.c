/* What the page says of many attacks, of certificates and of corruptions. */
#include <math.h>

#include "tests/support/page.h"
#include "tests/support/test.h"

#define NB "\xe2\x80\xaf" /* the narrow space before a percent sign */

static const row_key clean = {.metric = "accuracy", .eps = NAN};

static result *new_result(const char *command) {
    run r = run_default();
    return result_new(command, &r);
}

static void must_come_before(const char *page, const char *first, const char *second) {
    must_say(page, first);
    must_say(page, second);
    if (strstr(page, first) > strstr(page, second)) fail_msg("%s comes behind %s", first, second);
}

/* Twelve attacks, the later the stronger but for the last, and all of them together a little stronger. */
static void many_attacks(void **state) {
    (void)state;
    enum { ATTACKS = 12 };
    result *one[] = {new_result("attack")};
    const double eps[] = {.1, 8.0 / 255};
    char name[16];
    result_share(one[0], clean, 950, 1000);
    for (int a = 0; a <= ATTACKS; a++) {
        snprintf(name, sizeof name, a < ATTACKS ? "attack%d" : "union", a);
        int right = a < ATTACKS - 1 ? 600 - 20 * a : a < ATTACKS ? 900 : 300;
        for (int i = 0; i < 2; i++)
            result_share(one[0], (row_key){"accuracy", name, "linf", NULL, eps[i]}, right + 50 * i, 1000);
    }
    char *page = page_of("t", one, 1);
    assert_harmless(page);
    must_say(page, "Under 12 attacks together, with changes of at most 8/255 a pixel");
    must_say(page, "The strongest attacks; the table has all of them.");
    /* lines: the five strongest, and all together */
    static const char *const drawn[] = {"attack10", "attack9", "attack8", "attack7", "attack6"};
    for (int i = 0; i < 5; i++) {
        char label[32];
        snprintf(label, sizeof label, ">%s</text>", drawn[i]);
        must_say(page, label);
    }
    must_say(page, ">all attacks together</text>");
    must_not_say(page, ">attack5</text>");
    must_not_say(page, ">attack11</text>");
    /* the table: all, the strongest first, eps ascending */
    must_come_before(page, ">attack10</th>", ">attack0</th>");
    must_come_before(page, ">attack0</th>", ">attack11</th>");
    must_come_before(page, ">attack11</th>", ">all attacks together</th>");
    must_come_before(page, "<th scope=\"col\">8/255</th>", "<th scope=\"col\">0.1</th>");
    must_say(page, "--v:0.60\">40.0" NB "%<small>[37.0, 43.1]</small>"); /* attack10 at .1 */
    free(page);
}

static result *certified_result(bool smoothed) {
    result *x = new_result("certify");
    static const double eps[] = {.05, .1};
    static const int proven[] = {880, 120}, attacked[] = {910, 700};
    const char *method = smoothed ? "smoothing" : "crown", *norm = smoothed ? "l2" : "linf";
    result_setting_text(x, "method", method);
    if (smoothed) {
        result_setting_number(x, "sigma", .25);
        result_setting_number(x, "samples", 1000);
        result_setting_number(x, "alpha", .001);
        result_share(x, (row_key){"smoothed_accuracy", method, NULL, NULL, NAN}, 930, 1000);
        result_share(x, (row_key){"abstained", method, NULL, NULL, NAN}, 20, 1000);
    } else {
        result_share(x, clean, 950, 1000);
    }
    for (int i = 0; i < 2; i++) {
        result_share(x, (row_key){"certified_accuracy", method, norm, NULL, eps[i]}, proven[i], 1000);
        if (!smoothed) result_share(x, (row_key){"accuracy", "pgd", norm, NULL, eps[i]}, attacked[i], 1000);
    }
    return x;
}

static void certificates(void **state) {
    (void)state;
    result *one[] = {certified_result(false)};
    result_setting_json(one[0], "real", json_new_bool(true));
    char *page = page_of("t", one, 1);
    assert_harmless(page);
    must_say(page, "<section id=\"certified\">");
    must_say(page,
             "For <b>88.0" NB "% [85.8, 89.9]</b> of 1,000 images it is proven (crown) that no changes of "
             "at most 0.05 a pixel make it wrong (PGD leaves <b>91.0" NB "% [89.1, 92.6]</b> right); with "
             "changes of at most 0.1 a pixel, for <b>12.0" NB "% [10.1, 14.2]</b> (PGD leaves");
    must_say(page, "\xe2\x89\xa5 12.0" NB "%</dd>"); /* the tile */
    must_say(page, ">right under PGD</text>");
    must_say(page, "Of the net in real arithmetic");
    must_say(page, ">certified</text>");
    must_say(page, "<th scope=\"row\" class=\"n\">0.1</th><td class=\"n\">1,000</td><td class=\"n\">70.0" NB
                   "%</td>");
    must_say(page, "<td class=\"n\">12.0" NB "%</td>");
    must_not_say(page, "Nothing is certified.");
    must_not_say(page, "Nothing was attacked.");
    free(page);
    result *other[] = {certified_result(true)};
    page = page_of("t", other, 1);
    assert_harmless(page);
    must_say(page, "make the smoothed model wrong; with changes of at most 0.1 in the L2 norm, for <b>12.0");
    must_say(page, "noise of deviation 0.25, from 1,000 copies");
    must_say(page, "It gives no answer on 2.0" NB "% [1.3, 3.1] of the images.");
    must_say(page, "<td class=\"n\">93.0" NB "%</td>");
    must_not_say(page, ">right under");
    must_not_say(page, "real arithmetic");
    free(page);
}

static json *texts(const char *first, const char *second) {
    json *list = json_new_array();
    json_append(list, json_new_string(first));
    if (second) json_append(list, json_new_string(second));
    return list;
}

static result *corrupted_result(bool baseline) {
    result *x = new_result("corrupt");
    json *severities = json_new_array();
    json_append(severities, json_new_int(1));
    json_append(severities, json_new_int(5));
    result_setting_json(x, "corruptions", texts("fog", "frost"));
    result_setting_json(x, "severities", severities);
    result_setting_json(x, "not_comparable", texts("frost", NULL));
    static const char *const names[] = {"fog", "frost"}, *const groups[] = {NULL, "class=<cat>"};
    for (int k = 0; k < 2; k++) {
        result_share(x, (row_key){"accuracy", names[k], "severity", NULL, 1}, 90 - k, 100);
        result_share(x, (row_key){"accuracy", names[k], "severity", NULL, 5}, 20 + k, 100);
        result_value(x, (row_key){"corruption_accuracy", names[k], NULL, NULL, NAN}, 100, .55,
                     (interval){.5, .6}, "t", NULL);
        if (baseline)
            result_value(x, (row_key){"corruption_error", names[k], NULL, NULL, NAN}, 100, k ? NAN : 123.4,
                         k ? (interval){NAN, NAN} : (interval){101.5, 150}, "bootstrap", "too few");
    }
    for (int g = 0; g < 2; g++) {
        result_share(x, (row_key){"accuracy", NULL, NULL, groups[g], NAN}, 95, 100);
        row_key key = {"corruption_accuracy", "corruptions", NULL, groups[g], NAN};
        result_value(x, key, 100, .55, (interval){.5, .6}, "t", NULL);
        key.metric = "mce";
        if (baseline)
            result_value(x, key, 100, g ? NAN : 111.1, g ? (interval){NAN, NAN} : (interval){99.9, 130},
                         "bootstrap", "too few");
    }
    return x;
}

static void corruptions(void **state) {
    (void)state;
    result *one[] = {corrupted_result(false)};
    char *page = page_of("t", one, 1);
    assert_harmless(page);
    must_say(page, "<section id=\"corruptions\">");
    must_say(page, "it is right <b>55.0" NB "% [50.0, 60.0]</b> of the time.</p>");
    must_say(page, "<th scope=\"row\">fog</th><td style=\"--v:0.10\">90.0" NB "%");
    must_say(page, "<td style=\"--v:0.80\">20.0" NB "%");
    must_say(page, "<th scope=\"row\">frost *</th>");
    must_say(page, "class=&lt;cat&gt;</th>");
    must_say(page, "\xe2\x88\x92"
                   "40.0 points");
    must_not_say(page, "mCE");
    must_not_say(page, "No images were corrupted.");
    free(page);
    result *two[] = {corrupted_result(true)};
    page = page_of("t", two, 1);
    assert_harmless(page);
    must_say(page, "its mean corruption error (mCE) is <b>111.1 [99.9, 130.0]</b>");
    must_say(page, "<dd>mCE 111.1 [99.9, 130.0], baseline 100</dd>");
    must_say(page, ">123.4<small>[101.5, 150.0]</small></td>");
    must_say(page, "<td class=\"n\">111.1</td><td class=\"n soft\">[99.9, 130.0]</td>");
    free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(many_attacks), cmocka_unit_test(certificates),
                                       cmocka_unit_test(corruptions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
