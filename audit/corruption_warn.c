/* What makes figures under corruption doubtful, or worth a look. */
#include <stdio.h>

#include "audit/corruption.h"

enum { SAMPLES = 8, LARGE = 64 };

static const uint8_t *correct_in(const corruption_found *f, int condition) {
    return f->models[0].correct + (size_t)condition * (size_t)f->n;
}

/* Damage that heals with severity, beyond chance, by 2 points and more. */
static void warn_rises(result *x, const dataset *d, const corruption_plan *p, const corruption_found *f,
                       int condition) {
    const corruption *k = p->list[condition / p->n_severities];
    const uint8_t *before = correct_in(f, condition), *after = correct_in(f, condition + 1);
    int64_t gained = 0, lost = 0;
    int32_t rows[SAMPLES];
    int n = 0;
    for (int i = 0; i < f->n; i++) {
        if (after[i] && !before[i] && n < SAMPLES) rows[n++] = d->ids[i];
        gained += after[i] && !before[i];
        lost += before[i] && !after[i];
    }
    double rise = (double)(gained - lost) / f->n;
    if (k->uneven || rise < 0.02 || !(paired_difference(gained, lost, f->n, 0.95).lo > 0)) return;
    char text[240], next[120];
    int at = condition % p->n_severities;
    snprintf(text, sizeof text,
             "%s: accuracy rises by %.1f points from severity %d to %d: the model depends on something that "
             "more of it brings back",
             k->name, 100 * rise, p->severities[at], p->severities[at + 1]);
    snprintf(next, sizeof next, "audit corrupt MODEL --corruption %s --sheet sheet.png", k->name);
    result_warning(x, "ACCURACY_RISES", text, rows, n, next);
}

/* Where nearly every image gets one answer, for the severest condition of a corruption. */
static void warn_collapsed(result *x, const dataset *d, const corruption_plan *p, const corruption_found *f,
                           int which) {
    const corruption_answers *a = &f->models[0];
    for (int s = p->n_severities - 1; s >= 0; s--) {
        int c = which * p->n_severities + s, labelled = 0;
        if (c >= f->n_done || a->likeliest_n[c] <= 0.9 * f->n) continue;
        for (int i = 0; i < d->n; i++)
            labelled += d->labels[i] == a->likeliest[c];
        if (labelled > 0.5 * d->n) continue;
        char text[240];
        snprintf(text, sizeof text, "%s, severity %d: %.1f %% of all answers are \"%.80s\"",
                 p->list[which]->name, p->severities[s], 100.0 * a->likeliest_n[c] / f->n,
                 d->class_names[a->likeliest[c]]);
        result_warning(x, "COLLAPSED", text, NULL, 0, "audit train with --augment");
        return;
    }
}

void corruption_warn(result *x, const dataset *d, const corruption_plan *p, const corruption_found *f) {
    char text[200];
    predictions_warn(x, d, &f->models[0].clean);
    if (f->models[0].not_finite) {
        snprintf(text, sizeof text,
                 "logits of %lld corrupted images are NaN or infinite: they count as wrong",
                 (long long)f->models[0].not_finite);
        result_warning(x, "NOT_FINITE", text, NULL, 0, "audit inspect MODEL");
    }
    for (int c = 0; c + 1 < f->n_done; c++)
        if (c % p->n_severities + 1 < p->n_severities) warn_rises(x, d, p, f, c);
    for (int k = 0; k < p->n; k++)
        warn_collapsed(x, d, p, f, k);
    if (p->arrays || (d->image.h <= LARGE && d->image.w <= LARGE)) return;
    snprintf(text, sizeof text,
             "images of %d x %d: the constants are those for 32 x 32, whose blurs and flakes are small here",
             d->image.h, d->image.w);
    result_warning(x, "LARGE_IMAGES", text, NULL, 0, NULL);
}
