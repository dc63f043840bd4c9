/* The top of the page: what was found, in sentences. */
#include <math.h>
#include <string.h>

#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

static void clean_sentence(html *h, const facts *f) {
    if (!f->clean) return;
    html_put(h, "<p>On %s test images, unchanged, the model is right <b>%s</b> of the time.</p>\n",
             figure_count(row_n(f->clean)).text, figure_share(f->clean).text);
}

/* "PGD", or for the union "FGSM and PGD together", or "12 attacks together". */
static void attacker_put(html *h, const json *body, const json *row) {
    enum { NAMED_MOST = 4 };
    if (strcmp(row_text(row, "attack"), "union") != 0) {
        html_put(h, "%s", figure_attack(row_text(row, "attack")).text);
        return;
    }
    row_query q = {.metric = row_text(row, "metric"), .group = "all", .eps = row_eps(row)};
    const json *one;
    int all = 0, n = 0;
    for (size_t at = 0; (one = row_next(body, &q, &at));)
        all += strcmp(row_text(one, "attack"), "union") != 0;
    if (all > NAMED_MOST) html_put(h, "%d attacks", all);
    for (size_t at = 0; all <= NAMED_MOST && (one = row_next(body, &q, &at));)
        if (strcmp(row_text(one, "attack"), "union") != 0)
            html_put(h, "%s%s", n++ ? " and " : "", figure_attack(row_text(one, "attack")).text);
    html_put(h, " together");
}

static void distrust_put(html *h, const facts *f) {
    if (f->distrust)
        html_put(h,
                 " <b class=\"bad\">These figures are not to be trusted: warning %.40s says that the "
                 "attack could not do its work.</b>",
                 f->distrust);
}

static void attack_sentence(html *h, const facts *f) {
    const json *small = f->attacked_small, *large = f->attacked_large;
    if (!small) return;
    html_put(h, "<p>Under ");
    attacker_put(h, f->attack, small);
    html_put(h, ", with %s, ", figure_threat(small).text);
    html_put(h,
             f->targeted
                 ? "at least <b>%s</b> of %s images that were right become the class that the attacker wants"
                 : "it is right at most <b>%s</b> of the time (%s images)",
             figure_share(small).text, figure_count(row_n(small)).text);
    if (large != small)
        html_put(h, "; with %s, %s <b>%s</b>", figure_threat(large).text,
                 f->targeted ? "at least" : "at most", figure_share(large).text);
    html_put(h, ".");
    if (*row_text(large, "trust")) {
        html_put(h, " ");
        trust_put(h, large);
        html_put(h, ".");
    }
    distrust_put(h, f);
    html_put(h, "</p>\n");
}

static void beside_put(html *h, const json *body, const json *certified) {
    const json *attacked = certified_attacked(body, certified);
    if (attacked)
        html_put(h, " (%s leaves <b>%s</b> right)", figure_attack(row_text(attacked, "attack")).text,
                 figure_share(attacked).text);
}

static void certified_sentence(html *h, const facts *f) {
    const json *small = f->certified_small, *large = f->certified_large;
    if (!small) return;
    bool attacked = certified_attacked(f->certified, small) != NULL;
    html_put(h, "<p>For <b>%s</b> of %s images it is proven (%.40s) that no %s make %s wrong",
             figure_share(small).text, figure_count(row_n(small)).text, row_text(small, "attack"),
             figure_threat(small).text, certified_smoothed(f->certified) ? "the smoothed model" : "it");
    beside_put(h, f->certified, small);
    if (large != small) {
        html_put(h, "; with %s, for <b>%s</b>", figure_threat(large).text, figure_share(large).text);
        beside_put(h, f->certified, large);
    }
    html_put(h, ".%s</p>\n", attacked ? " The robust accuracy lies between." : "");
}

static void corrupted_sentence(html *h, const facts *f) {
    if (!f->corrupted) return;
    html_put(
        h,
        "<p>Under common corruptions (noise, blur, weather, compression) it is right <b>%s</b> of the time",
        figure_share(f->corrupted).text);
    if (!isnan(row_value(f->mce)))
        html_put(h,
                 "; its mean corruption error (mCE) is <b>%.1f [%.1f, %.1f]</b>, where the baseline has 100",
                 row_value(f->mce), row_interval(f->mce).lo, row_interval(f->mce).hi);
    html_put(h, ".</p>\n");
}

static void gap_put(html *h, const worst_group *w) {
    if (w->gap && !isnan(row_value(w->gap)))
        html_put(h, ", %s against all others%s", figure_difference(w->gap).text,
                 gap_is_clear(w->gap) ? "" : "; the interval does not rule out that there is no gap");
    html_put(h, ".");
}

