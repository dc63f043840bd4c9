#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/table_internal.h"

enum { NAME_CAP = 64, MOST_DIGITS = 17 };

/* Bins of sorted values: bin i is sorted[ends[i - 1]..ends[i]), ends[-1] = 0. Equal values share a bin and no
 * bin is empty. */
typedef struct bins {
    double *sorted;
    int n;
    int *ends;
    int n_bins;
} bins;

static int compare_numbers(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The first place behind `at` with another value. */
static int run_end(const bins *b, int at) {
    double value = b->sorted[at];
    while (at < b->n && b->sorted[at] == value)
        at++;
    return at;
}

static int count_distinct(const bins *b) {
    int distinct = 0;
    for (int at = 0; at < b->n; at = run_end(b, at))
        distinct++;
    return distinct;
}

/* One bin a value when they are few; else each ends at the next of `most` quantiles that lies beyond the bin
 * before it. */
static void cut(bins *b, int most) {
    bool each = count_distinct(b) <= most;
    int end = 0;
    for (int i = 1; end < b->n; i++) {
        int target = each ? end + 1 : (int)(((int64_t)b->n * i + most - 1) / most);
        if (target <= end) continue;
        end = run_end(b, target - 1);
        b->ends[b->n_bins++] = end;
    }
}

static double bin_lo(const bins *b, int i) {
    return b->sorted[i ? b->ends[i - 1] : 0];
}

static double bin_hi(const bins *b, int i) {
    return b->sorted[b->ends[i] - 1];
}

static bool same_text(double a, double b, int digits) {
    char left[NAME_CAP], right[NAME_CAP];
    snprintf(left, sizeof left, "%.*g", digits, a);
    snprintf(right, sizeof right, "%.*g", digits, b);
    return strcmp(left, right) == 0;
}

/* The fewest digits, 6 (as %g) or more, that tell neighbouring bins apart. */
static int digits_needed(const bins *b) {
    int digits = 6;
    for (int i = 1; i < b->n_bins; i++)
        while (digits < MOST_DIGITS && same_text(bin_hi(b, i - 1), bin_lo(b, i), digits))
            digits++;
    return digits;
}

static bool name_bins(arena *memory, const bins *b, column *c) {
    int digits = digits_needed(b);
    c->levels = arena_array(memory, (size_t)b->n_bins, sizeof *c->levels);
    for (int i = 0; c->levels && i < b->n_bins; i++) {
        double lo = bin_lo(b, i), hi = bin_hi(b, i);
        c->levels[i] = lo == hi ? arena_printf(memory, "%.*g", digits, lo)
                                : arena_printf(memory, "%.*g..%.*g", digits, lo, digits, hi);
        if (!c->levels[i]) return false;
    }
    c->n_levels = b->n_bins;
    return c->levels;
}

/* The first bin whose highest value is not below `value`. */
static int32_t bin_of(const bins *b, double value) {
    int lo = 0, hi = b->n_bins - 1;
    while (lo < hi) {
        int middle = lo + (hi - lo) / 2;
        if (bin_hi(b, middle) < value)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

static bool categorise(table *t, const double *numbers, int most, bins *b, column *c) {
    for (int row = 0; row < t->n_rows; row++)
        if (!isnan(numbers[row])) b->sorted[b->n++] = numbers[row];
    qsort(b->sorted, (size_t)b->n, sizeof *b->sorted, compare_numbers);
    cut(b, most);
    c->codes = arena_array(&t->memory, (size_t)t->n_rows, sizeof *c->codes);
    for (int row = 0; c->codes && row < t->n_rows; row++)
        c->codes[row] = isnan(numbers[row]) ? CATEGORY_MISSING : bin_of(b, numbers[row]);
    return c->codes && name_bins(&t->memory, b, c);
}

status table_categorise(table *t, const char *name, int most, err *e) {
    const column *found = table_find(t, name);
    if (!found) return err_set(e, STATUS_USAGE, "no column \"%s\"", name);
    if (most < 1) return err_set(e, STATUS_USAGE, "column \"%s\": %d bins, expected at least 1", name, most);
    if (found->kind == COLUMN_CATEGORY) return STATUS_OK;
    column c = {.name = found->name, .kind = COLUMN_CATEGORY};
    size_t room = (size_t)t->n_rows + 1;
    bins b = {.sorted = malloc(room * sizeof *b.sorted), .ends = malloc(room * sizeof *b.ends)};
    bool done = b.sorted && b.ends && categorise(t, found->numbers, most, &b, &c);
    free(b.sorted);
    free(b.ends);
    if (!done) return table_no_memory(name, e);
    t->columns[found - t->columns] = c;
    return STATUS_OK;
}
