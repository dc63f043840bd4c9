#include "audit/spatial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/answers.h"
#include "audit/show.h"

/* Verdicts that are one bit an image. */
typedef enum verdict { CLEAN, WORST_RANDOM, ROTATION, SHIFT, GRID, VERDICTS } verdict;

static bool withstands(const spatial_plan *p, const spatial_result *a, verdict v, int row) {
    bool right = a->clean[row];
    switch (v) {
    case WORST_RANDOM:
        return right && a->random_right[row] == p->random;
    case ROTATION:
        for (int i = 0; i < a->angles; i++)
            right = right && a->angle_right[(size_t)row * (size_t)a->angles + (size_t)i];
        return right;
    case SHIFT:
        return right && a->shift_right[row];
    case GRID:
        return right && a->least[row] == a->grid;
    default:
        return right;
    }
}

/* The name of a verdict as an attack; NULL: none. */
static const char *verdict_name(const spatial_plan *p, verdict v, char room[32]) {
    static const char *const names[VERDICTS] = {NULL, NULL, "rotation", "shift", "grid"};
    if (v != WORST_RANDOM) return names[v];
    snprintf(room, 32, "worst-of-%d", p->random);
    return room;
}

static int64_t finished(const spatial_result *a) {
    int64_t n = 0;
    for (int row = 0; row < a->n; row++)
        n += a->finished[row];
    return n;
}

/* How many withstand, among finished images of a class (-1: of all); *n: how many these are. */
static int64_t count(const dataset *d, const spatial_plan *p, const spatial_result *a, verdict v, int class,
                     int64_t *n) {
    int64_t k = 0;
    *n = 0;
    for (int row = 0; row < a->n; row++) {
        if (!a->finished[row] || (class >= 0 && d->labels[row] != class)) continue;
        k += withstands(p, a, v, row);
        *n += 1;
    }
    return k;
}

/* What a random move leaves: the mean over images of each one's share. */
static double random_mean(const spatial_plan *p, const spatial_result *a, interval *i) {
    double *shares = malloc(((size_t)a->n + 1) * sizeof *shares);
    int n = 0;
    for (int row = 0; shares && row < a->n; row++)
        if (a->finished[row]) shares[n++] = (double)a->random_right[row] / p->random;
    double value = shares && n > 0 ? mean(shares, n) : NAN;
    *i = shares && n > 1 ? t_interval(shares, n, 0.95) : (interval){NAN, NAN};
    if (i->lo < 0) i->lo = 0; /* a share: the t interval does not know */
    if (i->hi > 1) i->hi = 1;
    free(shares);
    return value;
}

static double shift_length(const spatial_move *m) {
    return hypot((double)m->down, (double)m->right);
}

static double turn_length(const spatial_move *m) {
    return fabs((double)m->degrees);
}

/* Of the smallest moves that break: the mean of a length. */
static double least_mean(const spatial_result *a, double (*length)(const spatial_move *), int *n,
                         interval *i) {
    double *lengths = malloc(((size_t)a->n + 1) * sizeof *lengths);
    *n = 0;
    for (int row = 0; lengths && row < a->n; row++)
        if (a->least[row] >= 0 && a->least[row] < a->grid) lengths[(*n)++] = length(&a->moves[a->least[row]]);
    double value = lengths && *n > 0 ? mean(lengths, *n) : NAN;
    *i = lengths && *n > 1 ? t_interval(lengths, *n, 0.95) : (interval){NAN, NAN};
    free(lengths);
    return value;
}

static void record_settings(result *x, const spatial_plan *p) {
    result_setting_number(x, "degrees", p->degrees);
    result_setting_number(x, "shift", p->shift);
    result_setting_number(x, "angles", p->angles);
    result_setting_number(x, "shifts", p->shifts);
    result_setting_number(x, "random", p->random);
    result_setting_text(x, "padding", p->edge ? "edge" : "zero");
}

static void record_verdict(result *x, const dataset *d, const spatial_plan *p, const spatial_result *a,
                           verdict v, uint8_t *bits) {
    char room[32], group[300];
    int64_t n, k = count(d, p, a, v, -1, &n);
    row_key key = {.metric = "accuracy", .attack = verdict_name(p, v, room), .eps = NAN};
    result_share(x, key, k, n);
    for (int row = 0; row < d->n; row++)
        bits[row] = withstands(p, a, v, row);
    if (n == d->n) result_outcomes(x, key, bits, d->n);
    for (int class = 0; class < d->classes && (v == CLEAN || v == GRID); class ++) {
        snprintf(group, sizeof group, "class=%.256s", d->class_names[class]);
        key.group = group;
        k = count(d, p, a, v, class, &n);
        result_share(x, key, k, n);
    }
}

