/* The diagnosis of attacks on models that it was not made for: a small ReLU net, healthy and broken in ways that `audit selftest` does not have. And
 * that it is the same for any number of threads, and pays for itself. */
#include <math.h>
#include <stdatomic.h>

#include "audit/diagnosis/diagnosis.h"
#include "audit/selftest/analytic.h"
#include "audit/trust.h"
#include "core/rng.h"
#include "core/stats.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

enum { SIDE = 8, FLOATS = SIDE * SIDE, HIDDEN = 48, CLASSES = 4, TILE = 16, WORKERS = 4 };

typedef enum fault {
    HEALTHY,
    STEP_RELU,           /* hidden values in steps, with their true gradient: zero */
    STEP_RELU_STRAIGHT,  /* with the gradient of ReLU */
    HASHED_NOISE,        /* noise that is a function of the image: the same from call to call */
    SIGN_GRADIENT,       /* its signs alone */
    TINY_GRADIENT,       /* 1e-30 of it */
    LABEL_ONLY_GRADIENT, /* blind for the class with the highest logit */
    STALE_GRADIENT,      /* of the image before */
    BORDER_GRADIENT,     /* zero but on the border */
    HALF_LOG_SOFTMAX,    /* log of a softmax in steps of half precision */
    RARE_NOISE           /* another answer in one call of ten */
} fault;

typedef struct subject {
    model m;
    fault f;
    float in[HIDDEN][FLOATS], out[CLASSES][HIDDEN];
    atomic_uint calls;
    float kept[WORKERS][TILE][FLOATS];
} subject;

static double hidden(const subject *s, const float *x, int j) {
    double sum = 0;
    for (int i = 0; i < FLOATS; i++)
        sum += (double)s->in[j][i] * (x[i] - 0.5);
    return sum;
}

static double unit(const subject *s, double h) {
    if (!(h > 0)) return 0;
    bool steps = s->f == STEP_RELU || s->f == STEP_RELU_STRAIGHT;
    return steps ? floor(2 * h) / 2 : h;
}

static void spoil(const subject *s, const float *x, unsigned call, float *z) {
    if (s->f == HASHED_NOISE) {
        uint32_t hash = 2166136261u;
        for (size_t i = 0; i < FLOATS * sizeof *x; i++)
            hash = (hash ^ ((const unsigned char *)x)[i]) * 16777619u;
        rng g = rng_stream(hash, "test-noise", 0, 0, 0, 0);
        for (int k = 0; k < CLASSES; k++)
            z[k] += 0.3f * rng_normal(&g);
    }
    if (s->f == RARE_NOISE && call % 10 == 9) z[0] += 1;
    if (s->f != HALF_LOG_SOFTMAX) return;
    double most = fmax(fmax(z[0], z[1]), fmax(z[2], z[3])), sum = 0;
    for (int k = 0; k < CLASSES; k++)
        sum += exp(8 * (z[k] - most));
    for (int k = 0; k < CLASSES; k++)
        z[k] = (float)log(round(exp(8 * (z[k] - most)) / sum * 1024) / 1024 + 1e-8);
}

static status forward(void *self, int worker, int n, const float *x, bool keep, float *logits, err *e) {
    subject *s = self;
    (void)e;
    unsigned call = atomic_fetch_add(&s->calls, 1);
    for (int i = 0; i < n; i++) {
        float *z = logits + i * CLASSES;
        memset(z, 0, CLASSES * sizeof *z);
        for (int j = 0; j < HIDDEN; j++) {
            double h = unit(s, hidden(s, x + i * FLOATS, j));
            for (int k = 0; k < CLASSES; k++)
                z[k] += (float)(s->out[k][j] * h);
        }
        spoil(s, x + i * FLOATS, call, z);
    }
    if (keep && s->f != STALE_GRADIENT) memcpy(s->kept[worker], x, (size_t)n * FLOATS * sizeof *x);
    return STATUS_OK;
}

