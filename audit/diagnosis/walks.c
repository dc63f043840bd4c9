/* The attacks on the panel: each alone, at one eps, without what others found, and judged at every iterate. Those that can only tell something
 * about images that many gradient steps left go to these alone, and to no more than SOME of them, for cost; an image is dropped when it is
 * broken, but where whole walks are looked at. */
#include <math.h>

#include "audit/diagnosis/panel_internal.h"
#include "nets/loss.h"

enum { SOME = 16 };

typedef struct watcher {
    walk *w;
    const int32_t *places; /* of the rows of the subset, in the panel */
} watcher;

static void watch(void *user, int row, const attack_sample *s, const float *x, const attack_answer *a,
                  bool success) {
    (void)x;
    const watcher *k = user;
    int i = k->places[row];
    float margin = logits_margin(a->logits, s->classes, s->label);
    if (isnan(margin)) margin = -INFINITY;
    if (!(k->w->best[i] <= margin)) k->w->best[i] = margin;
    k->w->passed[i] |= success;
    k->w->last_broken[i] = success;
}

/* All images; SOME that `many` left; SOME, on to the end from successes too. */
typedef enum company { ALL, LEFT, WHOLE } company;

typedef struct expedition {
    const char *attack;
    attack_options options;
    norm norm;
    double eps;
    company who;
} expedition;

static void note(panel *p, const attack_result *a, const int32_t *places, walk *w) {
    for (int row = 0; row < a->n; row++) {
        int i = places[row];
        w->walked[i] = a->finished[row] && a->clean_correct[row];
        w->broken[i] = w->walked[i] && a->broken_at[row] == 0;
    }
    p->forwards += a->forwards;
    p->backwards += a->backwards;
}

static status go(panel *p, const expedition *x, walk *w, err *e) {
    int32_t places[PANEL_IMAGES];
    int n = 0, most = x->who == ALL ? PANEL_IMAGES : SOME;
    for (int i = 0; i < p->n; i++) {
        w->best[i] = NAN;
        if (n < most && (x->who != LEFT || (p->many.walked[i] && !p->many.broken[i]))) places[n++] = i;
    }
    const attack *method = attack_find(x->attack);
    if (n == 0 || !(method->norms & 1u << x->norm)) return STATUS_OK;
    watcher k = {w, places};
    attack_plan plan = {.method = method,
                        .options = x->options,
                        .norm = x->norm,
                        .eps = &x->eps,
                        .n_eps = 1,
                        .to_the_end = x->who == WHOLE,
                        .watch = watch,
                        .watcher = &k};
    dataset some = {0};
    attack_result a = {0};
    status s = dataset_select(&p->d, places, n, &some, e);
    if (s == STATUS_OK) s = attack_run(p->m, &some, &plan, &p->r, &a, e);
    if (s == STATUS_OK) note(p, &a, places, w);
    attack_result_free(&a);
    dataset_free(&some);
    return s;
}

status panel_walk(panel *p, err *e) {
    enum { STEPS_MOST = 100, SHORT = 20, QUERIES = 100, DRAWS = 4 };
    attack_options many = p->options, twice, brief = {.steps = SHORT};
    int steps = attack_options_fill(attack_find("pgd"), p->options).steps;
    many.steps = steps < STEPS_MOST ? steps : STEPS_MOST;
    many.restarts = 1;
    twice = many;
    twice.steps = 2 * many.steps;
    const struct {
        expedition x;
        walk *w;
    } all[] = {
        {{"pgd", many, p->norm, p->eps, ALL}, &p->many},
        {{"pgd", many, p->norm, p->eps, WHOLE}, &p->whole},
        {{"fgsm", {0}, p->norm, p->eps, ALL}, &p->one_step},
        {{"pgd", twice, p->norm, p->eps, LEFT}, &p->twice},
        {{"noise", {.restarts = DRAWS}, p->norm, p->eps, LEFT}, &p->noise},
        {{"square", {.steps = QUERIES}, p->norm, p->eps, LEFT}, &p->square},
        {{"pgd", brief, p->norm, p->smaller, LEFT}, &p->small},
        {{"pgd", brief, NORM_LINF, 0.5, ALL}, &p->grey},
    };
    status s = STATUS_OK;
    bool longer = steps >= 2 * STEPS_MOST; /* the run itself took more than twice what is tried here */
    for (size_t i = 0; s == STATUS_OK && i < sizeof all / sizeof *all; i++)
        if (!longer || all[i].w != &p->twice) s = go(p, &all[i].x, all[i].w, e);
    return s;
}
