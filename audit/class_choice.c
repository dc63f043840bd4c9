#include "audit/class_choice.h"

#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"

status class_parse(const char *option_name, const char *text, const dataset *d, int *class, err *e) {
    suggestion near = suggest_for(text);
    for (*class = 0; *class < d->classes; ++*class) {
        if (strcmp(d->class_names[*class], text) == 0) return STATUS_OK;
        suggest_offer(&near, d->class_names[*class]);
    }
    char *end;
    long number = strtol(text, &end, 10);
    *class = (int)number;
    if (*text && !*end && number >= 0 && number < d->classes) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "--%s: no class \"%s\"%s", option_name, text, suggest_text(&near));
}

status targets_make(const char *text, dataset *d, int32_t **targets, err *e) {
    *targets = NULL;
    if (!text) return STATUS_OK;
    bool next = strcmp(text, "next") == 0;
    int class = -1, n = 0;
    status s = next ? STATUS_OK : class_parse("targeted", text, d, &class, e);
    if (s != STATUS_OK) return s;
    int32_t *rows = malloc((size_t)d->n * sizeof *rows + 1);
    *targets = malloc((size_t)d->n * sizeof **targets + 1);
    if (!rows || !*targets) {
        free(rows);
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    }
    for (int i = 0; i < d->n; i++)
        if (d->labels[i] != class) {
            (*targets)[n] = next ? (d->labels[i] + 1) % d->classes : class;
            rows[n++] = i;
        }
    dataset others = {0};
    if (n < d->n) {
        s = n > 0
                ? dataset_select(d, rows, n, &others, e)
                : err_set(e, STATUS_NOT_EVALUABLE, "every image is of the target class \"%s\" already", text);
        if (s == STATUS_OK) {
            dataset_free(d);
            *d = others;
        }
    }
    free(rows);
    return s;
}