static void record_angles(result *x, const spatial_plan *p, const spatial_result *a) {
    for (int i = 0; i < a->angles; i++) {
        char group[40];
        int64_t k = 0;
        for (int row = 0; row < a->n; row++)
            k += a->angle_right[(size_t)row * (size_t)a->angles + (size_t)i];
        snprintf(group, sizeof group, "angle=%.6g", spatial_angle(p, i));
        result_share(x, (row_key){.metric = "accuracy", .attack = "rotation", .group = group, .eps = NAN}, k,
                     finished(a));
    }
}

static void record_least(result *x, const dataset *d, const spatial_result *a) {
    json *list = json_new_array();
    interval i;
    int n;
    double value = least_mean(a, turn_length, &n, &i);
    row_key key = {.metric = "least_angle", .attack = "grid", .eps = NAN};
    result_value(x, key, n, value, i, "t", "the grid breaks no image");
    value = least_mean(a, shift_length, &n, &i);
    key.metric = "least_shift";
    result_value(x, key, n, value, i, "t", "the grid breaks no image");
    for (int row = 0; row < a->n; row++) {
        if (a->least[row] < 0 || a->least[row] == a->grid) continue;
        const spatial_move *m = &a->moves[a->least[row]];
        json *one = json_new_array();
        json_append(one, json_new_int(d->ids[row]));
        json_append(one, json_new_real((double)m->degrees));
        json_append(one, json_new_real((double)m->down));
        json_append(one, json_new_real((double)m->right));
        json_append(list, one);
    }
    result_extra(x, "least", list);
}

void spatial_record(result *x, const dataset *d, const spatial_plan *p, const spatial_result *a) {
    uint8_t *bits = calloc((size_t)d->n + 1, 1);
    interval i;
    if (!bits) {
        result_setting_json(x, "settings", NULL); /* the failure is kept */
        return;
    }
    record_settings(x, p);
    for (verdict v = CLEAN; v < VERDICTS; v++) {
        record_verdict(x, d, p, a, v, bits);
        if (v != CLEAN) continue;
        double value = random_mean(p, a, &i);
        result_value(x, (row_key){.metric = "accuracy", .attack = "random", .eps = NAN}, finished(a), value,
                     i, "t", "no images");
    }
    record_angles(x, p, a);
    record_least(x, d, a);
    answers_warn(x, d, a->answers, NULL);
    result_cost(x, a->forwards, 0);
    free(bits);
}

static void print_table(const context *c, const dataset *d, const spatial_plan *p, const spatial_result *a) {
    char worst[48], turned[48], shifted[48], grid[48];
    const char *const what[VERDICTS] = {"none (clean)", worst, turned, shifted, grid};
    text_table t = text_table_new("moves|>n|>accuracy|95 % interval");
    snprintf(worst, sizeof worst, "the worst of %d random", p->random);
    snprintf(turned, sizeof turned, "the worst of %d angles", p->angles);
    snprintf(shifted, sizeof shifted, "the worst of %d shifts", p->shifts * p->shifts);
    snprintf(grid, sizeof grid, "the worst of all %d together", a->grid);
    for (verdict v = CLEAN; v < VERDICTS; v++) {
        int64_t n, k = count(d, p, a, v, -1, &n);
        text_table_cell(&t, "%s", what[v]);
        cell_share(&t, k, n);
        if (v != CLEAN) continue;
        interval i;
        double value = random_mean(p, a, &i);
        text_table_cell(&t, "a random one");
        text_table_cell(&t, "%lld", (long long)n);
        cell_percent(&t, value);
        cell_interval(&t, i);
    }
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}

void spatial_print(const context *c, const dataset *d, const spatial_plan *p, const spatial_result *a) {
    say(c, "turned by at most %g degrees, shifted by at most %.3g x %.3g pixels, %s comes in\n\n", p->degrees,
        p->shift * d->image.h, p->shift * d->image.w, p->edge ? "the border" : "black");
    print_table(c, d, p, a);
    int n;
    interval i, k;
    double angle = least_mean(a, turn_length, &n, &i), shift = least_mean(a, shift_length, &n, &k);
    if (n > 0)
        say(c,
            "\nThe smallest move of the grid that breaks an image: %.1f degrees and %.1f pixels on average "
            "over %d "
            "images.\n",
            angle, shift, n);
    say(c,
        "\nAccuracy under the worst move is an UPPER bound: between the points of the grid more may break.\n"
        "Images that are wrong unchanged count as broken. Intervals: 95 %% Wilson (a random one: t over "
        "images); "
        "they cover sampling only.\n");
}
