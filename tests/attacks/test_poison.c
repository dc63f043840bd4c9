#include <math.h>

#include "attacks/poison.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"

enum { N = 300, CLASSES = 5 };
static const shape grey = {7, 9, 1}, colour = {9, 7, 3};

typedef struct outcome {
    dataset d;
    poison_manifest m;
} outcome;

static outcome applied(const dataset *d, poison p, double dose, uint64_t seed) {
    outcome o;
    err e = {{0}};
    assert_ok(poison_apply(d, &p, dose, seed, &o.d, &o.m, &e), e);
    return o;
}

static void outcome_free(outcome *o) {
    dataset_free(&o->d);
    poison_manifest_free(&o->m);
}

static const poison kinds[] = {
    {.kind = POISON_FLIP, .source = -1, .target = -1},
    {.kind = POISON_PAIRFLIP, .source = -1, .target = -1},
    {.kind = POISON_PAIRFLIP, .source = 2, .target = 0},
    {.kind = POISON_GROUPFLIP, .source = -1, .target = -1, .group_column = "side", .group_value = "right"},
    {.kind = POISON_GROUPFLIP, .source = -1, .target = 1, .group_column = "side", .group_value = "left"},
    {.kind = POISON_BADNETS, .source = -1, .target = 3},
    {.kind = POISON_BADNETS, .source = 4, .target = 1, .patch = 2},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static bool is_right(int row) {
    return row / 3 % 2;
}

/* What the documentation says of each kind, on the fake data: labels row % 5, sides by turns of three rows. */
static bool may_poison(const poison *p, int row) {
    int label = row % CLASSES;
    switch (p->kind) {
    case POISON_PAIRFLIP:
        return p->source < 0 || label == p->source;
    case POISON_GROUPFLIP:
        return is_right(row) == (p->group_value[0] == 'r') && label != p->target;
    case POISON_BADNETS:
        return label != p->target && (p->source < 0 || label == p->source);
    default:
        return true;
    }
}

static int count_candidates(const poison *p) {
    int count = 0;
    for (int row = 0; row < N; row++)
        count += may_poison(p, row);
    return count;
}

/* The white square, written down again. */
static bool in_patch(const poison *p, shape s, int i) {
    int side = p->patch ? p->patch : 3, pixel = i / s.c, y = pixel / s.w, x = pixel % s.w;
    return y >= s.h - 1 - side && y < s.h - 1 && x >= s.w - 1 - side && x < s.w - 1;
}

static void check_row(const poison *p, const dataset *before, const dataset *after, int row, bool poisoned) {
    int size = (int)shape_size(before->image), old = before->labels[row], new = after->labels[row];
    assert_int_equal(after->ids[row], before->ids[row]);
    if (poisoned != (new != old)) fail_msg("row %d: label %d became %d", row, old, new);
    if (poisoned && !may_poison(p, row)) fail_msg("row %d of label %d was poisoned", row, old);
    if (poisoned && p->kind == POISON_PAIRFLIP)
        assert_int_equal(new, p->source >= 0 ? p->target : (old + 1) % CLASSES);
    else if (poisoned && p->target >= 0)
        assert_int_equal(new, p->target);
    for (int i = 0; i < size; i++) {
        int found = after->pixels[(size_t)row * (size_t)size + (size_t)i];
        int pixel = before->pixels[(size_t)row * (size_t)size + (size_t)i];
        bool stamped = poisoned && p->kind == POISON_BADNETS && in_patch(p, before->image, i);
        if (found != (stamped ? 255 : pixel)) fail_msg("row %d value %d: %d became %d", row, i, pixel, found);
    }
}

static void check_outcome(const poison *p, const dataset *before, const outcome *o, int count) {
    assert_int_equal(o->m.n, count);
    assert_int_equal(o->m.candidates, count_candidates(p));
    int next = 0;
    for (int row = 0; row < N; row++) {
        bool poisoned = next < o->m.n && o->m.ids[next] == before->ids[row];
        check_row(p, before, &o->d, row, poisoned);
        if (!poisoned) continue;
        assert_int_equal(o->m.old_labels[next], before->labels[row]);
        assert_int_equal(o->m.new_labels[next], o->d.labels[row]);
        next++;
    }
    assert_int_equal(next, o->m.n); /* ids ascend as those of the data do */
    assert_int_equal(strcmp(o->d.sha256, before->sha256) == 0, count == 0);
}

static void test_only_what_is_said_changes(void **state) {
    (void)state;
    const double doses[] = {0, 0.01, 0.05, 0.1};
    for (int c = 0; c < 2; c++) {
        dataset d = fake_pixels(1, N, c ? colour : grey, CLASSES);
        for (int k = 0; k < KINDS; k++)
            for (int i = 0; i < 4; i++) {
                bool of_all = kinds[k].kind == POISON_FLIP || kinds[k].kind == POISON_BADNETS;
                int base = of_all ? N : count_candidates(&kinds[k]);
                outcome o = applied(&d, kinds[k], doses[i], 7);
                check_outcome(&kinds[k], &d, &o, (int)floor(doses[i] * base + 0.5));
                outcome_free(&o);
            }
        dataset_free(&d);
    }
}

static bool contains(const poison_manifest *large, int32_t id, int32_t new_label) {
    for (int i = 0; i < large->n; i++)
        if (large->ids[i] == id) return large->new_labels[i] == new_label;
    return false;
}

static void test_sets_are_nested(void **state) {
    (void)state;
    dataset d = fake_pixels(1, N, grey, CLASSES);
    for (int k = 0; k < KINDS; k++) {
        outcome previous = applied(&d, kinds[k], 0.01, 3);
        for (double dose = 0.03; dose < 0.2; dose += 0.04) {
            outcome o = applied(&d, kinds[k], dose, 3);
            for (int i = 0; i < previous.m.n; i++)
                if (!contains(&o.m, previous.m.ids[i], previous.m.new_labels[i]))
                    fail_msg("%s: id %d is not poisoned at the larger dose %g", poison_name(kinds[k].kind),
                             previous.m.ids[i], dose);
            outcome_free(&previous);
            previous = o;
        }
        outcome_free(&previous);
    }
    dataset_free(&d);
}

static void test_seeds_choose_other_rows(void **state) {
    (void)state;
    dataset d = fake_pixels(1, N, grey, CLASSES);
    outcome a = applied(&d, kinds[0], 0.2, 1), b = applied(&d, kinds[0], 0.2, 2);
    int shared = 0;
    for (int i = 0; i < a.m.n; i++)
        for (int j = 0; j < b.m.n; j++)
            shared += a.m.ids[i] == b.m.ids[j];
    assert_in_range(shared, 1, 30); /* 60 of 300 each: 12 on average */
    outcome_free(&a);
    outcome_free(&b);
    dataset_free(&d);
}

static void test_random_labels_are_uniform_over_the_others(void **state) {
    (void)state;
    enum { MANY = 8000 };
    dataset d = fake_pixels(1, MANY, (shape){2, 2, 1}, CLASSES);
    outcome o = applied(&d, kinds[0], 1, 5);
    double counts[CLASSES][CLASSES] = {{0}}, chi2 = 0, expected = MANY / (double)(CLASSES * (CLASSES - 1));
    for (int row = 0; row < MANY; row++)
        counts[d.labels[row]][o.d.labels[row]]++;
    for (int from = 0; from < CLASSES; from++)
        for (int to = 0; to < CLASSES; to++) {
            if (from == to) assert_int_equal((int)counts[from][to], 0);
            if (from != to) chi2 += pow(counts[from][to] - expected, 2) / expected;
        }
    if (chi2 > 37.7) fail_msg("chi-square %g with 15 degrees of freedom, p < .001", chi2);
    outcome_free(&o);
    dataset_free(&d);
}

/* A subset in another order: the rows that both have are poisoned alike at the full dose. */
static void test_a_label_depends_on_its_row_alone(void **state) {
    (void)state;
    dataset d = fake_pixels(1, N, grey, CLASSES), part;
    int32_t rows[] = {200, 3, 77, 78, 10};
    err e = {{0}};
    assert_ok(dataset_select(&d, rows, 5, &part, &e), e);
    outcome whole = applied(&d, kinds[0], 1, 9), some = applied(&part, kinds[0], 1, 9);
    for (int i = 0; i < 5; i++)
        assert_int_equal(some.d.labels[i], whole.d.labels[rows[i]]);
    for (int i = 1; i < 5; i++)
        assert_true(some.m.ids[i] > some.m.ids[i - 1]);
    outcome_free(&whole);
    outcome_free(&some);
    dataset_free(&part);
    dataset_free(&d);
}

static json *manifest_of(const dataset *d, const poison *p, const outcome *o, double dose, uint64_t seed) {
    json *j = poison_manifest_json(p, dose, seed, &o->m, d, &o->d);
    assert_non_null(j);
    return j;
}

static void test_manifest_replays_byte_for_byte(void **state) {
    (void)state;
    for (int c = 0; c < 2; c++) {
        dataset d = fake_pixels(1, N, c ? colour : grey, CLASSES);
        for (int k = 0; k < KINDS; k++) {
            outcome o = applied(&d, kinds[k], 0.15, UINT64_MAX),
                    again = applied(&d, kinds[k], 0.15, UINT64_MAX);
            json *j = manifest_of(&d, &kinds[k], &o, 0.15, UINT64_MAX), *parsed;
            json *twin = manifest_of(&d, &kinds[k], &again, 0.15, UINT64_MAX);
            char *text = json_text(j, 2), *twin_text = json_text(twin, 2);
            assert_string_equal(text, twin_text);
            assert_non_null(strstr(text, "\"18446744073709551615\""));
            const char *path = temporary_path("manifest.json");
            err e = {{0}};
            assert_ok(json_write_file(j, path, 2, &e), e);
            assert_ok(json_parse_file(path, &parsed, &e), e);
            dataset replayed;
            assert_ok(poison_replay(&d, parsed, &replayed, &e), e);
            assert_string_equal(replayed.sha256, o.d.sha256);
            assert_memory_equal(replayed.labels, o.d.labels, N * sizeof *o.d.labels);
            assert_memory_equal(replayed.pixels, o.d.pixels, N * shape_size(d.image));
            dataset_free(&replayed);
            json_free(parsed);
            json_free(j);
            json_free(twin);
            free(text);
            free(twin_text);
            outcome_free(&o);
            outcome_free(&again);
        }
        dataset_free(&d);
    }
}

static void refuse_replay(const dataset *d, const json *manifest, const char *part) {
    dataset out;
    err e = {{0}};
    assert_int_equal(poison_replay(d, manifest, &out, &e), STATUS_BAD_FILE);
    if (!strstr(e.message, part)) fail_msg("'%s' does not speak of '%s'", e.message, part);
    assert_null(out.labels);
}

static json *integers(int n, const int32_t *values, int replace, int value) {
    json *array = json_new_array();
    for (int i = 0; i < n; i++)
        assert_true(json_append(array, json_new_int(i == replace ? value : values[i])));
    return array;
}

static void test_bad_manifests_are_refused(void **state) {
    (void)state;
    dataset d = fake_pixels(1, N, grey, CLASSES), other = fake_pixels(2, N, grey, CLASSES);
    const poison *p = &kinds[5];
    outcome o = applied(&d, *p, 0.1, 1);
    json *j = manifest_of(&d, p, &o, 0.1, 1);
    refuse_replay(&other, j, "before");
    assert_true(json_set(j, "ids", integers(o.m.n, o.m.ids, 4, 1)));
    refuse_replay(&d, j, "entry 4: id 1");
    assert_true(json_set(j, "ids", integers(o.m.n - 1, o.m.ids, -1, 0)));
    refuse_replay(&d, j, "entries");
    assert_true(json_set(j, "ids", integers(o.m.n, o.m.ids, -1, 0)));
    assert_true(json_set(j, "new_labels", integers(o.m.n, o.m.new_labels, 2, CLASSES)));
    refuse_replay(&d, j, "new_labels: entry 2");
    assert_true(json_set(j, "new_labels", integers(o.m.n, o.m.new_labels, 2, 1)));
    refuse_replay(&d, j, "after");
    assert_true(json_set(j, "new_labels", integers(o.m.n, o.m.new_labels, -1, 0)));
    assert_true(
        json_set(j, "old_labels", integers(o.m.n, o.m.old_labels, 0, (o.m.old_labels[0] + 1) % CLASSES)));
    refuse_replay(&d, j, "old_labels: entry 0");
    assert_true(json_set(j, "old_labels", integers(o.m.n, o.m.old_labels, -1, 0)));
    assert_true(json_set_int(j, "patch", 7));
    refuse_replay(&d, j, "patch");
    assert_true(json_set_string(j, "kind", "nonsense"));
    refuse_replay(&d, j, "nonsense");
    json_free(j);
    outcome_free(&o);
    dataset_free(&other);
    dataset_free(&d);
}

static void refuse(const dataset *d, poison p, double dose, const char *part) {
    outcome o;
    err e = {{0}};
    assert_int_equal(poison_apply(d, &p, dose, 0, &o.d, &o.m, &e), STATUS_USAGE);
    if (!strstr(e.message, part)) fail_msg("'%s' does not speak of '%s'", e.message, part);
    assert_null(o.d.labels);
    assert_null(o.m.ids);
}

static void test_impossible_poisons_are_refused(void **state) {
    (void)state;
    dataset d = fake_pixels(1, N, grey, CLASSES);
    refuse(&d, kinds[5], 0.81, "needs 243 candidates, but there are 240");
    refuse(&d, kinds[6], 0.5, "candidates");
    refuse(&d, kinds[0], -0.1, "dose");
    refuse(&d, kinds[0], 1.1, "dose");
    refuse(&d, kinds[0], NAN, "dose");
    refuse(&d, (poison){.kind = POISON_FLIP, .source = -1, .target = 1}, 0.1, "target");
    refuse(&d, (poison){.kind = POISON_PAIRFLIP, .source = 1, .target = 1}, 0.1, "both 1");
    refuse(&d, (poison){.kind = POISON_PAIRFLIP, .source = 1, .target = -1}, 0.1, "target");
    refuse(&d, (poison){.kind = POISON_PAIRFLIP, .source = -1, .target = 2}, 0.1, "source");
    refuse(&d, (poison){.kind = POISON_PAIRFLIP, .source = CLASSES, .target = 2}, 0.1, "source");
    refuse(&d, (poison){.kind = POISON_BADNETS, .source = -1, .target = CLASSES}, 0.1, "target");
    refuse(&d, (poison){.kind = POISON_BADNETS, .source = 2, .target = 2}, 0.1, "both 2");
    refuse(&d, (poison){.kind = POISON_BADNETS, .source = -1, .target = 0, .patch = 7}, 0.1, "patch");
    refuse(&d, (poison){.kind = POISON_BADNETS, .source = -1, .target = 0, .patch = -1}, 0.1, "patch");
    poison group = {.kind = POISON_GROUPFLIP, .source = -1, .target = -1};
    refuse(&d, group, 0.1, "subgroup");
    group.group_column = "colour";
    group.group_value = "red";
    refuse(&d, group, 0.1, "colour");
    group.group_column = "side";
    refuse(&d, group, 0.1, "red");
    double numbers[N] = {0};
    err e = {{0}};
    assert_ok(table_add_numbers(&d.columns, "age", numbers, &e), e);
    group.group_column = "age";
    refuse(&d, group, 0.1, "numbers");
    dataset_free(&d);
}

static void test_a_full_dose_takes_every_candidate(void **state) {
    (void)state;
    dataset d = fake_pixels(1, N, grey, CLASSES);
    outcome o = applied(&d, kinds[5], 0.8, 0);
    check_outcome(&kinds[5], &d, &o, 240);
    outcome_free(&o);
    o = applied(&d, kinds[4], 1, 0);
    check_outcome(&kinds[4], &d, &o, count_candidates(&kinds[4]));
    outcome_free(&o);
    dataset_free(&d);
}

static void test_largest_patch(void **state) {
    (void)state;
    dataset d = fake_pixels(1, N, grey, CLASSES);
    poison p = {.kind = POISON_BADNETS, .source = -1, .target = 0, .patch = 6};
    outcome o = applied(&d, p, 0.1, 0);
    check_outcome(&p, &d, &o, 30);
    outcome_free(&o);
    dataset_free(&d);
}

static void test_trigger_keeps_labels(void **state) {
    (void)state;
    for (int c = 0; c < 2; c++) {
        shape s = c ? colour : grey;
        dataset d = fake_pixels(1, N, s, CLASSES), out;
        err e = {{0}};
        assert_ok(poison_trigger(&d, &kinds[5], &out, &e), e);
        assert_memory_equal(out.labels, d.labels, N * sizeof *d.labels);
        int size = (int)shape_size(s);
        for (int i = 0; i < N * size; i++)
            if (out.pixels[i] != (in_patch(&kinds[5], s, i % size) ? 255 : d.pixels[i]))
                fail_msg("row %d value %d: %d became %d", i / size, i % size, d.pixels[i], out.pixels[i]);
        dataset_free(&out);
        assert_int_equal(poison_trigger(&d, &kinds[0], &out, &e), STATUS_USAGE);
        dataset_free(&d);
    }
}

/* Labels can be flipped on any images, but a trigger must survive saving: it needs bytes. */
static void test_float_images(void **state) {
    (void)state;
    dataset d = fake_images(1, N, grey, CLASSES, 0, 1);
    outcome o = applied(&d, kinds[0], 0.1, 0);
    assert_int_equal(o.m.n, 30);
    assert_memory_equal(o.d.values, d.values, N * shape_size(grey) * sizeof(float));
    outcome_free(&o);
    err e = {{0}};
    assert_int_equal(poison_apply(&d, &kinds[5], 0.1, 0, &o.d, &o.m, &e), STATUS_UNSUPPORTED);
    assert_int_equal(poison_trigger(&d, &kinds[5], &o.d, &e), STATUS_UNSUPPORTED);
    dataset_free(&d);
}

static void test_names(void **state) {
    (void)state;
    err e = {{0}};
#define CHECK_NAME(code, name, what)                                                                         \
    {                                                                                                        \
        poison_kind k;                                                                                       \
        assert_ok(poison_parse(name, &k, &e), e);                                                            \
        assert_int_equal(k, code);                                                                           \
        assert_string_equal(poison_name(k), name);                                                           \
    }
    POISON_LIST(CHECK_NAME)
#undef CHECK_NAME
    poison_kind k;
    assert_int_equal(poison_parse("badnet", &k, &e), STATUS_USAGE);
    assert_non_null(strstr(e.message, "flip pairflip groupflip badnets"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_what_is_said_changes),
        cmocka_unit_test(test_sets_are_nested),
        cmocka_unit_test(test_seeds_choose_other_rows),
        cmocka_unit_test(test_random_labels_are_uniform_over_the_others),
        cmocka_unit_test(test_a_label_depends_on_its_row_alone),
        cmocka_unit_test(test_manifest_replays_byte_for_byte),
        cmocka_unit_test(test_bad_manifests_are_refused),
        cmocka_unit_test(test_impossible_poisons_are_refused),
        cmocka_unit_test(test_a_full_dose_takes_every_candidate),
        cmocka_unit_test(test_largest_patch),
        cmocka_unit_test(test_trigger_keeps_labels),
        cmocka_unit_test(test_float_images),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
