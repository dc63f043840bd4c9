/* The corpus: what is kept, found again and refused. */
#include <math.h>

#include "audit/corpus.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

static const shape image = {2, 3, 1};
enum { N = 6, CLASSES = 3, SIZE = 6 };

/* A result in which the rows whose bit is set are broken at `distance` in every value (linf). */
static attack_result result_of(const dataset *d, unsigned rows, float distance) {
    attack_result a = {.n = d->n, .n_eps = 2, .classes = CLASSES};
    a.clean_correct = malloc((size_t)d->n);
    a.broken_at = malloc((size_t)d->n * sizeof *a.broken_at);
    a.examples = malloc((size_t)d->n * SIZE * sizeof *a.examples);
    for (int row = 0; row < d->n; row++) {
        float *x = a.examples + (size_t)row * SIZE;
        a.clean_correct[row] = 1;
        a.broken_at[row] = rows >> row & 1 ? 1 : 2;
        dataset_image(d, row, x);
        for (int i = 0; i < SIZE; i++)
            x[i] += distance;
    }
    return a;
}

static dataset images(uint64_t seed) {
    return fake_images(seed, N, image, CLASSES, 0.2F, 0.6F);
}

static corpus read_ok(const char *path, const dataset *d, norm k) {
    corpus c;
    err e;
    assert_ok(corpus_read(path, d, k, &c, &e), e);
    return c;
}

static int update(corpus *c, const dataset *d, unsigned rows, float distance) {
    int changed;
    err e;
    attack_result a = result_of(d, rows, distance);
    assert_ok(corpus_update(c, d, &a, &changed, &e), e);
    attack_result_free(&a);
    return changed;
}

static void keeps_the_nearest(void **state) {
    (void)state;
    err e;
    dataset d = images(1);
    const char *path = temporary_path("kept.npz");
    corpus c = read_ok(path, &d, NORM_LINF);
    assert_int_equal(c.n, 0);
    assert_string_equal(c.sha256, "");
    assert_int_equal(update(&c, &d, 0x05, 0.1F), 2);
    assert_int_equal(update(&c, &d, 0x0d, 0.2F), 1); /* further ones are not taken over */
    assert_int_equal(update(&c, &d, 0x08, 0.05F), 1);
    assert_ok(corpus_write(&c, path, &e), e);
    corpus_free(&c);
    c = read_ok(path, &d, NORM_LINF);
    assert_int_equal(c.n, 3);
    assert_int_equal(strlen(c.sha256), 64);
    const float *stored[N];
    int found;
    assert_ok(corpus_match(&c, path, &d, stored, &found, &e), e);
    assert_int_equal(found, 3);
    static const double distances[N] = {0.1, 0, 0.1, 0.05, 0, 0};
    for (int row = 0; row < N; row++) {
        float x[SIZE];
        dataset_image(&d, row, x);
        if (distances[row] == 0)
            assert_null(stored[row]);
        else
            assert_near(ball_distance(NORM_LINF, x, stored[row], SIZE), distances[row], 1e-6);
    }
    corpus_free(&c);
    dataset_free(&d);
}

/* Subsets in any order, other labels, other images, and images that it does not know. */
static void matches_images_not_places(void **state) {
    (void)state;
    err e;
    const float *stored[N];
    int found;
    dataset d = images(1), part, other = images(2), relabelled;
    corpus c = read_ok("absent.npz", &d, NORM_L2);
    update(&c, &d, 0x3f, 0.1F);
    const int32_t rows[] = {5, 2}, none[] = {0};
    assert_ok(dataset_select(&d, rows, 2, &part, &e), e);
    assert_ok(corpus_match(&c, "c", &part, stored, &found, &e), e);
    assert_int_equal(found, 2);
    assert_ptr_equal(stored[0], c.images + 5 * SIZE);
    assert_ptr_equal(stored[1], c.images + 2 * SIZE);
    assert_int_equal(corpus_match(&c, "c", &other, stored, &found, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "belongs to other data: 6 examples"));
    int32_t labels[N];
    for (int i = 0; i < N; i++)
        labels[i] = (d.labels[i] + (i > 0)) % CLASSES;
    assert_ok(dataset_relabel(&d, labels, NULL, &relabelled, &e), e);
    assert_ok(corpus_match(&c, "c", &relabelled, stored, &found, &e), e);
    assert_int_equal(found, 1); /* the label belongs to the image */
    corpus fresh = {.norm = NORM_L2};
    update(&fresh, &part, 0x1, 0.1F);
    dataset first;
    assert_ok(dataset_select(&d, none, 1, &first, &e), e);
    assert_ok(corpus_match(&fresh, "c", &first, stored, &found, &e), e); /* another row: nothing to say */
    assert_int_equal(found, 0);
    corpus_free(&fresh);
    corpus_free(&c);
    dataset_free(&first);
    dataset_free(&relabelled);
    dataset_free(&other);
    dataset_free(&part);
    dataset_free(&d);
}

