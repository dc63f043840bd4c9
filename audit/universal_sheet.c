/* The sheet of universal perturbations. */
#include <math.h>
#include <stdlib.h>

#include "audit/answers.h"
#include "audit/panel_sheet.h"
#include "audit/universal.h"

enum { PAIRS = 12, PAIRS_A_LINE = 4, COLUMNS = 2 * PAIRS_A_LINE, LINES = 1 + PAIRS / PAIRS_A_LINE };

/* A perturbation around grey, as strong as it can be shown; returns by how much it was magnified. */
static double magnify(const float *delta, size_t d, float *x) {
    float most = 0;
    for (size_t i = 0; i < d; i++)
        most = fmaxf(most, fabsf(delta[i]));
    float scale = most > 0 ? 0.5F / most : 0;
    for (size_t i = 0; i < d; i++)
        x[i] = 0.5F + scale * delta[i];
    return (double)scale;
}

static void fill_deltas(const universal_study *s, sheet_panel *panels, float *images) {
    size_t d = shape_size(s->test->image);
    for (int i = 0; i < s->done && i < PAIRS_A_LINE; i++)
        for (int learned = 0; learned < 2; learned++) {
            int at = 2 * i + learned;
            double scale = magnify(learned ? s->delta[i] : s->chance[i], d, images + (size_t)at * d);
            panels[at].image = images + (size_t)at * d;
            panel_say(&panels[at], false, "%s", learned ? "learned" : "by chance");
            panel_say(&panels[at], false, "eps %.3g, x %.3g", s->eps[i], scale);
        }
}

/* Images that are right unchanged, those that the perturbation breaks first. */
static int choose(const universal_study *s, int rows[PAIRS]) {
    uint8_t *wanted = calloc((size_t)s->test->n + 1, 1);
    const int32_t *fooled = s->fooled[s->done - 1];
    for (int row = 0; wanted && row < s->test->n; row++)
        wanted[row] = s->clean[row] == s->test->labels[row] && fooled[row] != s->test->labels[row];
    int n = wanted ? rows_spread(s->test, wanted, PAIRS, rows) : 0;
    free(wanted);
    return n;
}

static void fill_pairs(const universal_study *s, sheet_panel *panels, float *images, const int *rows, int n) {
    size_t d = shape_size(s->test->image);
    universal_change with = {s->delta[s->done - 1], d};
    for (int i = 0; i < n; i++) {
        int after_answer = s->fooled[s->done - 1][rows[i]];
        float *before = images + 2 * (size_t)i * d, *after = before + d;
        dataset_image(s->test, rows[i], before);
        dataset_image(s->test, rows[i], after);
        universal_make(&with, rows[i], after);
        panels[2 * i].image = before;
        panels[2 * i + 1].image = after;
        panel_say(&panels[2 * i], false, "%.24s", s->test->class_names[s->test->labels[rows[i]]]);
        panel_say(&panels[2 * i + 1], true, "%.24s", answer_name(s->test, after_answer));
    }
}

status universal_sheet(result *x, const universal_study *s, const char *path, err *e) {
    size_t d = shape_size(s->test->image);
    sheet_panel panels[COLUMNS * LINES] = {{0}};
    picture drawn = {0};
    int rows[PAIRS], n = choose(s, rows);
    float *images = malloc((COLUMNS + 2 * PAIRS) * d * sizeof *images);
    if (!images) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    fill_deltas(s, panels, images);
    fill_pairs(s, panels + COLUMNS, images + COLUMNS * d, rows, n);
    status st =
        panel_sheet(s->test->image, panels, COLUMNS, 1 + (n + PAIRS_A_LINE - 1) / PAIRS_A_LINE,
                    "perturbations, magnified about grey; below, images without and with the last one, which "
                    "breaks them\n",
                    &drawn, e);
    if (st == STATUS_OK) st = sheet_finish(x, &drawn, path, "there is nothing to draw", e);
    free(images);
    return st;
}
