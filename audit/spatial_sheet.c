/* The sheet of moves. */
#include <stdlib.h>
#include <string.h>

#include "attacks/changed.h"
#include "audit/answers.h"
#include "audit/panel_sheet.h"
#include "audit/spatial.h"

enum { PAIRS = 12, PAIRS_A_LINE = 4 };

/* Rows that are shown, in the order of the sheet. */
typedef struct sheet {
    const dataset *d;
    const spatial_plan *p;
    const spatial_result *a;
    int n, rows[PAIRS];
    float *images; /* n x 2 x d: as it was, and moved */
    int32_t answers[PAIRS];
} sheet;

static status choose(sheet *s, err *e) {
    uint8_t *broken = calloc((size_t)s->d->n + 1, 1);
    if (!broken) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int row = 0; row < s->d->n; row++)
        broken[row] = s->a->least[row] >= 0 && s->a->least[row] < s->a->grid;
    s->n = rows_spread(s->d, broken, PAIRS, s->rows);
    free(broken);
    size_t floats;
    if (size_multiply(2 * PAIRS + 1, shape_size(s->d->image), &floats))
        s->images = malloc(floats * sizeof(float));
    return s->images ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
}

static void move_image(const void *how, int row, float *x) {
    const sheet *s = how;
    size_t d = shape_size(s->d->image);
    memcpy(x, s->images + (2 * (size_t)row + 1) * d, d * sizeof *x);
}

/* The images, and what the model says to the moved ones. */
static status fill(sheet *s, model *m, err *e) {
    size_t d = shape_size(s->d->image);
    dataset few = {0};
    int32_t rows[PAIRS];
    for (int i = 0; i < s->n; i++) {
        float *before = s->images + 2 * (size_t)i * d, *after = before + d;
        rows[i] = s->rows[i];
        dataset_image(s->d, rows[i], before);
        memcpy(after, before, d * sizeof *after);
        spatial_apply(s->p, s->a->moves[s->a->least[rows[i]]], s->d->image, after,
                      s->images + 2 * (size_t)PAIRS * d);
    }
    if (s->n == 0) return STATUS_OK;
    run r = run_default(); /* a handful of images; also for a run that was interrupted */
    image_change change = {move_image, s};
    status ok = dataset_select(s->d, rows, s->n, &few, e);
    if (ok == STATUS_OK) ok = changed_answers(m, &few, &change, &r, "sheet", s->answers, e);
    dataset_free(&few);
    return ok;
}

static void fill_panels(const sheet *s, sheet_panel *panels) {
    size_t d = shape_size(s->d->image);
    for (int i = 0; i < s->n; i++) {
        const spatial_move *move = &s->a->moves[s->a->least[s->rows[i]]];
        panels[2 * i].image = s->images + 2 * (size_t)i * d;
        panel_say(&panels[2 * i], false, "%.24s", s->d->class_names[s->d->labels[s->rows[i]]]);
        panels[2 * i + 1].image = panels[2 * i].image + d;
        panel_say(&panels[2 * i + 1], true, "%.24s", answer_name(s->d, s->answers[i]));
        panel_say(&panels[2 * i + 1], false, "%.0f deg", (double)move->degrees);
        panel_say(&panels[2 * i + 1], false, "%.1f, %.1f px", (double)move->right, (double)move->down);
    }
}

status spatial_sheet(result *x, model *m, const dataset *d, const spatial_plan *p, const spatial_result *a,
                     const char *path, err *e) {
    sheet s = {.d = d, .p = p, .a = a};
    sheet_panel panels[2 * PAIRS] = {{0}};
    picture drawn = {0};
    status ok = choose(&s, e);
    if (ok == STATUS_OK) ok = fill(&s, m, e);
    if (ok == STATUS_OK) {
        int pairs = s.n < PAIRS_A_LINE ? s.n : PAIRS_A_LINE, lines = (s.n + PAIRS_A_LINE - 1) / PAIRS_A_LINE;
        fill_panels(&s, panels);
        ok = panel_sheet(
            d->image, panels, 2 * pairs, lines,
            "images that were right, and the smallest move of the grid that breaks each: clockwise "
            "degrees; pixels right, down\n",
            &drawn, e);
    }
    if (ok == STATUS_OK) ok = sheet_finish(x, &drawn, path, "the grid breaks no image that was right", e);
    free(s.images);
    return ok;
}
