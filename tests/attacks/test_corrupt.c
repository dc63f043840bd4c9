/* Common corruptions: closed formulae, constants of noise, ranges, and that they depend on seed and row id alone. */
#include <math.h>

#include "attacks/corrupt.h"
#include "tests/support/test.h"

enum { SIDE = 32, MOST = 64 * 64 * 3 };

static const corruption *find(const char *name) {
    const corruption *k = corruption_find(name);
    if (!k) fail_msg("no corruption %s", name);
    return k;
}

static void apply(const corruption *k, int severity, shape s, const float *x, int32_t id, float *out) {
    err e = {{0}};
    assert_ok(corrupt_image(k, severity, s, x, 7, id, out, &e), e);
}

/* A scene with edges, slopes and texture, in whole levels of 256. */
static void scene(shape s, int which, float *x) {
    for (int y = 0; y < s.h; y++)
        for (int u = 0; u < s.w; u++)
            for (int c = 0; c < s.c; c++) {
                double v =
                    0.45 + 0.2 * sin(0.3 * u + which) * cos(0.2 * y + c) +
                    0.1 * (((u + 5 * which) / (3 + which % 4) + (y + 3 * which) / (4 + which % 3)) % 2);
                if ((u - 12) * (u - 12) + (y - 14) * (y - 14) < 40 + which) v = 0.85 - 0.25 * c;
                *x++ = (float)floor(255 * v) / 255;
            }
}

static double mean_square(const float *a, const float *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sum / (double)n;
}

static void test_list(void **state) {
    (void)state;
    int n = 0;
    for (const corruption *k; (k = corruption_at(n)); n++)
        assert_ptr_equal(corruption_find(k->name), k);
    assert_int_equal(n, 15);
    assert_null(corruption_at(-1));
    assert_null(corruption_find("rain"));
    assert_true(find("frost")->not_comparable);
}

/* Every corruption, severity, shape and channel count: within [0, 1], the same again, and 0 changes nothing. */
static void test_range(void **state) {
    (void)state;
    static const shape shapes[] = {{32, 32, 3}, {28, 28, 1}, {17, 40, 3}, {40, 17, 1},
                                   {1, 1, 3},   {2, 5, 1},   {64, 48, 3}};
    static float x[MOST], a[MOST], b[MOST];
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t n = shape_size(shapes[i]);
        scene(shapes[i], 0, x);
        for (int which = 0; corruption_at(which); which++)
            for (int severity = 0; severity <= SEVERITIES; severity++) {
                const corruption *k = corruption_at(which);
                apply(k, severity, shapes[i], x, 5, a);
                apply(k, severity, shapes[i], x, 5, b);
                assert_memory_equal(a, b, n * sizeof *a);
                if (severity == 0) assert_memory_equal(a, x, n * sizeof *a);
                for (size_t p = 0; p < n; p++)
                    if (!(a[p] >= 0 && a[p] <= 1))
                        fail_msg("%s %d: value %zu is %g", k->name, severity, p, (double)a[p]);
            }
    }
}

static void test_refusals(void **state) {
    (void)state;
    float x[8] = {0}, out[8];
    err e;
    assert_int_equal(corrupt_image(find("fog"), 6, (shape){2, 2, 1}, x, 0, 0, out, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "severity 6"));
    assert_int_equal(corrupt_image(find("fog"), -1, (shape){2, 2, 1}, x, 0, 0, out, &e), STATUS_USAGE);
    assert_int_equal(corrupt_image(find("fog"), 1, (shape){2, 2, 2}, x, 0, 0, out, &e), STATUS_USAGE);
    shape strip = {1, 65536, 1}; /* longer than JPEG has sides */
    float *wide = calloc(2 * shape_size(strip), sizeof *wide);
    assert_int_equal(
        corrupt_image(find("jpeg_compression"), 1, strip, wide, 0, 0, wide + shape_size(strip), &e),
        STATUS_USAGE);
    assert_non_null(strstr(e.message, "jpeg_compression: a JPEG of 1x65536"));
    free(wide);
}

/* Where it need not rise, by the published constants themselves: the first elastic severity moves corners the furthest, frost darkens the image
 * as it whitens it, and glass of severities 1 to 3 shuffles alike and then softens what it shuffled. Motion of severities 3 and 4 is the same but for a longer tail of nothing. */
static void test_damage_rises(void **state) {
    (void)state;
    enum { IMAGES = 12 };
    shape s = {SIDE, SIDE, 3};
    static float x[MOST], y[MOST];
    for (int which = 0; corruption_at(which); which++) {
        const corruption *k = corruption_at(which);
        double before = 0, first = 0;
        for (int severity = 1; severity <= SEVERITIES; severity++) {
            double damage = 0;
            for (int i = 0; i < IMAGES; i++) {
                scene(s, i, x);
                apply(k, severity, s, x, i, y);
                damage += mean_square(x, y, shape_size(s)) / IMAGES;
            }
            if (damage <= (!k->uneven ? 0.9999 * before : 1e-4))
                fail_msg("%s: mean squared error %g at severity %d after %g", k->name, damage, severity,
                         before);
            before = damage;
            if (severity == 1) first = damage;
        }
        if (strcmp(k->name, "elastic_transform") != 0 && strcmp(k->name, "frost") != 0 &&
            before < 1.5 * first)
            fail_msg("%s: mean squared error %g at severity 5, %g at 1", k->name, before, first);
    }
}