static void spoil_gradient(const subject *s, float *dx) {
    for (int i = 0; i < FLOATS; i++) {
        bool inner = i / SIDE > 0 && i / SIDE < SIDE - 1 && i % SIDE > 0 && i % SIDE < SIDE - 1;
        if (s->f == STEP_RELU || (s->f == BORDER_GRADIENT && inner)) dx[i] = 0;
        if (s->f == SIGN_GRADIENT) dx[i] = (float)((dx[i] > 0) - (dx[i] < 0));
        if (s->f == TINY_GRADIENT) dx[i] *= 1e-30f;
    }
}

static status vjp(void *self, int worker, int n, const float *dlogits, float *dx, err *e) {
    subject *s = self;
    (void)e;
    for (int i = 0; i < n; i++) {
        const float *x = s->kept[worker][i];
        memset(dx + i * FLOATS, 0, FLOATS * sizeof *dx);
        for (int j = 0; j < HIDDEN; j++) {
            double slope = 0;
            for (int k = s->f == LABEL_ONLY_GRADIENT ? 2 : 0; k < CLASSES; k++)
                slope += (double)dlogits[i * CLASSES + k] * s->out[k][j];
            if (!(hidden(s, x, j) > 0)) continue;
            for (int p = 0; p < FLOATS; p++)
                dx[i * FLOATS + p] += (float)(slope * s->in[j][p]);
        }
        spoil_gradient(s, dx + i * FLOATS);
    }
    return STATUS_OK;
}

static const model_ops ops = {.forward = forward, .vjp = vjp}, ops_blind = {.forward = forward};

static subject *subject_new(fault f) {
    subject *s = calloc(1, sizeof *s);
    rng g = rng_stream(7, "test-subject", 0, 0, 0, 0);
    s->f = f;
    for (int j = 0; j < HIDDEN; j++)
        for (int i = 0; i < FLOATS; i++)
            s->in[j][i] = rng_normal(&g);
    for (int k = 0; k < CLASSES; k++)
        for (int j = 0; j < HIDDEN; j++)
            s->out[k][j] = rng_normal(&g) / 4;
    s->m = (model){.ops = &ops,
                   .self = s,
                   .input = {SIDE, SIDE, 1},
                   .classes = CLASSES,
                   .workers = WORKERS,
                   .tile = TILE,
                   .thread_safe = true,
                   .arch = "test"};
    return s;
}

/* Images with the answers of the healthy model as labels. */
static dataset images_for(subject *s, int n) {
    dataset d = fake_images(3, n, (shape){SIDE, SIDE, 1}, CLASSES, 0.2f, 0.8f);
    int32_t *labels = arena_array(&d.memory, (size_t)n, sizeof *labels);
    float x[FLOATS], z[CLASSES];
    fault f = s->f;
    err e = {{0}};
    s->f = HEALTHY;
    for (int row = 0; row < n; row++) {
        dataset_image(&d, row, x);
        assert_ok(model_forward(&s->m, 0, 1, x, false, z, &e), e);
        for (int k = 1; k < CLASSES; k++)
            if (z[k] > z[labels[row]]) labels[row] = k;
    }
    d.labels = labels;
    s->f = f;
    return d;
}

static diagnosis look_at(model *m, const dataset *d, norm p, double eps, int threads) {
    diagnosis g;
    err e = {{0}};
    run r = run_default();
    r.threads = threads;
    diagnosis_plan plan = {.norm = p, .eps = eps, .smaller = eps / 2};
    assert_ok(diagnose(m, d, &plan, &r, &g, &e), e);
    return g;
}

static const finding *raised(const diagnosis *g, const char *code) {
    for (int i = 0; i < g->n; i++)
        if (g->findings[i].raised && (!code || strcmp(g->findings[i].code, code) == 0))
            return &g->findings[i];
    return NULL;
}

