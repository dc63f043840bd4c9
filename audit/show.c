#include "audit/show.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

void cell_percent(text_table *t, double share) {
    if (isfinite(share))
        text_table_cell(t, "%.1f %%", 100 * share);
    else
        text_table_cell(t, "-");
}

void cell_interval(text_table *t, interval i) {
    if (isfinite(i.lo) && isfinite(i.hi))
        text_table_cell(t, "[%.1f, %.1f]", 100 * i.lo, 100 * i.hi);
    else
        text_table_cell(t, "-");
}

void cell_share(text_table *t, int64_t k, int64_t n) {
    text_table_cell(t, "%" PRId64, n);
    cell_percent(t, n > 0 ? (double)k / (double)n : NAN);
    cell_interval(t, wilson(k, n, 0.95));
}

const char *show_count(int64_t value, char text[32]) {
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, value);
    size_t n = strlen(digits), used = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-') text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = 0;
    return text;
}

void say_subject(const context *c, const dataset *d, const model *m) {
    char images[32], parameters[32];
    say(c, "%s %s, %s images", d->name, d->split, show_count(d->n, images));
    if (m) say(c, " (%s, %s parameters)", m->arch, show_count(m->parameters, parameters));
    if (m && c->defence.list) say(c, " behind %s", c->defence.list);
    say(c, "\n");
    if (m && model_is_random(m))
        say(c, "Its answer is the mean of the logits over %d draws of the defence.\n", model_votes(m));
    say(c, "\n");
}
