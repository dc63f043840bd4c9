/* Accuracy under common corruptions: a heat map over corruptions and severities, classes and groups, the sheet. */
#include <math.h>
#include <string.h>

#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

enum { GROUPS_MOST = 60 };

static const json *find(const json *body, const char *metric, const char *attack, const char *group,
                        double severity) {
    row_query q = {.metric = metric, .attack = attack, .group = group, .eps = severity};
    return row_find(body, &q);
}

/* "112.3 [104.0, 121.9]": in percent of the baseline's errors. */
static void ratio_put(html *h, const json *row) {
    interval i = row_interval(row);
    html_put(h, "%.1f [%.1f, %.1f]", row_value(row), i.lo, i.hi);
}

static void ratio_cells(html *h, const json *row) {
    if (isnan(row_value(row)))
        html_put(h, "<td class=\"n soft\">\xe2\x80\x93</td><td></td>");
    else
        html_put(h, "<td class=\"n\">%.1f</td><td class=\"n soft\">[%.1f, %.1f]</td>", row_value(row),
                 row_interval(row).lo, row_interval(row).hi);
}

static void headline_put(html *h, const json *body) {
    const json *all = find(body, "corruption_accuracy", "corruptions", "all", NAN);
    const json *mce = find(body, "mce", NULL, "all", NAN);
    html_put(
        h,
        "<p>What cameras, weather and file formats do to images: nobody wants to mislead the model here. "
        "Unchanged it is right <b>%s</b> of the time",
        figure_share(find(body, "accuracy", "none", "all", NAN)).text);
    if (all)
        html_put(h, ", under corruption <b>%s</b>, mean over corruptions and severities",
                 figure_share(all).text);
    html_put(h, ".</p>\n");
    if (!mce) return;
    const char *baseline = row_text(json_get(body, "settings"), "baseline");
    html_put(h, "<p>Mean corruption error (mCE) relative to the baseline (%.80s), whose errors are 100: ",
             baseline);
    if (isnan(row_value(mce)))
        html_put(h, "there is none, %.80s", row_text(mce, "reason"));
    else {
        html_put(h, "<b>");
        ratio_put(h, mce);
        html_put(h, "</b>");
    }
    html_put(h, ".</p>\n");
}

static bool is_listed(const json *list, const char *name) {
    for (size_t i = 0; i < json_count(list); i++) {
        const char *one = json_as_string(json_at(list, i));
        if (one && strcmp(one, name) == 0) return true;
    }
    return false;
}

static void heat_row(html *h, const json *body, const char *name, bool ratio) {
    const json *settings = json_get(body, "settings"), *severities = json_get(settings, "severities");
    html_put(h, "<tr><th scope=\"row\">%.40s%s</th>", name,
             is_listed(json_get(settings, "not_comparable"), name) ? " *" : "");
    for (size_t k = 0; k < json_count(severities); k++)
        html_heat_cell(h, find(body, "accuracy", name, "all", json_as_real(json_at(severities, k), NAN)),
                       false);
    html_heat_cell(h, find(body, "corruption_accuracy", name, "all", NAN), false);
    const json *error = ratio ? find(body, "corruption_error", name, "all", NAN) : NULL;
    if (error && isnan(row_value(error)))
        html_put(h, "<td class=\"soft\" style=\"--v:0\">\xe2\x80\x93</td>");
    else if (error)
        html_put(h, "<td style=\"--v:0\">%.1f<small>[%.1f, %.1f]</small></td>", row_value(error),
                 row_interval(error).lo, row_interval(error).hi);
    html_put(h, "</tr>\n");
}

static void heat_put(html *h, const json *body) {
    const json *settings = json_get(body, "settings"), *names = json_get(settings, "corruptions");
    const json *severities = json_get(settings, "severities");
    bool ratio = find(body, "mce", NULL, NULL, NAN) != NULL;
    html_put(h,
             "<div class=\"wide\"><table class=\"heat\">\n<caption>Accuracy by corruption and severity, with "
             "95 %% intervals; the darker the cell, the more errors%s</caption>\n<thead><tr><th "
             "scope=\"col\">severity</th>",
             ratio ? ". CE: errors in percent of the baseline's; a dash where these are too few" : "");
    for (size_t k = 0; k < json_count(severities); k++)
        html_put(h, "<th scope=\"col\">%.3g</th>", json_as_real(json_at(severities, k), NAN));
    html_put(h, "<th scope=\"col\">mean</th>");
    if (ratio) html_put(h, "<th scope=\"col\">CE</th>");
    html_put(h, "</tr></thead>\n<tbody>\n");
    for (size_t k = 0; k < json_count(names); k++)
        if (json_as_string(json_at(names, k))) heat_row(h, body, json_as_string(json_at(names, k)), ratio);
    html_table_close(h);
    if (json_count(json_get(settings, "not_comparable")))
        html_put(h, "<p class=\"note\">* drawn, where the published corruption lays photographs over: not "
                    "comparable with published figures.</p>\n");
}

/* Classes and groups; the row of all images stands first. */
static void groups_put(html *h, const json *body) {
    row_query q = {.metric = "corruption_accuracy", .attack = "corruptions", .eps = NAN};
    bool ratio = find(body, "mce", NULL, NULL, NAN) != NULL;
    const json *row;
    int n = 0;
    if (!row_find(body, &q)) return;
    html_table_open(
        h, "By class and group: unchanged, and mean over corruptions and severities",
        ratio ? "group|>n|>unchanged|>95 % interval|>corrupted|>95 % interval|>lost|>mCE|>95 % interval"
              : "group|>n|>unchanged|>95 % interval|>corrupted|>95 % interval|>lost");
    for (size_t at = 0; (row = row_next(body, &q, &at)); n++) {
        if (n >= GROUPS_MOST) continue;
        const char *group = row_text(row, "group");
        const json *before = find(body, "accuracy", "none", group, NAN);
        html_put(h, "<tr><th scope=\"row\">%.80s</th>", figure_group(group).text);
        html_n_cell(h, row);
        html_value_cells(h, before, false);
        html_value_cells(h, row, false);
        html_put(h, "<td class=\"n\">%s</td>",
                 figure_points(row_value(row) - row_value(before), row_interval(row)).text);
        if (ratio) ratio_cells(h, find(body, "mce", NULL, group, NAN));
        html_put(h, "</tr>\n");
    }
    html_table_close(h);
    if (ratio)
        html_put(h,
                 "<p class=\"note\">mCE: mean over corruptions of the errors in percent of the baseline's; a "
                 "dash where there are fewer than 30 images, or too few errors of the baseline.</p>\n");
    if (n > GROUPS_MOST)
        html_put(h, "<p class=\"note\">The first %d groups; the others are in the result.</p>\n",
                 GROUPS_MOST);
}

void corruption_put(html *h, const json *document) {
    const json *body = json_get(document, "body");
    const char *sheet = json_as_string(json_get(json_get(body, "extra"), "sheet"));
    headline_put(h, body);
    heat_put(h, body);
    groups_put(h, body);
    html_put(
        h,
        "<p class=\"note\">The corruptions of Hendrycks and Dietterich (2019) with the constants for images "
        "of 32 x 32. Intervals: Wilson for one condition, t over images for means%s.</p>\n",
        find(body, "mce", NULL, NULL, NAN) ? ", bootstrap over images for CE and mCE" : "");
    if (sheet)
        png_put(h, sheet, "One image in every corruption and severity",
                "One of the images, unchanged at the left, then in each severity.");
}
