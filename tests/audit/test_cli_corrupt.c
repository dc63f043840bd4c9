/* audit corrupt on the command line. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "core/npy.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

static const char *text_of(const json *row, const char *name) {
    const char *text = json_as_string(json_get(row, name));
    return text ? text : "";
}

/* The row of a metric, corruption (or "none"), severity (0: none) and group. */
static const json *row_of(const json *result, const char *metric, const char *corruption, double severity,
                          const char *group) {
    const json *rows = json_get(json_get(result, "body"), "rows");
    for (size_t i = 0; i < json_count(rows); i++) {
        const json *row = json_at(rows, i);
        if (strcmp(text_of(row, "metric"), metric) == 0 && strcmp(text_of(row, "attack"), corruption) == 0 &&
            strcmp(text_of(row, "group"), group) == 0 &&
            fabs(json_as_real(json_get(row, "eps"), 0) - severity) < 1e-9)
            return row;
    }
    fail_msg("no row %s %s %g %s", metric, corruption, severity, group);
    return NULL;
}

static double value_of(const json *result, const char *metric, const char *corruption, double severity,
                       const char *group) {
    return json_as_real(json_get(row_of(result, metric, corruption, severity, group), "value"), NAN);
}

static void corruptions_do_not_depend_on_threads(void **state) {
    (void)state;
    cli_expect(0, NULL, "train --data synth:shapes -n 300 --arch lenet5 --epochs 2 --batch 32 -o net.bin");
    for (int threads = 1; threads <= 3; threads += 2)
        cli_expect(0, NULL, "corrupt net.bin --data synth:shapes -n 20 --threads %d --json c%d.json", threads,
                   threads);
    assert_same_body("c1.json", "c3.json");
    json *r = assert_result_file(temporary_path("c1.json"));
    double mean = 0;
    for (int severity = 1; severity <= 5; severity++)
        mean += value_of(r, "accuracy", "contrast", severity, "all") / 5;
    assert_near(mean, value_of(r, "corruption_accuracy", "contrast", 0, "all"), 1e-9);
    json_free(r);
}

/* What holds for all images is the mean of classes, and of groups, each with its share. */
static void classes_and_groups_add_up(void **state) {
    (void)state;
    static const char *const parts[][5] = {
        {"class=circle", "class=square", "class=triangle", "class=cross", "class=ring"},
        {"size=small", "size=large"},
        {"background=dark", "background=light"}};
    cli_expect(0, NULL,
               "corrupt net.bin --data synth:shapes -n 80 -c fog,pixelate --severity 2,5 --json g.json");
    json *r = assert_result_file(temporary_path("g.json"));
    static const char *const metrics[][2] = {
        {"accuracy", "none"}, {"corruption_accuracy", "pixelate"}, {"mean_corruption_error", "corruptions"}};
    for (int m = 0; m < 3; m++)
        for (int p = 0; p < 3; p++) {
            double sum = 0, n = 0;
            for (int g = 0; g < 5 && parts[p][g]; g++) {
                const json *row = row_of(r, metrics[m][0], metrics[m][1], 0, parts[p][g]);
                double images = json_as_real(json_get(row, "n"), NAN);
                sum += images * json_as_real(json_get(row, "value"), NAN);
                n += images;
            }
            assert_near(n, 80, 0);
            assert_near(sum / n, value_of(r, metrics[m][0], metrics[m][1], 0, "all"), 1e-9);
        }
    json_free(r);
}