static void moments(const float *a, const float *x, size_t n, double *mean_out, double *sd) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)a[i] - (double)x[i];
        sum += d;
        squares += d * d;
    }
    *mean_out = sum / (double)n;
    *sd = sqrt(squares / (double)n - *mean_out * *mean_out);
}

/* On middle grey nothing is cut off. Tolerances: 5 standard errors of n = 12,288 values. */
static void test_noise_constants(void **state) {
    (void)state;
    static const double deviations[] = {.04, .06, .08, .09, .10}, photons[] = {500, 250, 100, 75, 50},
                        amounts[] = {.01, .02, .03, .05, .07};
    shape s = {64, 64, 3};
    size_t n = shape_size(s);
    static float x[MOST], y[MOST];
    for (size_t i = 0; i < n; i++)
        x[i] = 0.5f;
    for (int severity = 1; severity <= SEVERITIES; severity++) {
        double mean, sd, c = deviations[severity - 1];
        apply(find("gaussian_noise"), severity, s, x, 1, y);
        moments(y, x, n, &mean, &sd);
        assert_near(mean, 0, 5 * c / sqrt((double)n));
        assert_near(sd, c, 5 * c / sqrt(2 * (double)n));
        apply(find("shot_noise"), severity, s, x, 1, y);
        moments(y, x, n, &mean, &sd);
        c = sqrt(0.5 / photons[severity - 1]);
        assert_near(mean, 0, 5 * c / sqrt((double)n));
        assert_near(sd, c, 6 * c / sqrt(2 * (double)n));
        apply(find("impulse_noise"), severity, s, x, 1, y);
        double hit = 0, white = 0;
        for (size_t i = 0; i < n; i++) {
            hit += y[i] != x[i];
            white += y[i] == 1;
        }
        c = amounts[severity - 1];
        assert_near(hit / (double)n, c, 5 * sqrt(c * (1 - c) / (double)n));
        assert_near(white / hit, 0.5, 5 * 0.5 / sqrt(hit));
    }
}

static void test_brightness_and_contrast(void **state) {
    (void)state;
    static const double steps[] = {.05, .1, .15, .2, .3}, kept[] = {.75, .5, .4, .3, .15};
    shape grey = {SIDE, SIDE, 1}, rgb = {SIDE, SIDE, 3};
    static float x[MOST], y[MOST];
    for (int severity = 1; severity <= SEVERITIES; severity++) {
        double c = steps[severity - 1];
        scene(grey, 3, x);
        apply(find("brightness"), severity, grey, x, 0, y);
        for (size_t i = 0; i < shape_size(grey); i++)
            assert_near(y[i], fmin((double)x[i] + c, 1), 1e-6);
        scene(rgb, 3, x);
        x[0] = x[1] = x[2] = 0;
        apply(find("brightness"), severity, rgb, x, 0, y);
        assert_near(y[0], c, 1e-6);
        for (size_t i = 3; i < shape_size(rgb); i += 3) { /* value rises by c; hue and saturation stay */
            double most = fmax(fmax((double)x[i], (double)x[i + 1]), (double)x[i + 2]);
            for (size_t k = 0; k < 3; k++)
                assert_near(y[i + k], (double)x[i + k] / most * fmin(most + c, 1), 1e-6);
        }
        apply(find("contrast"), severity, rgb, x, 0, y);
        for (size_t k = 0; k < 3; k++) {
            double mean = 0;
            for (size_t i = k; i < shape_size(rgb); i += 3)
                mean += (double)x[i] / (SIDE * SIDE);
            for (size_t i = k; i < shape_size(rgb); i += 3)
                assert_near(y[i], mean + kept[severity - 1] * ((double)x[i] - mean), 1e-6);
        }
    }
}

/* Blurs keep what is flat, and what a point spreads to adds up to it. */
static void test_blurs(void **state) {
    (void)state;
    static const char *const names[] = {"defocus_blur", "glass_blur",        "motion_blur",
                                        "zoom_blur",    "elastic_transform", "pixelate"};
    shape s = {SIDE, SIDE, 1};
    static float x[MOST], y[MOST];
    for (size_t i = 0; i < shape_size(s); i++)
        x[i] = 0.25f;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        for (int severity = 1; severity <= SEVERITIES; severity++) {
            apply(find(names[k]), severity, s, x, 0, y);
            for (size_t i = 0; i < shape_size(s); i++)
                assert_near(y[i], 0.25, 1e-5);
        }
    memset(x, 0, sizeof x);
    x[16 * SIDE + 16] = 1;
    for (int severity = 1; severity <= SEVERITIES; severity++)
        for (int k = 0; k < 3; k += 2) {
            double sum = 0;
            apply(find(names[k]), severity, s, x, 0, y);
            for (size_t i = 0; i < shape_size(s); i++)
                sum += (double)y[i];
            assert_near(sum, 1, 1e-5);
        }
    /* At severity 5 the disk is the whole 3 x 3, hardly softened; at 4 it is a cross. */
    apply(find("defocus_blur"), 5, s, x, 0, y);
    assert_near(y[15 * SIDE + 17], 1.0 / 9, 1e-6);
    apply(find("defocus_blur"), 4, s, x, 0, y);
    assert_near(y[15 * SIDE + 16], 1.0 / 5, 1e-5);
    assert_near(y[15 * SIDE + 17], 0, 1e-5);
}

