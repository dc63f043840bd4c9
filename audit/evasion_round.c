/* Adversarial images of 256 levels. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/evasion_details.h"
#include "audit/show.h"
#include "nets/predict.h"

static float level_value(int level) {
    return (float)level / 255.0F;
}

static int nearest_level(float x) {
    return (int)lrint(255.0 * (double)x);
}

/* One image: its parts, and the level values nearest to x that lie in the ball. */
typedef struct roundable {
    norm norm;
    double eps;
    size_t d;
    const float *x0, *lb, *ub, *x;
} roundable;

static void round_nearest(const roundable *b, float *out) {
    for (size_t k = 0; k < b->d; k++) {
        int level = nearest_level(b->x[k]); /* the box holds a level: that of the unchanged image */
        while (level_value(level) < b->lb[k])
            level++;
        while (level_value(level) > b->ub[k])
            level--;
        out[k] = level_value(level);
    }
}

/* No value ends further from the unchanged one, which is a level itself, than it was. */
static void round_inwards(const roundable *b, float *out) {
    for (size_t k = 0; k < b->d; k++) {
        int level = nearest_level(b->x[k]);
        if (level_value(level) > b->x[k] && b->x[k] > b->x0[k]) level--;
        if (level_value(level) < b->x[k] && b->x[k] < b->x0[k]) level++;
        out[k] = b->x[k] == b->x0[k] ? b->x0[k] : level_value(level);
    }
}

/* False when neither is inside. */
static bool round_image(const roundable *b, float *out) {
    round_nearest(b, out);
    if (ball_contains(b->norm, b->eps, b->x0, b->lb, b->ub, out, b->d)) return true;
    round_inwards(b, out);
    return ball_contains(b->norm, b->eps, b->x0, b->lb, b->ub, out, b->d);
}

typedef struct rounding {
    model *m;
    const dataset *d;
    const evasion_plan *p;
    const attack_result *a;
    const run *r;
    attack_result *out;
    int32_t *rows;  /* of the images to ask for */
    int32_t *ids;   /* of these rows */
    float *images;  /* of these */
    float *logits;  /* of these */
    float *scratch; /* four images */
} rounding;

static bool is_pending(const rounding *w, int row, int i) {
    return w->a->clean_correct[row] && w->a->broken_at[row] <= i && w->out->broken_at[row] > i;
}

/* How an example becomes an image of levels: as it is, or moved on in its direction to the edge of the ball, since examples that lie just behind the boundary
 * do not survive rounding. */
enum { AS_IT_IS, MOVED_ON, WAYS };

static bool move_on(const roundable *b, float *out) {
    double distance = ball_distance(b->norm, b->x0, b->x, b->d), factor = b->eps / distance;
    if (b->norm == NORM_LINF) { /* every changed value: the example may touch the edge with a single one */
        for (size_t k = 0; k < b->d; k++)
            out[k] = b->x[k] > b->x0[k] ? b->ub[k] : b->x[k] < b->x0[k] ? b->lb[k] : b->x0[k];
        return true;
    }
    if (b->norm == NORM_L0 || !(factor > 1 + 1e-6)) return false;
    for (size_t k = 0; k < b->d; k++) {
        double x0 = (double)b->x0[k];
        out[k] = (float)fmin(fmax(x0 + factor * ((double)b->x[k] - x0), 0), 1);
    }
    return true;
}

/* The images to ask for at eps index i: those not asked for before. */
static int gather(rounding *w, int i, int way) {
    size_t size = shape_size(w->d->image);
    float *x0 = w->scratch, *lb = x0 + size, *ub = lb + size, *moved = ub + size;
    int n = 0;
    for (int row = 0; row < w->d->n; row++) {
        if (!is_pending(w, row, i)) continue;
        float *tried = w->out->examples + (size_t)row * size, *image = w->images + (size_t)n * size;
        dataset_image(w->d, row, x0);
        ball_box(w->p->norm, w->p->eps[i], x0, size, lb, ub);
        roundable b = {w->p->norm, w->p->eps[i], size, x0, lb, ub, w->a->examples + (size_t)row * size};
        if (way == MOVED_ON && !move_on(&b, moved)) continue;
        if (way == MOVED_ON) b.x = moved;
        if (!round_image(&b, image)) continue;
        if (memcmp(image, tried, size * sizeof *image) == 0) continue; /* at a smaller eps, or unchanged */
        memcpy(tried, image, size * sizeof *image);
        w->ids[n] = w->d->ids[row];
        w->rows[n++] = row;
    }
    return n;
}

static void judge(rounding *w, int k, int i) {
    attack_result *out = w->out;
    size_t row = (size_t)w->rows[k], size = shape_size(w->d->image), classes = (size_t)out->classes;
    const float *logits = w->logits + (size_t)k * classes;
    attack_sample s = {.classes = out->classes,
                       .label = w->d->labels[row],
                       .target = w->p->targets ? w->p->targets[row] : -1};
    if (!attack_succeeds(&s, logits)) return;
    dataset_image(w->d, (int)row, w->scratch);
    out->broken_at[row] = i;
    out->distance[row] = (float)ball_distance(w->p->norm, w->scratch, w->images + (size_t)k * size, size);
    memcpy(out->example_logits + row * classes, logits, classes * sizeof *logits);
}

