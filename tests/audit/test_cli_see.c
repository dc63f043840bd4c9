/* The commands that show what nets learn, on generated images: valid results, the same for any number of threads, and pictures. */
#include <math.h>
#include <sys/stat.h>

#include "nets/onnx/graph.h"
#include "tests/support/cli.h"
#include "tests/support/json_schema.h"
#include "tests/support/test.h"

#define TRAIN "train --data synth:shapes -n 300 --arch lenet5 --batch 32 "

static int train_once(void **state) {
    (void)state;
    if (!getenv("AUDIT_BINARY") || !*getenv("AUDIT_BINARY")) return 0;
    cli_expect(0, NULL, TRAIN "--epochs 1 -o early.bin");
    cli_expect(0, NULL, TRAIN "--epochs 2 -o middle.bin");
    cli_expect(0, NULL, TRAIN "--epochs 3 -o model.bin");
    cli_expect(0, NULL, "train --data synth:shapes -n 60 --arch linear --epochs 1 --batch 32 -o linear.bin");
    return 0;
}

static json *same_for_threads(const char *words, const char *json_name) {
    char one[64], three[64];
    snprintf(one, sizeof one, "%s1.json", json_name);
    snprintf(three, sizeof three, "%s3.json", json_name);
    cli_expect(0, NULL, "%s --threads 1 --json %s", words, one);
    cli_expect(0, NULL, "%s --threads 3 --json %s", words, three);
    assert_same_body(one, three);
    return assert_result_file(temporary_path(one));
}

static const json *extra(const json *document, const char *key) {
    return json_get(json_get(json_get(document, "body"), "extra"), key);
}

static size_t count_rows(const json *document, const char *metric) {
    const json *rows = json_get(json_get(document, "body"), "rows");
    size_t n = 0;
    for (size_t i = 0; i < json_count(rows); i++)
        n += strcmp(json_as_string(json_get(json_at(rows, i), "metric")), metric) == 0;
    return n;
}

static void must_be_there(const char *name) {
    struct stat s;
    if (stat(temporary_path(name), &s) != 0 || s.st_size < 100) fail_msg("%s was not written", name);
}

static void must_say(const char *name, const char *words) {
    char *text = slurp(name);
    if (!strstr(text, words)) fail_msg("%s does not say \"%s\"", name, words);
    free(text);
}

static void explain_draws(void **state) {
    (void)state;
    json *j = same_for_threads(
        "explain model.bin --data synth:shapes -n 3 --steps 10 --show-channels 4 -o pictures", "explain");
    assert_int_equal(count_rows(j, "rank_correlation_random"), 4);
    assert_int_equal(json_count(extra(j, "sheets")), 6);
    json_free(j);
    must_be_there("pictures/maps.png");
    must_be_there("pictures/filters.png");
    must_be_there("pictures/features-last.png");
    must_be_there("pictures/classes.png");
    must_be_there("pictures/channels.png");
    cli_expect(0, NULL,
               "explain model.bin --data synth:shapes -n 2 -m gradcam,features --layer relu1 --class circle "
               "-o a.png");
    must_be_there("a.png");
    cli_expect(0, "NO_MAP", "explain linear.bin --data synth:shapes -n 2 -m gradient,gradcam -o b.png");
    cli flat =
        cli_run(0, NULL, "explain linear.bin --data synth:shapes -n 2 -m occlusion --patch 4096 -o c.png");
    assert_non_null(strstr(flat.out, "every map is constant"));
    assert_null(strstr(flat.out, "nan"));
    cli_free(&flat);
}

static void explain_refuses(void **state) {
    (void)state;
    cli_expect(2, "did you mean \"relu1\"", "explain model.bin --data synth:shapes --layer relv1");
    cli_expect(2, "no map", "explain model.bin --data synth:shapes --layer fc1");
    cli_expect(2, "--class", "explain model.bin --data synth:shapes --class 77");
    cli_expect(2, "methods", "explain model.bin --data synth:shapes --methods guess");
    cli_expect(2, "256", "explain model.bin --data synth:shapes -n 300");
    cli_expect(2, "nowhere", "explain model.bin --data synth:shapes -o nowhere/at/all");
}

