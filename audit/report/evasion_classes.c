/* Accuracy under attack per class. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/report/evasion_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/rows.h"

enum { CLASSES_MOST = 60 };

/* The rows of one class: unchanged, then over eps as they come. */
typedef struct class_rows {
    const char *name;
    const json *clean, *attacked[EPS_MOST];
    int n_eps;
} class_rows;

static class_rows *entry_of(class_rows *list, int *n, const char *name) {
    for (int i = 0; i < *n; i++)
        if (strcmp(list[i].name, name) == 0) return &list[i];
    if (*n == CLASSES_MOST) return NULL;
    list[*n] = (class_rows){.name = name};
    return &list[(*n)++];
}

static int gather_classes(const json *body, const char *metric, class_rows list[CLASSES_MOST]) {
    const row_query any = {.eps = NAN};
    const json *row;
    int n = 0;
    for (size_t at = 0; (row = row_next(body, &any, &at));) {
        bool clean = strcmp(row_text(row, "attack"), "none") == 0;
        if (strncmp(row_text(row, "group"), "class=", 6) != 0) continue;
        if (strcmp(row_text(row, "metric"), clean ? "accuracy" : metric) != 0) continue;
        class_rows *one = entry_of(list, &n, row_text(row, "group") + 6);
        if (one && clean) one->clean = row;
        if (one && !clean && one->n_eps < EPS_MOST) one->attacked[one->n_eps++] = row;
    }
    return n;
}

/* The worst first, at the largest eps at which they differ. */
static int worst_first(const void *a, const void *b) {
    const class_rows *x = a, *y = b;
    for (int i = (x->n_eps < y->n_eps ? x->n_eps : y->n_eps) - 1; i >= 0; i--) {
        double left = row_value(x->attacked[i]), right = row_value(y->attacked[i]);
        if (left != right && !isnan(left) && !isnan(right)) return (left > right) - (left < right);
    }
    return 0;
}

void evasion_classes_put(html *h, const json *body, bool targeted) {
    class_rows *list = html_array(h, CLASSES_MOST, sizeof *list);
    int n = list ? gather_classes(body, targeted ? "target_success" : "accuracy", list) : 0;
    if (n == 0 || list[0].n_eps == 0) return;
    qsort(list, (size_t)n, sizeof *list, worst_first);
    if (targeted) /* the worst are those that most are driven from */
        for (int i = 0; i < n / 2; i++) {
            class_rows kept = list[i];
            list[i] = list[n - 1 - i];
            list[n - 1 - i] = kept;
        }
    html_put(h,
             "<h3>Per class</h3>\n<div class=\"wide\"><table class=\"heat\">\n<caption>%s under %s, norm %s, "
             "with 95 %% "
             "intervals; the worst class first, the darker the cell, the worse.%s</caption>\n<thead><tr><th "
             "scope=\"col\">class</th><th scope=\"col\">n</th><th scope=\"col\">right unchanged</th>",
             targeted ? "To the attacker's class" : "Accuracy",
             figure_attack(row_text(list[0].attacked[0], "attack")).text,
             figure_norm(row_text(list[0].attacked[0], "norm")).text,
             json_count(json_get(json_get(body, "data"), "classes")) > CLASSES_MOST
                 ? " The first 60 classes; the others are in the result."
                 : "");
    for (int i = 0; i < list[0].n_eps; i++)
        html_put(h, "<th scope=\"col\">\xce\xb5\xc2\xa0=\xc2\xa0%s</th>",
                 figure_eps(row_eps(list[0].attacked[i])).text);
    html_put(h, "</tr></thead>\n<tbody>\n");
    for (int k = 0; k < n; k++) {
        html_put(h, "<tr><th scope=\"row\">%.60s</th><td class=\"n\" style=\"--v:0\">%s</td>", list[k].name,
                 figure_count(row_n(list[k].clean)).text);
        html_heat_cell(h, list[k].clean, false);
        for (int i = 0; i < list[k].n_eps; i++)
            html_heat_cell(h, list[k].attacked[i], targeted);
        html_put(h, "</tr>\n");
    }
    html_table_close(h);
}
