/* The few figures that a reader takes away. */
#include <math.h>
#include <string.h>

#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

static void tile_open(html *h, const char *label, const char *prefix, figure big) {
    html_put(h, "<dl class=\"tile\"><dt>%s</dt><dd class=\"big\">%s%s</dd>", label, prefix, big.text);
}

static void interval_line(html *h, const json *row, const char *unit) {
    figure bounds = figure_interval(row_interval(row));
    if (*bounds.text) html_put(h, "<dd>%s</dd>", bounds.text);
    html_put(h, "<dd>n = %s%s</dd>", figure_count(row_n(row)).text, unit);
}

static void clean_tile(html *h, const facts *f) {
    if (!f->clean) return;
    tile_open(h, "Right on unchanged images", "",
              figure_percent(row_value(f->clean), row_interval(f->clean)));
    interval_line(h, f->clean, " images");
    html_put(h, "</dl>\n");
}

static void attack_tile(html *h, const facts *f) {
    const json *row = f->attacked_large;
    if (!row) return;
    char label[120];
    snprintf(label, sizeof label, "%s, \xce\xb5\xc2\xa0=\xc2\xa0%.20s (%.20s)",
             f->targeted ? "Driven to the attacker's class" : "Right under attack",
             figure_eps(row_eps(row)).text, figure_norm(row_text(row, "norm")).text);
    tile_open(h, label, f->targeted ? "\xe2\x89\xa5 " : "\xe2\x89\xa4 ",
              figure_percent(row_value(row), row_interval(row)));
    interval_line(h, row, " images");
    if (f->attacked_small != row)
        html_put(h, "<dd>at \xce\xb5\xc2\xa0=\xc2\xa0%s: %s</dd>",
                 figure_eps(row_eps(f->attacked_small)).text,
                 figure_percent(row_value(f->attacked_small), row_interval(f->attacked_small)).text);
    if (!f->distrust && *row_text(row, "trust")) {
        html_put(h, "<dd>");
        trust_put(h, row);
        html_put(h, "</dd>");
    }
    if (f->distrust) html_put(h, "<dd class=\"bad\"><b>not to be trusted: %.40s</b></dd>", f->distrust);
    html_put(h, "</dl>\n");
}

static void certified_tile(html *h, const facts *f) {
    const json *row = f->certified_large;
    if (!row) return;
    char label[120];
    snprintf(label, sizeof label, "Proven right, \xce\xb5\xc2\xa0=\xc2\xa0%.20s (%.20s)",
             figure_eps(row_eps(row)).text, figure_norm(row_text(row, "norm")).text);
    tile_open(h, label, "\xe2\x89\xa5 ", figure_percent(row_value(row), row_interval(row)));
    interval_line(h, row, " images");
    html_put(h, "</dl>\n");
}

static void corrupted_tile(html *h, const facts *f) {
    const json *row = f->corrupted;
    if (!row) return;
    tile_open(h, "Right under common corruptions", "", figure_percent(row_value(row), row_interval(row)));
    interval_line(h, row, " images");
    if (!isnan(row_value(f->mce)))
        html_put(h, "<dd>mCE %.1f [%.1f, %.1f], baseline 100</dd>", row_value(f->mce),
                 row_interval(f->mce).lo, row_interval(f->mce).hi);
    html_put(h, "</dl>\n");
}

static void group_tile(html *h, const facts *f) {
    if (!f->clean_group.error) return;
    tile_open(h, "Wrong in the worst group", "",
              figure_percent(row_value(f->clean_group.error), row_interval(f->clean_group.error)));
    interval_line(h, f->clean_group.error, " images");
    html_put(h, "<dd>%s</dd>", figure_group(row_text(f->clean_group.error, "group")).text);
    if (f->clean_group.gap && !isnan(row_value(f->clean_group.gap)))
        html_put(h, "<dd>%s against all others</dd>",
                 figure_points(row_value(f->clean_group.gap), row_interval(f->clean_group.gap)).text);
    html_put(h, "</dl>\n");
}

static void poison_tile(html *h, const facts *f) {
    const json *row = f->dose_success ? f->dose_success : f->dose_accuracy;
    if (!row) return;
    const char *what = !f->dose_success                                         ? "Right"
                       : strcmp(row_text(row, "metric"), "attack_success") == 0 ? "Backdoor opens"
                       : strcmp(row_text(row, "metric"), "flip_success") == 0   ? "Flipped labels learned"
                                                                                : "Wrong in the subgroup";
    char label[120];
    snprintf(label, sizeof label, "%s with %.20s poisoned", what, figure_dose(row_dose(row)).text);
    tile_open(h, label, "", figure_percent(row_value(row), row_interval(row)));
    interval_line(h, row, row_n(row) == 1 ? " net" : " nets");
    if (f->dose_change)
        html_put(h, "<dd>clean accuracy %s</dd>",
                 figure_points(row_value(f->dose_change), row_interval(f->dose_change)).text);
    html_put(h, "</dl>\n");
}

void tiles_put(html *h, const facts *f) {
    html_put(h, "<div class=\"tiles\">\n");
    clean_tile(h, f);
    attack_tile(h, f);
    certified_tile(h, f);
    corrupted_tile(h, f);
    group_tile(h, f);
    poison_tile(h, f);
    html_put(h, "</div>\n");
}