static status round_at(rounding *w, int i, int way, err *e) {
    int n = gather(w, i, way);
    if (n == 0) return STATUS_OK;
    dataset asked = {.name = w->d->name,
                     .n = n,
                     .classes = w->d->classes,
                     .image = w->d->image,
                     .ids = w->ids,
                     .values = w->images};
    status s = predict_outputs(w->m, &asked, w->r, "uint8", w->logits, e);
    for (int k = 0; s == STATUS_OK && k < n; k++)
        judge(w, k, i);
    w->out->forwards += (uint64_t)n * (uint64_t)model_votes(w->m);
    return s;
}

/* What stays unbroken is the unchanged image. */
static void undo_failures(rounding *w) {
    size_t size = shape_size(w->d->image), classes = (size_t)w->out->classes;
    for (int i = 0; i < w->d->n; i++) {
        size_t row = (size_t)i;
        if (w->out->broken_at[i] < w->out->n_eps) continue;
        dataset_image(w->d, i, w->out->examples + row * size);
        memcpy(w->out->example_logits + row * classes, w->a->clean_logits + row * classes,
               classes * sizeof(float));
    }
}

static status start(rounding *w, err *e) {
    const dataset *d = w->d;
    attack_result none = *w->a;
    size_t size = shape_size(d->image), n = (size_t)d->n;
    status s = evasion_take_best(w->out, &none, d, e);
    w->rows = malloc(n * sizeof *w->rows + 1);
    w->ids = malloc(n * sizeof *w->ids + 1);
    w->images = malloc(n * size * sizeof *w->images + 1);
    w->logits = malloc(n * (size_t)d->classes * sizeof *w->logits + 1);
    w->scratch = malloc(4 * size * sizeof *w->scratch + 1);
    if (s != STATUS_OK) return s;
    if (!w->rows || !w->ids || !w->images || !w->logits || !w->scratch)
        return err_set(e, STATUS_NO_MEMORY, "out of memory");
    for (int row = 0; row < d->n; row++) {
        if (!w->a->clean_correct[row]) continue;
        w->out->broken_at[row] = w->a->n_eps;
        w->out->distance[row] = NAN;
        dataset_image(d, row, w->out->examples + (size_t)row * size);
    }
    return STATUS_OK;
}

status evasion_round(model *m, const dataset *d, const evasion_plan *p, const attack_result *a, const run *r,
                     attack_result *out, err *e) {
    *out = (attack_result){0};
    if (!d->pixels)
        return err_set(e, STATUS_USAGE, "%s has float values: there are no 256 levels to round to", d->name);
    rounding w = {.m = m, .d = d, .p = p, .a = a, .r = r, .out = out};
    status s = start(&w, e);
    for (int k = 0; s == STATUS_OK && k < p->n_eps * WAYS; k++)
        s = round_at(&w, k / WAYS, k % WAYS, e);
    if (s == STATUS_OK) undo_failures(&w);
    free(w.rows);
    free(w.ids);
    free(w.images);
    free(w.logits);
    free(w.scratch);
    if (s != STATUS_OK) attack_result_free(out);
    return s;
}

void evasion_record_rounded(result *x, const evasion_plan *p, const evasion *v,
                            const attack_result *rounded) {
    char name[EVASION_NAME];
    int64_t clean = evasion_clean(v);
    for (int i = 0; i < p->n_eps; i++) {
        int64_t survivors = attack_survivors(rounded, i);
        row_key key = {.metric = p->targets ? "uint8_target_success" : "uint8_accuracy",
                       .attack = evasion_name(p, evasion_overall(v), name),
                       .norm = norm_name(p->norm),
                       .eps = p->eps[i]};
        if (p->targets)
            result_share(x, key, clean - survivors, clean);
        else
            result_share(x, key, survivors, rounded->n);
    }
}

void evasion_print_rounded(const context *c, const evasion_plan *p, const evasion *v,
                           const attack_result *rounded) {
    int64_t clean = evasion_clean(v);
    text_table t = text_table_new(p->targets ? "rounded to uint8|>eps|>n|>to target|95 % interval"
                                             : "rounded to uint8|>eps|>n|>accuracy|95 % interval");
    for (int i = 0; i < p->n_eps; i++) {
        int64_t survivors = attack_survivors(rounded, i);
        text_table_cell(&t, "%lld of %lld stay broken", (long long)(clean - survivors),
                        (long long)(clean - attack_survivors(&v->best, i)));
        text_table_cell(&t, "%.4g", p->eps[i]);
        if (p->targets)
            cell_share(&t, clean - survivors, clean);
        else
            cell_share(&t, survivors, rounded->n);
    }
    say(c, "\n");
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}