/* Each fault raises one of its codes, which lowers the trust. */
static void faults_are_seen(void **state) {
    (void)state;
    static const struct {
        fault f;
        const char *name, *code;
    } all[] = {{STEP_RELU, "step ReLU", "ZERO_GRAD"},
               {STEP_RELU_STRAIGHT, "step ReLU, straight through", "FD_MISMATCH"},
               {HASHED_NOISE, "noise by the image", "FD_MISMATCH"},
               {SIGN_GRADIENT, "signs of the gradient", "FD_MISMATCH"},
               {TINY_GRADIENT, "tiny gradient", "FD_MISMATCH"},
               {LABEL_ONLY_GRADIENT, "gradient blind for two classes", "FD_MISMATCH"},
               {STALE_GRADIENT, "gradient of another image", "FD_MISMATCH"},
               {BORDER_GRADIENT, "gradient on the border alone", "FD_MISMATCH"},
               {HALF_LOG_SOFTMAX, "log of a rounded softmax", "FD_MISMATCH"},
               {RARE_NOISE, "another answer now and then", "NONDETERMINISTIC"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        subject *s = subject_new(all[i].f);
        dataset d = images_for(s, 80);
        diagnosis g = look_at(&s->m, &d, NORM_LINF, 0.03, 1);
        const finding *f = raised(&g, all[i].code);
        if (!f) fail_msg("%s: %s was not raised", all[i].name, all[i].code);
        assert_true(f->n > 0 && f->next && f->judged >= f->suspect && f->suspect > 0);
        dataset_free(&d);
        free(s);
    }
}

static void healthy_models_are_quiet(void **state) {
    (void)state;
    static const struct {
        norm p;
        double eps;
    } balls[] = {{NORM_LINF, 0.01}, {NORM_LINF, 0.03}, {NORM_LINF, 0.1},
                 {NORM_L2, 0.3},    {NORM_L1, 2},      {NORM_L0, 5}};
    for (size_t i = 0; i < sizeof balls / sizeof *balls; i++) {
        subject *s = subject_new(HEALTHY);
        dataset d = images_for(s, 80);
        diagnosis g = look_at(&s->m, &d, balls[i].p, balls[i].eps, 1);
        const finding *f = raised(&g, NULL);
        if (f)
            fail_msg("%s at %g: %s, %d of %d", norm_name(balls[i].p), balls[i].eps, f->code, f->suspect,
                     f->judged);
        assert_int_equal(g.images, 64);
        assert_true(g.forwards > 0 && g.backwards > 0 && g.forwards + g.backwards < 64 * 500);
        dataset_free(&d);
        free(s);
    }
}

static void threads_do_not_matter(void **state) {
    (void)state;
    subject *s = subject_new(STEP_RELU_STRAIGHT);
    dataset d = images_for(s, 100);
    diagnosis one = look_at(&s->m, &d, NORM_LINF, 0.03, 1), other = look_at(&s->m, &d, NORM_LINF, 0.03, 3);
    assert_int_equal(one.n, other.n);
    assert_true(one.forwards == other.forwards && one.backwards == other.backwards);
    for (int i = 0; i < one.n; i++) {
        const finding *a = &one.findings[i], *b = &other.findings[i];
        bool same_median = a->median == b->median || (isnan(a->median) && isnan(b->median));
        if (a->suspect != b->suspect || a->judged != b->judged || !same_median)
            fail_msg("%s differs between threads", a->code);
        assert_memory_equal(a->rows, b->rows, sizeof a->rows);
    }
    dataset_free(&d);
    free(s);
}

static void no_gradient_and_nothing_right(void **state) {
    (void)state;
    subject *s = subject_new(HEALTHY);
    dataset d = images_for(s, 20);
    int32_t *wrong = arena_array(&d.memory, 20, sizeof *wrong);
    for (int row = 0; row < 20; row++)
        wrong[row] = (d.labels[row] + 1) % CLASSES;
    d.labels = wrong;
    diagnosis g = look_at(&s->m, &d, NORM_LINF, 0.03, 1);
    assert_int_equal(g.images, 0);
    s->m.ops = &ops_blind;
    err e = {{0}};
    run r = run_default();
    diagnosis_plan plan = {.norm = NORM_LINF, .eps = 0.03, .smaller = 0.01};
    assert_int_equal(diagnose(&s->m, &d, &plan, &r, &g, &e), STATUS_USAGE);
    dataset_free(&d);
    free(s);
}

/* The body of a result with one row under attack, one warning, and with or without a panel. */
static json *body_of(const char *method, double value, const char *code, bool panel, const char *options) {
    char text[1000];
    snprintf(text, sizeof text,
             "{\"rows\": [{\"metric\": \"accuracy\", \"attack\": \"none\", \"group\": \"all\", \"n\": 9, "
             "\"value\": 1}, "
             "{\"metric\": \"accuracy\", \"attack\": \"%s\", \"eps\": 0.1, \"group\": \"all\", \"n\": 9, "
             "\"value\": %g}], "
             "\"settings\": {\"no_drop\": false, %s}, \"warnings\": [%s%s%s], \"extra\": {%s}}",
             method, value, options, code ? "{\"code\": \"" : "", code ? code : "", code ? "\"}" : "",
             panel ? "\"panel\": {}" : "");
    json *body = NULL;
    err e = {{0}};
    assert_ok(json_parse(text, strlen(text), &body, &e), e);
    return body;
}

static void grades(void **state) {
    (void)state;
    static const char once[] = "\"pgd\": {\"restarts\": 1}, \"fgsm\": {\"restarts\": 1}";
    static const char often[] = "\"pgd\": {\"restarts\": 5}, \"fgsm\": {\"restarts\": 1}";
    static const char two[] = "\"apgd-ce\": {\"restarts\": 1}, \"apgd-dlr\": {\"restarts\": 1}";
    static const struct {
        const char *attack, *code, *options;
        double value;
        bool panel;
        trust level;
    } all[] = {{"auto", NULL, "\"apgd-ce\": {}", .5, true, TRUST_HIGH},
               {"auto", "CE_LOSS_FAIL", "\"apgd-ce\": {}", .5, true, TRUST_LIMITED},
               {"auto/apgd-ce", NULL, "\"apgd-ce\": {}", .5, true, TRUST_LIMITED},
               {"pgd", NULL, once, .5, true, TRUST_LIMITED},
               {"fgsm", NULL, often, .5, true, TRUST_LIMITED},
               {"union", NULL, once, .5, true, TRUST_LIMITED},
               {"pgd", NULL, often, .5, true, TRUST_HIGH},
               {"union", NULL, often, .5, true, TRUST_HIGH},
               {"union", NULL, two, .5, true, TRUST_HIGH},
               {"pgd", NULL, often, .5, false, TRUST_LIMITED},
               {"noise", NULL, "\"noise\": {}", .5, true, TRUST_LIMITED},
               {"pgd", NULL, once, 0, false, TRUST_HIGH}, /* nothing is left to be found */
               {"pgd", "TIED", often, .5, true, TRUST_HIGH},
               {"pgd", "SATURATED", often, .5, true, TRUST_LIMITED},
               {"pgd", "FD_MISMATCH", often, .5, true, TRUST_LOW},
               {"pgd", "NOT_CONVERGED", often, .5, true, TRUST_LOW},
               {"pgd", "BUDGET_SPENT", often, 0, true, TRUST_LOW}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        json *body = body_of(all[i].attack, all[i].value, all[i].code, all[i].panel, all[i].options);
        const json *rows = json_get(body, "rows");
        assert_true(trust_stamp(body, false));
        const char *found = json_as_string(json_get(json_at(rows, 1), "trust"));
        if (strcmp(found, trust_name(all[i].level)) != 0) fail_msg("case %zu: %s", i, found);
        assert_null(json_get(json_at(rows, 0), "trust"));
        bool reasons = json_count(json_get(json_at(rows, 1), "trust_reasons")) > 0;
        assert_int_equal(reasons, all[i].level != TRUST_HIGH);
        assert_int_equal(trust_problem(body) != NULL, all[i].level == TRUST_LOW);
        assert_int_equal(trust_of(body, json_at(rows, 1), true).level, TRUST_LOW);
        json_free(body);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_seen),
        cmocka_unit_test(healthy_models_are_quiet),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(no_gradient_and_nothing_right),
        cmocka_unit_test(grades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
