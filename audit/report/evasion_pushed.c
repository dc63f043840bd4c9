/* Which class broken images are pushed to. */
#include <math.h>
#include <stdlib.h>

#include "audit/report/evasion_internal.h"
#include "audit/report/figures_internal.h"

enum { SIZES_MOST = 8, MATRIX_MOST = 20, PAIRS_MOST = 20 };

/* One entry of extra.pushed.eps; numbers out of range are passed over. */
typedef struct pushed {
    const json *classes, *pairs;
    double eps;
    int64_t n;
} pushed;

/* A pair as numbers; false where it is none. */
static bool pair_at(const pushed *p, size_t k, int *from, int *to, int64_t *n) {
    const json *pair = json_at(p->pairs, k);
    int64_t classes = (int64_t)json_count(p->classes), a = json_as_int(json_at(pair, 0), -1),
            b = json_as_int(json_at(pair, 1), -2);
    *n = json_as_int(json_at(pair, 2), 0);
    if (a < 0 || a >= classes || b < -1 || b >= classes || *n < 1) return false;
    *from = (int)a;
    *to = (int)b;
    return true;
}

static const char *class_name(const pushed *p, int class) {
    const char *name = class < 0 ? "no class" : json_as_string(json_at(p->classes, (size_t) class));
    return name ? name : "";
}

static void matrix_row(html *h, const int64_t *counts, int classes, bool none) {
    int64_t all = 0;
    for (int to = 0; to <= classes; to++)
        all += counts[to];
    for (int to = 0; to < classes + none; to++)
        if (counts[to] == 0)
            html_put(h, "<td style=\"--v:0\" class=\"soft\">\xc2\xb7</td>");
        else
            html_put(h, "<td style=\"--v:%.2f\">%s</td>", (double)counts[to] / (double)all,
                     figure_count(counts[to]).text);
    html_put(h, "<td style=\"--v:0\">%s</td></tr>\n", figure_count(all).text);
}

static void matrix_put(html *h, const pushed *p) {
    int classes = (int)json_count(p->classes), from, to;
    int64_t counts[MATRIX_MOST][MATRIX_MOST + 1] = {{0}}, n;
    bool none = false;
    for (size_t k = 0; k < json_count(p->pairs); k++)
        if (pair_at(p, k, &from, &to, &n)) {
            counts[from][to < 0 ? classes : to] += n;
            none |= to < 0;
        }
    html_put(h,
             "<div class=\"wide\"><table class=\"heat\">\n<caption>What the model calls the images that were "
             "right and are broken at "
             "\xce\xb5 = %s (%s images), by their class. The darker a cell, the larger its share of the "
             "row.</caption>\n<thead>"
             "<tr><th scope=\"col\">is \\ is called</th>",
             figure_eps(p->eps).text, figure_count(p->n).text);
    for (to = 0; to < classes + none; to++)
        html_put(h, "<th scope=\"col\">%.14s</th>", class_name(p, to < classes ? to : -1));
    html_put(h, "<th scope=\"col\">broken</th></tr></thead>\n<tbody>\n");
    for (from = 0; from < classes; from++) {
        html_put(h, "<tr><th scope=\"row\">%.40s</th>", class_name(p, from));
        matrix_row(h, counts[from], classes, none);
    }
    html_table_close(h);
}

typedef struct pair_count {
    int from, to;
    int64_t n;
} pair_count;

static int commonest_first(const void *a, const void *b) {
    const pair_count *x = a, *y = b;
    if (x->n != y->n) return (x->n < y->n) - (x->n > y->n);
    if (x->from != y->from) return (x->from > y->from) - (x->from < y->from);
    return (x->to > y->to) - (x->to < y->to);
}

/* Of many classes, the commonest pairs. */
static void pairs_put(html *h, const pushed *p) {
    size_t room = json_count(p->pairs), count = 0;
    pair_count *list = html_array(h, room + 1, sizeof *list);
    for (size_t k = 0; list && k < room; k++)
        count += pair_at(p, k, &list[count].from, &list[count].to, &list[count].n);
    if (count == 0) return;
    qsort(list, count, sizeof *list, commonest_first);
    char caption[160];
    snprintf(caption, sizeof caption,
             "Where the %.20s images that are broken at \xce\xb5 = %.20s are pushed: the commonest pairs",
             figure_count(p->n).text, figure_eps(p->eps).text);
    html_table_open(h, caption, "is|is called|>images");
    for (size_t k = 0; k < count && k < PAIRS_MOST; k++)
        html_put(h, "<tr><th scope=\"row\">%.40s</th><td>%.40s</td><td class=\"n\">%s</td></tr>\n",
                 class_name(p, list[k].from), class_name(p, list[k].to), figure_count(list[k].n).text);
    html_table_close(h);
}

void evasion_pushed_put(html *h, const json *body) {
    const json *list = json_get(json_get(json_get(body, "extra"), "pushed"), "eps");
    size_t n = json_count(list);
    if (n == 0) return;
    html_put(h, "<h3>Where images are pushed</h3>\n%s",
             n > SIZES_MOST ? "<p class=\"note\">At the first 8 sizes; the result has all.</p>\n" : "");
    for (size_t i = 0; i < n && i < SIZES_MOST; i++) {
        const json *one = json_at(list, i);
        pushed p = {.classes = json_get(json_get(body, "data"), "classes"),
                    .pairs = json_get(one, "pairs"),
                    .eps = json_as_real(json_get(one, "eps"), NAN),
                    .n = json_as_int(json_get(one, "n"), 0)};
        if (json_count(p.pairs) == 0) continue;
        if (json_count(p.classes) <= MATRIX_MOST)
            matrix_put(h, &p);
        else
            pairs_put(h, &p);
    }
}
