#include "audit/answers.h"

#include <stdio.h>
#include <stdlib.h>

#include "attacks/changed.h"

enum { SAMPLES = 8 };

static void warn_of(result *x, const dataset *d, const int32_t *answers, const char *name, int32_t kind,
                    const char *code, const char *what) {
    int32_t ids[SAMPLES];
    int n = 0, count = 0;
    char text[200];
    for (int row = 0; row < d->n; row++) {
        if (answers[row] != kind) continue;
        if (n < SAMPLES) ids[n++] = d->ids[row];
        count++;
    }
    if (count == 0) return;
    snprintf(text, sizeof text, "%s%s%s for %d of %d unchanged images: they count as wrong", name ? name : "",
             name ? ": " : "", what, count, d->n);
    result_warning(x, code, text, ids, n, "audit inspect MODEL");
}

const char *answer_name(const dataset *d, int answer) {
    return answer >= 0 ? d->class_names[answer] : "undecided";
}

void answers_record(result *x, row_key key, const dataset *d, const int32_t *answers) {
    uint8_t *right = calloc((size_t)d->n + 1, 1);
    if (!right) {
        result_setting_json(x, "settings", NULL); /* the failure is kept */
        return;
    }
    for (int row = 0; row < d->n; row++)
        right[row] = answers[row] == d->labels[row];
    key.metric = "accuracy";
    result_share(x, key, answers_right(d, answers), d->n);
    result_outcomes(x, key, right, d->n);
    free(right);
}

void answers_warn(result *x, const dataset *d, const int32_t *answers, const char *name) {
    warn_of(x, d, answers, name, ANSWER_NOT_FINITE, "NOT_FINITE", "logits are NaN or infinite");
    warn_of(x, d, answers, name, ANSWER_TIED, "TIED", "the largest logit is tied");
}