static void group_sentence(html *h, const facts *f) {
    const worst_group *w = &f->clean_group, *a = &f->attacked_group;
    if (w->error) {
        html_put(h, "<p>Of %d groups, <b>%s</b> fares worst: wrong <b>%s</b> of the time (%s images)",
                 w->groups, figure_group(row_text(w->error, "group")).text, figure_share(w->error).text,
                 figure_count(row_n(w->error)).text);
        gap_put(h, w);
        if (w->unjudged)
            html_put(h, " %d of the groups %s too small to be judged.", w->unjudged,
                     w->unjudged == 1 ? "is" : "are");
        html_put(h, "</p>\n");
    }
    if (a->error) {
        html_put(h, "<p>%s the worst group is <b>%s</b>: wrong <b>%s</b> of the time (%s images)",
                 figure_condition(a->error).text, figure_group(row_text(a->error, "group")).text,
                 figure_share(a->error).text, figure_count(row_n(a->error)).text);
        gap_put(h, a);
        html_put(h, "</p>\n");
    }
}

/* What happens more as the dose grows. */
static const char *poison_effect(const json *success) {
    const char *metric = row_text(success, "metric");
    if (strcmp(metric, "attack_success") == 0) return "the trigger makes it answer as the attacker wants in";
    if (strcmp(metric, "flip_success") == 0) return "images of the flipped classes get the wrong label in";
    return "in the poisoned subgroup it is wrong in";
}

/* Doses of these kinds are shares of the images that the poison can touch. */
static const char *dose_of(const json *row) {
    const char *attack = row_text(row, "attack");
    bool part = strcmp(attack, "pairflip") == 0 || strcmp(attack, "groupflip") == 0;
    return part ? "of the training images within reach" : "of the training images";
}

static void poison_sentence(html *h, const facts *f) {
    if (!f->dose_accuracy) return;
    html_put(h, "<p>With %s %s poisoned (%.40s), ", figure_dose(row_dose(f->dose_accuracy)).text,
             dose_of(f->dose_accuracy), row_text(f->dose_accuracy, "attack"));
    if (f->dose_success && !isnan(row_value(f->dose_success))) {
        html_put(h, "%s <b>%s</b> of cases", poison_effect(f->dose_success),
                 figure_share(f->dose_success).text);
        if (f->dose_zero)
            html_put(h, " (%s with none)",
                     figure_percent(row_value(f->dose_zero), row_interval(f->dose_zero)).text);
        html_put(h, ", while ");
    }
    html_put(h, "accuracy on clean images is %s", figure_share(f->dose_accuracy).text);
    if (f->dose_change) html_put(h, ", a change of %s", figure_difference(f->dose_change).text);
    int64_t nets = row_n(f->dose_accuracy);
    html_put(h,
             nets == 1 ? " (one net: luck and poison cannot be told apart).</p>\n"
                       : " (mean of %s nets).</p>\n",
             figure_count(nets).text);
}

static int count_verdicts(const json *verdicts, const char *word) {
    int n = 0;
    for (size_t i = 0; i < json_count(verdicts); i++)
        n += strcmp(row_text(json_at(verdicts, i), "verdict"), word) == 0;
    return n;
}

static void gate_sentence(html *h, const facts *f) {
    static const char *const words[] = {"pass", "fail", "inconclusive", "not evaluable"};
    if (!f->verdicts) return;
    html_put(h, "<p>Gates of the policy:");
    for (int i = 0; i < 4; i++)
        html_put(h, "%s <b>%d</b> %s", i ? "," : "", count_verdicts(f->verdicts, words[i]), words[i]);
    html_put(h, ".</p>\n");
}

static void warning_sentence(html *h, const facts *f) {
    if (f->warnings)
        html_put(h,
                 "<p><b class=\"bad\">%d warning%s raised</b>: read <a href=\"#warnings\">them</a> before "
                 "the figures.</p>\n",
                 f->warnings, f->warnings == 1 ? " was" : "s were");
    if (f->models > 1)
        html_put(h,
                 "<p><b class=\"bad\">These results are of %d different models</b>; each section names its "
                 "own.</p>\n",
                 f->models);
}

void summary_put(html *h, const facts *f) {
    html_put(h, "<div class=\"verdict\">\n");
    clean_sentence(h, f);
    attack_sentence(h, f);
    certified_sentence(h, f);
    corrupted_sentence(h, f);
    group_sentence(h, f);
    poison_sentence(h, f);
    gate_sentence(h, f);
    warning_sentence(h, f);
    html_put(h, "</div>\n");
    tiles_put(h, f);
    html_put(
        h, "<p class=\"note\">Brackets hold 95 %% intervals. They cover the sampling of test images (for "
           "poison: of nets) and nothing else. Accuracy under attack is an upper bound of robust accuracy: a "
           "better attack may break more. \xce\xb5 is the largest change allowed to an attacker, with pixels "
           "from 0 to 1.</p>\n");
}
