#include "audit/rows.h"

#include <math.h>
#include <string.h>

static bool text_fits(const char *wanted, const json *row, const char *key) {
    return !wanted || strcmp(wanted, row_text(row, key)) == 0;
}

static bool row_fits(const row_query *q, const json *row) {
    return text_fits(q->metric, row, "metric") && text_fits(q->attack, row, "attack") &&
           text_fits(q->group, row, "group") && text_fits(q->method, row, "method") &&
           (isnan(q->eps) || fabs(row_eps(row) - q->eps) <= 1e-9);
}

const json *row_next(const json *body, const row_query *q, size_t *at) {
    const json *rows = json_get(body, "rows");
    while (*at < json_count(rows)) {
        const json *row = json_at(rows, (*at)++);
        if (row_fits(q, row)) return row;
    }
    return NULL;
}

const json *row_find(const json *body, const row_query *q) {
    size_t at = 0;
    return row_next(body, q, &at);
}

double row_value(const json *row) {
    return json_as_real(json_get(row, "value"), NAN);
}

interval row_interval(const json *row) {
    return (interval){json_as_real(json_get(row, "lo"), NAN), json_as_real(json_get(row, "hi"), NAN)};
}

int64_t row_n(const json *row) {
    return json_as_int(json_get(row, "n"), 0);
}

double row_eps(const json *row) {
    return json_as_real(json_get(row, "eps"), NAN);
}

const char *row_text(const json *row, const char *key) {
    const char *text = json_as_string(json_get(row, key));
    return text ? text : "";
}
