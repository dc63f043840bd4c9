/* The sheet of patches: the patches themselves, then images without and with the learned one. */
#include <stdlib.h>
#include <string.h>

#include "audit/answers.h"
#include "audit/panel_sheet.h"
#include "audit/patch.h"

enum { PAIRS = 12, PAIRS_A_LINE = 4, COLUMNS = 2 * PAIRS_A_LINE, LINES = 1 + PAIRS / PAIRS_A_LINE };

/* A patch enlarged to the size of an image, without smoothing. */
static void enlarge(const patch_rules *k, const float *patch, float *x) {
    size_t channels = (size_t)k->image.c;
    for (int row = 0; row < k->image.h; row++)
        for (int col = 0; col < k->image.w; col++) {
            int from = row * k->side / k->image.h * k->side + col * k->side / k->image.w;
            memcpy(x + ((size_t)row * (size_t)k->image.w + (size_t)col) * channels,
                   patch + (size_t)from * channels, channels * sizeof *x);
        }
}

static void say_class(sheet_panel *p, const patch_study *s, int answer, int row) {
    panel_say(p, answer != s->test->labels[row], "%.24s", answer_name(s->test, answer));
}

static void fill_patches(const patch_study *s, sheet_panel *panels, float *images) {
    static const char *const words[PATCH_KINDS] = {"learned", "image of class", "noise"};
    size_t d = shape_size(s->rules.image);
    for (int k = 0; k < PATCH_KINDS; k++) {
        if (!s->patches[k]) continue;
        enlarge(&s->rules, s->patches[k], images + (size_t)k * d);
        panels[k].image = images + (size_t)k * d;
        panel_say(&panels[k], false, "%s", words[k]);
    }
}

/* Images that are right unchanged and not of the class: what happens to such. */
static int choose(const patch_study *s, int rows[PAIRS]) {
    uint8_t *wanted = calloc((size_t)s->test->n + 1, 1);
    for (int row = 0; wanted && row < s->test->n; row++)
        wanted[row] = s->clean[row] == s->test->labels[row] && s->clean[row] != s->target;
    int n = wanted ? rows_spread(s->test, wanted, PAIRS, rows) : 0;
    free(wanted);
    return n;
}

static void fill_pairs(const patch_study *s, sheet_panel *panels, float *images, const int *rows, int n) {
    size_t d = shape_size(s->rules.image);
    patch_change with = {&s->rules, s->test, s->patches[PATCH_LEARNED]};
    for (int i = 0; i < n; i++) {
        float *before = images + 2 * (size_t)i * d, *after = before + d;
        dataset_image(s->test, rows[i], before);
        dataset_image(s->test, rows[i], after);
        patch_make(&with, rows[i], after);
        panels[2 * i].image = before;
        panels[2 * i + 1].image = after;
        say_class(&panels[2 * i], s, s->clean[rows[i]], rows[i]);
        say_class(&panels[2 * i + 1], s, s->answers[PATCH_LEARNED][rows[i]], rows[i]);
    }
}

status patch_sheet(result *x, const patch_study *s, const char *path, err *e) {
    size_t d = shape_size(s->rules.image);
    sheet_panel panels[COLUMNS * LINES] = {{0}};
    picture drawn = {0};
    int rows[PAIRS], n = choose(s, rows);
    float *images = malloc((PATCH_KINDS + 2 * PAIRS) * d * sizeof *images);
    if (!images) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    fill_patches(s, panels, images);
    fill_pairs(s, panels + COLUMNS, images + PATCH_KINDS * d, rows, n);
    status st = panel_sheet(
        s->rules.image, panels, COLUMNS, 1 + (n + PAIRS_A_LINE - 1) / PAIRS_A_LINE,
        "the patches, enlarged; below, images without and with the learned one, and what the model says\n",
        &drawn, e);
    if (st == STATUS_OK) st = sheet_finish(x, &drawn, path, "there is nothing to draw", e);
    free(images);
    return st;
}