/* 32 pixels become 20 and 32 again: as many different columns are left. */
static void test_pixelate(void **state) {
    (void)state;
    static const int sides[] = {30, 28, 27, 24, 20};
    shape s = {1, SIDE, 1};
    float x[SIDE], y[SIDE];
    for (int i = 0; i < SIDE; i++)
        x[i] = (float)i / SIDE;
    for (int severity = 1; severity <= SEVERITIES; severity++) {
        int different = 1;
        apply(find("pixelate"), severity, s, x, 0, y);
        for (int i = 1; i < SIDE; i++)
            different += y[i] != y[i - 1];
        assert_int_equal(different, sides[severity - 1]);
    }
}

/* Fog reaches its whole thickness somewhere and leaves no pixel darker than the image allows. */
static void test_fog(void **state) {
    (void)state;
    shape s = {SIDE, SIDE, 1};
    static float x[MOST], y[MOST];
    float lo = 1, hi = 0;
    for (size_t i = 0; i < shape_size(s); i++)
        x[i] = 0.5f;
    apply(find("fog"), 4, s, x, 2, y); /* (0.5 + f) * 0.5 / 1.5, f from 0 to 1 */
    for (size_t i = 0; i < shape_size(s); i++) {
        lo = fminf(lo, y[i]);
        hi = fmaxf(hi, y[i]);
    }
    assert_near(lo, 0.5 / 3, 1e-6);
    assert_near(hi, 0.5, 1e-6);
}

static dataset images(int n, shape s) {
    dataset d = {.name = "scene", .split = "test", .n = n, .classes = 2, .image = s};
    uint8_t *pixels = arena_array(&d.memory, (size_t)n, shape_size(s));
    int32_t *labels = arena_array(&d.memory, (size_t)n, sizeof *labels);
    static float x[MOST];
    for (int i = 0; i < n; i++) {
        scene(s, i, x);
        for (size_t k = 0; k < shape_size(s); k++)
            pixels[(size_t)i * shape_size(s) + k] = (uint8_t)(255 * x[k] + 0.5f);
    }
    d.pixels = pixels;
    d.labels = labels;
    err e = {{0}};
    assert_ok(dataset_finish(&d, &e), e);
    return d;
}

/* The same bytes for any number of threads, and for a row alone: in another place, with its id. */
static void test_same_bytes(void **state) {
    (void)state;
    enum { N = 37, ROW = 23 };
    shape s = {20, 24, 3};
    size_t size = shape_size(s);
    dataset d = images(N, s), alone;
    err e = {{0}};
    assert_ok(dataset_select(&d, &(int32_t){ROW}, 1, &alone, &e), e);
    uint8_t *one = malloc(N * size), *three = malloc(N * size), *single = malloc(size);
    for (int k = 0; corruption_at(k); k++) {
        run r = run_default();
        assert_ok(corrupt_pixels(&d, corruption_at(k), 3, &r, one, &e), e);
        assert_ok(corrupt_pixels(&alone, corruption_at(k), 3, &r, single, &e), e);
        assert_memory_equal(single, one + ROW * size, size);
        r.threads = 3;
        assert_ok(corrupt_pixels(&d, corruption_at(k), 3, &r, three, &e), e);
        assert_memory_equal(one, three, N * size);
        assert_ok(corrupt_pixels(&d, corruption_at(k), 0, &r, three, &e), e);
        assert_memory_equal(three, d.pixels, N * size);
    }
    run other = run_default();
    other.seed = 1;
    assert_ok(corrupt_pixels(&d, find("gaussian_noise"), 3, &other, three, &e), e);
    assert_ok(corrupt_pixels(&d, find("gaussian_noise"), 3, &(run){.threads = 1}, one, &e), e);
    assert_memory_not_equal(one, three, N * size);
    assert_int_equal(corrupt_pixels(&d, find("fog"), 9, &other, three, &e), STATUS_USAGE);
    free(one);
    free(three);
    free(single);
    dataset_free(&alone);
    dataset_free(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_damage_rises),
        cmocka_unit_test(test_noise_constants),
        cmocka_unit_test(test_brightness_and_contrast),
        cmocka_unit_test(test_blurs),
        cmocka_unit_test(test_pixelate),
        cmocka_unit_test(test_fog),
        cmocka_unit_test(test_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
