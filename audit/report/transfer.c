/* Transfer: what was kept of the base, what it gained, and what came along. */
#include <math.h>

#include "audit/report/charts_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

/* One line of the table: a metric, and the same one of the twin from scratch with "scratch_" before it. */
static const struct {
    const char *metric, *attack, *what, *label; /* the label is for charts */
} lines[] = {
    {"accuracy", "none", "all test images, unchanged", "all test images"},
    {"attacked_clean", "none", "attacked images, unchanged", "attacked images, before"},
    {"accuracy", "pgd", "the same, under PGD that knows the net", "under PGD on the net"},
    {"accuracy", "base-pgd", "the same, under PGD that knows the base alone", "under PGD on the base"}};

enum { LINES = sizeof lines / sizeof *lines };

static const json *row_of(const json *body, const char *before, int line) {
    char metric[64];
    snprintf(metric, sizeof metric, "%s%s", before, lines[line].metric);
    row_query q = {.metric = metric, .attack = lines[line].attack, .group = "all", .eps = NAN};
    return row_find(body, &q);
}

static void about_put(html *h, const json *body) {
    const json *recipe = json_get(json_get(json_get(body, "settings"), "recipe"), "transfer");
    const json *data = json_get(body, "data");
    html_put(
        h,
        "<p>A new layer on the trunk of a trained net (%.40s, cut behind %.63s), %lld of its %lld layers "
        "frozen, learned from %s images of %.80s.",
        row_text(recipe, "base_arch"), row_text(recipe, "cut"),
        (long long)json_as_int(json_get(recipe, "frozen"), 0),
        (long long)json_as_int(json_get(recipe, "layers"), 0),
        figure_count(json_as_int(json_get(data, "n"), 0)).text, row_text(data, "name"));
    row_query q = {.metric = "transfer_gain", .eps = NAN};
    const json *gain = row_find(body, &q);
    if (gain) html_put(h, " Against the same net from scratch: %s.", figure_difference(gain).text);
    html_put(h, "</p>\n");
}

static void surface_put(html *h, const json *body) {
    bool twin = row_of(body, "scratch_", 0) != NULL;
    html_table_open(h, "Images that are right: this net, and what such a net would have without the base",
                    twin ? "images|>n|>right|>95 % interval|>from scratch|>95 % interval"
                         : "images|>n|>right|>95 % interval");
    for (int i = 0; i < LINES; i++) {
        const json *row = row_of(body, "", i);
        if (!row) continue;
        html_put(h, "<tr><th scope=\"row\">%s</th>", lines[i].what);
        html_n_cell(h, row);
        html_value_cells(h, row, false);
        if (twin) html_value_cells(h, row_of(body, "scratch_", i), false);
        html_put(h, "</tr>\n");
    }
    html_table_close(h);
}

static int dots_of(const json *body, bool twin, dot out[2 * LINES]) {
    int n = 0;
    for (int i = 0; i < LINES; i++)
        for (int scratch = 0; scratch <= twin; scratch++) {
            const json *row = row_of(body, scratch ? "scratch_" : "", i);
            if (!row) continue;
            out[n++] = (dot){.label = scratch ? "  from scratch" : lines[i].label,
                             .n = row_n(row),
                             .value = row_value(row),
                             .i = row_interval(row),
                             .open = scratch,
                             .reason = row_text(row, "reason")};
        }
    return n;
}

static void chart_put(html *h, const json *body) {
    dot dots[2 * LINES];
    bool twin = row_of(body, "scratch_", 0) != NULL;
    int n = dots_of(body, twin, dots);
    if (n == 0) return;
    dot_chart_put(h, &(dot_chart){.title = "Images that are right",
                                  .description = "Accuracy on unchanged and on attacked images; the table "
                                                 "below has the figures.",
                                  .caption = twin ? "Filled: the net on the trunk of the base; hollow: the "
                                                    "same net from scratch. Whiskers are 95 % intervals."
                                                  : "Whiskers are 95 % intervals.",
                                  .group_label = "images",
                                  .x_label = "right",
                                  .from_zero = true,
                                  .dots = dots,
                                  .n = n});
}

static void trigger_put(html *h, const json *body) {
    static const char *const nets[][2] = {{"base_trigger_moved", "the base"},
                                          {"trigger_moved", "this net"},
                                          {"scratch_trigger_moved", "from scratch"}};
    row_query q = {.metric = "trigger_moved", .eps = NAN};
    if (!row_find(body, &q)) return;
    html_table_open(h, "Answers that a stamped white square moves to one class",
                    "net|class|>n|>moved|>95 % interval");
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        q.metric = nets[i][0];
        const json *row = row_find(body, &q);
        if (!row) continue;
        html_put(h, "<tr><th scope=\"row\">%s</th><td>%.80s</td>", nets[i][1], row_text(row, "group"));
        html_n_cell(h, row);
        html_value_cells(h, row, false);
        html_put(h, "</tr>\n");
    }
    html_table_close(h);
}

void transfer_put(html *h, const json *document) {
    const json *body = json_get(document, "body");
    about_put(h, body);
    chart_put(h, body);
    surface_put(h, body);
    trigger_put(h, body);
}