static void landscape_draws(void **state) {
    (void)state;
    json *j = same_for_threads(
        "landscape model.bin early.bin --data synth:shapes -n 50 --points 5 --surface 3 -o l.svg",
        "landscape");
    assert_int_equal(count_rows(j, "loss"), 2);
    assert_int_equal(count_rows(j, "loss_rise"), 2);
    assert_int_equal(json_count(extra(j, "curves")), 4);
    const json *surface = json_at(extra(j, "surfaces"), 0), *curve = json_at(extra(j, "curves"), 0);
    double middle = json_as_real(json_at(json_at(json_get(surface, "loss"), 1), 1), NAN);
    assert_near(middle, json_as_real(json_at(json_get(curve, "loss"), 2), NAN),
                1e-9); /* both the model itself */
    json_free(j);
    must_say("l.svg", "The circle in the middle is the model itself");
}

static void landscape_follows_a_path(void **state) {
    (void)state;
    cli_expect(0, NULL,
               "landscape model.bin --along early.bin,middle.bin --data synth:shapes -n 50 --points 3 "
               "--surface 5 -o p.svg "
               "--json path.json");
    json *j = assert_result_file(temporary_path("path.json"));
    const json *surface = json_at(extra(j, "surfaces"), 0);
    assert_string_equal(json_as_string(json_get(surface, "axes")), "path");
    assert_int_equal(json_count(json_get(surface, "path_x")), 3);
    json_free(j);
    cli_expect(0, NULL, TRAIN "--epochs 3 -o last.bin --checkpoint at-{epoch}.ckpt");
    must_be_there("at-3.ckpt");
    cli_expect(0, NULL,
               "landscape last.bin --along at-1.ckpt,at-2.ckpt --data synth:shapes -n 50 --points 3 "
               "--surface 3 -o c.svg --json along.json");
    j = assert_result_file(temporary_path("along.json"));
    assert_int_equal(json_count(json_get(json_at(extra(j, "surfaces"), 0), "path_x")), 3);
    json_free(j);
    cli_expect(2, "another net",
               "landscape linear.bin --along at-1.ckpt,at-2.ckpt --data synth:shapes -n 20 --points 3");
    cli_expect(2, "no model: audit train --resume", "landscape at-1.ckpt --data synth:shapes");
    cli_expect(2, "two earlier", "landscape model.bin --along early.bin --data synth:shapes");
    cli_expect(2, "other layers",
               "landscape model.bin --along early.bin,linear.bin --data synth:shapes -n 20 --points 3");
    cli_expect(2, "one model", "landscape model.bin early.bin --along middle.bin --data synth:shapes");
}

static void gradients_are_watched(void **state) {
    (void)state;
    json *j = same_for_threads(
        "gradients --data synth:shapes -n 96 --arch lenet5,small --epochs 2 --batch 32 -o g.svg",
        "gradients");
    assert_int_equal(count_rows(j, "gradient_ratio"), 2);
    const json *net = json_at(extra(j, "nets"), 0);
    assert_int_equal(json_count(json_get(net, "layers")), 5);
    assert_int_equal(json_count(json_get(net, "steps")), 6);
    json_free(j);
    must_be_there("g.svg");
    cli_expect(2, "did you mean", "gradients --data synth:shapes -n 32 --arch lenet5,smal");
}

static void a_learning_rate_is_found(void **state) {
    (void)state;
    json *j = same_for_threads(
        "lr-find --data synth:shapes -n 600 --arch small --batch 32 --steps 120 -o rates.svg", "rates");
    assert_int_equal(count_rows(j, "learning_rate"), 1);
    double rate = json_as_real(json_get(json_at(json_get(json_get(j, "body"), "rows"), 0), "value"), NAN);
    if (!(rate > 1e-4 && rate < 1)) fail_msg("learning rate %g, expected 1e-4..1", rate);
    const json *first = json_at(extra(j, "points"), 0);
    assert_near(json_as_real(json_get(first, "rate"), NAN), 1e-6, 1e-12);
    assert_int_equal(count_rows(j, "diverging_rate"), 0);
    json_free(j);
    must_say("rates.svg", "falls most steeply: ");
    cli_expect(
        0, NULL,
        "lr-find --data synth:shapes -n 600 --arch small --batch 32 --steps 120 --highest 1e5 -o rises.svg "
        "--json rises.json");
    j = assert_result_file(temporary_path("rises.json"));
    assert_int_equal(count_rows(j, "diverging_rate"), 1);
    json_free(j);
    must_say("rises.svg", ">diverges: ");
    cli_expect(2, "expected a rising range", "lr-find --data synth:shapes -n 64 --lowest 1 --highest .1");
    cli_expect(3, "begin with a lower", "lr-find --data synth:shapes -n 64 --lowest 1e5 --highest 1e6");
}