/* A model beside itself has the errors of the baseline: 100 %, in every group that is large enough. */
static void the_baseline_is_the_unit(void **state) {
    (void)state;
    cli_expect(
        0, NULL,
        "corrupt net.bin --data synth:shapes -n 60 -c gaussian_noise,contrast --severity 3,5 --baseline "
        "net.bin --sheet sheet.png --save images.npz --json base.json");
    json *r = assert_result_file(temporary_path("base.json"));
    assert_near(value_of(r, "mce", "corruptions", 0, "all"), 100, 1e-9);
    assert_near(value_of(r, "corruption_error", "contrast", 0, "all"), 100, 1e-9);
    int large = 0, small = 0;
    const json *rows = json_get(json_get(r, "body"), "rows");
    for (size_t i = 0; i < json_count(rows); i++) {
        const json *row = json_at(rows, i);
        if (strcmp(text_of(row, "metric"), "mce") != 0) continue;
        double value = json_as_real(json_get(row, "value"), NAN), n = json_as_real(json_get(row, "n"), NAN);
        large += n >= 30;
        small += n < 30;
        assert_true(n >= 30 ? isnan(value) || fabs(value - 100) < 1e-9 : isnan(value));
        if (n < 30) assert_non_null(strstr(text_of(row, "reason"), "below the minimum of 30"));
    }
    assert_true(large >= 1 && small >= 5);
    json_free(r);
    npz z;
    err e;
    assert_ok(npz_read_file(temporary_path("images.npz"), &z, &e), e);
    assert_int_equal(npz_find(&z, "images")->dims[0], 60 * 2 * 2);
    npz_free(&z);
}

/* Images that were saved and come back as published arrays give the figures of those that are made. */
static void arrays_take_the_place(void **state) {
    (void)state;
    enum { N = 20, SIDE = 28 };
    const int64_t dims[] = {5 * N, SIDE, SIDE, 1}, labels_dims[] = {N};
    npz z;
    err e;
    cli_expect(0, NULL, "corrupt net.bin --data synth:shapes -n 20 -c fog --save fog.npz --json made.json");
    assert_ok(npz_read_file(temporary_path("fog.npz"), &z, &e), e);
    uint8_t *images = npz_find(&z, "images")->data;
    int32_t labels[N];
    memcpy(labels, npz_find(&z, "labels")->data, sizeof labels);
    assert_int_equal(mkdir(temporary_path("arrays"), 0700), 0);
    assert_ok(npy_write_file(temporary_path("arrays/fog.npy"), NPY_U8, 4, dims, images, &e), e);
    assert_ok(npy_write_file(temporary_path("arrays/labels.npy"), NPY_I32, 1, labels_dims, labels, &e), e);
    cli_expect(0, NULL, "corrupt net.bin --data synth:shapes -n 20 -c fog --arrays arrays --json read.json");
    json *made = assert_result_file(temporary_path("made.json")),
         *read = assert_result_file(temporary_path("read.json"));
    for (int severity = 1; severity <= 5; severity++)
        assert_near(value_of(made, "accuracy", "fog", severity, "all"),
                    value_of(read, "accuracy", "fog", severity, "all"), 0);
    json_free(made);
    json_free(read);
    labels[7] = (labels[7] + 1) % 5;
    assert_ok(npy_write_file(temporary_path("arrays/labels.npy"), NPY_I32, 1, labels_dims, labels, &e), e);
    cli_expect(2, "row 7 has label", "corrupt net.bin --data synth:shapes -n 20 -c fog --arrays arrays");
    assert_ok(npy_write_file(temporary_path("arrays/fog.npy"), NPY_U8, 4,
                             (const int64_t[]){5 * N - 1, SIDE, SIDE, 1}, images, &e),
              e);
    cli_expect(2, "fog.npy: expected uint8 images",
               "corrupt net.bin --data synth:shapes -n 20 -c fog --arrays arrays");
    npz_free(&z);
}

static void bad_input(void **state) {
    (void)state;
    cli_expect(2, "--severity", "corrupt net.bin --data synth:shapes --severity 6");
    cli_expect(2, "--corruption", "corrupt net.bin --data synth:shapes -c rain");
    cli_expect(2, "--row 30", "corrupt net.bin --data synth:shapes -n 30 -c fog --sheet s.png --row 30");
    cli_expect(2, "no column", "corrupt net.bin --data synth:shapes -n 30 -c fog --columns age");
    cli_expect(2, "nowhere", "corrupt net.bin --data synth:shapes -c fog --arrays nowhere");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(corruptions_do_not_depend_on_threads),
                                       cmocka_unit_test(classes_and_groups_add_up),
                                       cmocka_unit_test(the_baseline_is_the_unit),
                                       cmocka_unit_test(arrays_take_the_place), cmocka_unit_test(bad_input)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