/* A valid archive of two entries, from which each case spoils something. */
typedef struct content {
    float images[2 * SIZE];
    int32_t ids[2];
    uint8_t hashes[2 * CORPUS_HASH];
    char norm[8];
    int64_t n_ids, n_digits;
    npy_type type;
    int without;
} content;

static content valid(void) {
    content c = {
        .ids = {3, 9}, .norm = "linf", .n_ids = 2, .n_digits = CORPUS_HASH, .type = NPY_F32, .without = -1};
    memset(c.hashes, 'a', sizeof c.hashes);
    return c;
}

static void must_refuse(const content *c, const char *message) {
    const char *path = temporary_path("bad.npz");
    npz_entry entries[] = {
        {.name = "images", .type = c->type, .rank = 4, .dims = {2, 2, 3, 1}, .data = c->images},
        {.name = "ids", .type = NPY_I32, .rank = 1, .dims = {c->n_ids}, .data = c->ids},
        {.name = "hashes", .type = NPY_U8, .rank = 2, .dims = {2, c->n_digits}, .data = c->hashes},
        {.name = "norm", .type = NPY_U8, .rank = 1, .dims = {(int64_t)strlen(c->norm)}, .data = c->norm}};
    err e = {{0}};
    int n = 4;
    if (c->without >= 0) entries[c->without] = entries[--n];
    assert_ok(npz_write_file(path, entries, n, &e), e);
    dataset d = images(1);
    corpus read;
    status s = corpus_read(path, &d, NORM_LINF, &read, &e);
    if (!message) assert_ok(s, e);
    if (message && s == STATUS_OK) fail_msg("not refused: %s", message);
    if (message && !strstr(e.message, message)) fail_msg("\"%s\" does not say \"%s\"", e.message, message);
    if (message) assert_null(read.images);
    if (message) assert_non_null(strstr(e.message, "bad.npz"));
    corpus_free(&read);
    dataset_free(&d);
}

static void refuses_what_is_no_corpus(void **state) {
    (void)state;
    content c = valid();
    must_refuse(&c, NULL);
    static const char *const names[] = {"\"images\" is missing", "\"ids\" is missing",
                                        "\"hashes\" is missing", "\"norm\" is missing"};
    for (int i = 0; i < 4; i++) {
        c = valid();
        c.without = i;
        must_refuse(&c, names[i]);
    }
    c = valid();
    c.images[7] = NAN;
    must_refuse(&c, "entry 1: pixel 1 is nan");
    c = valid();
    c.images[0] = 1.5F;
    must_refuse(&c, "entry 0: pixel 0 is 1.5");
    c = valid();
    c.ids[1] = 3;
    must_refuse(&c, "again or out of order");
    c = valid();
    c.ids[0] = -1;
    must_refuse(&c, "row id -1");
    c = valid();
    c.hashes[70] = 'G';
    must_refuse(&c, "entry 1: its hash");
    c = valid();
    c.n_ids = 1;
    must_refuse(&c, "2 images, 1 ids");
    c = valid();
    c.n_digits = 8;
    must_refuse(&c, "hashes of 2 x 8");
    c = valid();
    c.type = NPY_I32;
    must_refuse(&c, "expected float32");
    c = valid();
    snprintf(c.norm, sizeof c.norm, "l7");
    must_refuse(&c, "l7");
    c = valid();
    snprintf(c.norm, sizeof c.norm, "l2");
    must_refuse(&c, "of the norm l2, this run needs linf");
}

static void refuses_other_sizes_and_files(void **state) {
    (void)state;
    err e;
    dataset d = images(1), large = fake_images(1, N, (shape){3, 3, 1}, CLASSES, 0, 1);
    const char *path = temporary_path("sizes.npz");
    corpus c = {.norm = NORM_LINF}, read;
    update(&c, &d, 1, 0.1F);
    assert_ok(corpus_write(&c, path, &e), e);
    assert_int_equal(corpus_read(path, &large, NORM_LINF, &read, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "2 x 3 x 1, expected 3 x 3 x 1"));
    FILE *text = fopen(path, "w");
    fputs("no archive", text);
    fclose(text);
    assert_true(corpus_read(path, &d, NORM_LINF, &read, &e) == STATUS_BAD_FILE);
    assert_null(read.images);
    corpus_free(&c);
    dataset_free(&d);
    dataset_free(&large);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_nearest), cmocka_unit_test(matches_images_not_places),
        cmocka_unit_test(refuses_what_is_no_corpus), cmocka_unit_test(refuses_other_sizes_and_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