static void kernels_are_drawn(void **state) {
    (void)state;
    cli_expect(0, NULL, "kernels --data synth:shapes -n 5 --row 3 -o k.png --json kernels.json");
    json *j = assert_result_file(temporary_path("kernels.json"));
    assert_true(json_count(extra(j, "kernels")) >= 8);
    json_free(j);
    cli_expect(0, NULL, "kernels k.png -o again.png"); /* any picture will do */
    must_be_there("again.png");
    cli_expect(2, "--row 5", "kernels --data synth:shapes -n 5 --row 5");
    cli_expect(2, "not both", "kernels k.png --data synth:shapes");
    cli_expect(2, "--data is missing", "kernels");
}

/* An ONNX file with its preprocessing on the command line is explained as the model.bin that keeps it. */
static void onnx_files_are_prepared(void **state) {
    (void)state;
    const char *prepared = "--mean .5 --std .25 --range 1 --channels rgb";
    cli_expect(0, NULL, "export model.bin -o model.onnx");
    cli_expect(0, NULL, "export model.onnx %s -o prepared.bin", prepared);
    cli_expect(0, NULL,
               "explain prepared.bin --data synth:shapes -n 2 --methods gradient,occlusion -o bin.png");
    cli_expect(0, NULL,
               "explain model.onnx %s --data synth:shapes -n 2 --methods gradient,occlusion -o onnx.png",
               prepared);
    assert_same_file("bin.png", "onnx.png");
    cli_expect(0, NULL,
               "landscape model.onnx %s --reach .5 --data synth:shapes -n 20 --points 3 --surface 0 -o o.svg",
               prepared);
}

/* A file may leave the size of its images open; commands without images are told it. */
static void onnx_files_of_open_size(void **state) {
    (void)state;
    err e;
    onnx_graph g;
    cli_expect(0, NULL, "export model.bin -o model.onnx");
    assert_ok(onnx_read(temporary_path("model.onnx"), &g, &e), e);
    int64_t *dims = g.values[g.inputs[0]].dims, rows = dims[2], columns = dims[3];
    dims[2] = dims[3] = -1;
    assert_ok(onnx_write(temporary_path("open.onnx"), &g, &e), e);
    onnx_graph_free(&g);
    cli_expect(2, "say which with --size HxW", "inspect open.onnx");
    cli_expect(2, "say which with --size HxW", "export open.onnx -o open.bin");
    cli_expect(0, NULL, "inspect open.onnx --size %dx%d", (int)rows, (int)columns);
    cli_expect(0, NULL, "export open.onnx --size %dx%d -o open.bin", (int)rows, (int)columns);
    cli_expect(2, "--size: \"32\"", "inspect open.onnx --size 32");
}

static void report_shows_them(void **state) {
    (void)state;
    cli_expect(0, NULL,
               "report explain1.json landscape1.json path.json gradients1.json rates1.json kernels.json -o "
               "page.html");
    char *page = slurp("page.html");
    static const char *const parts[] = {
        "What the net looks at", "Loss landscape",         "Gradients through training", "Classic kernels",
        "Which learning rate",   "data:image/png;base64,", "The path of training"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(page, parts[i])) fail_msg("the page has no \"%s\"", parts[i]);
    assert_null(strstr(page, "left out"));
    free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explain_draws),           cmocka_unit_test(explain_refuses),
        cmocka_unit_test(landscape_draws),         cmocka_unit_test(landscape_follows_a_path),
        cmocka_unit_test(gradients_are_watched),   cmocka_unit_test(a_learning_rate_is_found),
        cmocka_unit_test(onnx_files_are_prepared), cmocka_unit_test(onnx_files_of_open_size),
        cmocka_unit_test(kernels_are_drawn),       cmocka_unit_test(report_shows_them),
    };
    return cmocka_run_group_tests(tests, train_once, NULL);
}
