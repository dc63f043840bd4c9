/* What is no checkpoint of this training is refused: other settings, damaged tensors, damaged files. */
#include "tests/support/test.h"

#include <math.h>

#include "core/rng.h"
#include "core/safetensors.h"
#include "tests/support/toy_training.h"

/* A checkpoint of recipe 0 after two epochs and two steps. */
static void write_checkpoint(const char *path) {
    err e;
    toy *b = toy_begin(0);
    b->o.checkpoint = path;
    b->cancel_at = 2 * TOY_STEPS + 1;
    assert_int_equal(toy_fit(b, &e), STATUS_CANCELLED);
    toy_end(b);
}

static void refuse(toy *b, const char *path, const char *named) {
    err e;
    float *before = malloc(b->w.n * sizeof *before);
    assert_non_null(before);
    memcpy(before, b->w.data, b->w.n * sizeof *before);
    b->o.resume = path;
    status s = toy_fit(b, &e);
    if (s != STATUS_BAD_FILE) fail_msg("%s: status %d, expected a bad file", named, s);
    if (!strstr(e.message, named)) fail_msg("expected \"%s\" in \"%s\"", named, e.message);
    assert_memory_equal(before, b->w.data, b->w.n * sizeof *before);
    free(before);
}

static void test_other_settings_are_refused_by_name(void **state) {
    (void)state;
    const char *path = temporary_path("settings.safetensors");
    write_checkpoint(path);
    static const char *const named[] = {"epochs", "batch", "optimizer",  "schedule", "seed",
                                        "data",   "rates", "validation", "kernel",   "augment",
                                        "data",   "net",   "objective",  "patience"};
    for (int i = 0; i < (int)(sizeof named / sizeof *named); i++) {
        toy *b = toy_begin(0);
        int32_t ids[TOY_ROWS];
        memcpy(ids, b->ids, sizeof ids);
        ids[3] = 1;
        switch (i) {
        case 0:
            b->o.epochs = 5;
            break;
        case 1:
            b->o.batch = 7;
            break;
        case 2:
            b->o.optim = OPTIM_SGD;
            break;
        case 3:
            b->o.schedule.lr *= 2;
            break;
        case 4:
            b->r.seed++;
            break;
        case 5:
            strcpy(b->d.sha256, "two");
            break;
        case 6:
            b->o.rates = toy_rates;
            break;
        case 7:
            b->validation.n = 19;
            break;
        case 8:
            b->r.kernel = KERNEL_PORTABLE;
            break;
        case 9:
            b->o.augment = NULL;
            break;
        case 10:
            b->d.ids = ids;
            break;
        case 11:
            b->net->nodes[5].config.rate = 0.4f;
            break;
        case 12:
            assert_ok(objective_plain(b->net, &b->w, TOY_BATCH, &b->r, &b->goal, &(err){{0}}), (err){{0}});
            b->goal.name = "other";
            break;
        default:
            b->o.patience = 2;
        }
        refuse(b, path, named[i]);
        toy_end(b);
    }
}

/* Rewrites a checkpoint with one thing changed: the tensor `name` gets `n` values (-1: stays away), of which `at` becomes `value`. */
static void rewrite(const char *from, const char *to, const char *name, int64_t n, int64_t at, int64_t bits) {
    err e;
    safetensors file;
    st_entry entries[16];
    assert_ok(safetensors_read_file(from, &file, &e), e);
    int kept = 0;
    int64_t *copies[16];
    for (int i = 0; i < file.n; i++) {
        const st_tensor *t = &file.tensors[i];
        bool ints = strcmp(t->dtype, "I64") == 0, chosen = strcmp(t->name, name) == 0;
        int64_t count = chosen && n >= 0 ? n : t->count;
        if (chosen && n < 0) continue;
        copies[kept] = calloc((size_t)(count > t->count ? count : t->count) + 1, 8);
        assert_non_null(copies[kept]);
        memcpy(copies[kept], t->data, t->size);
        float value;
        memcpy(&value, &bits, sizeof value);
        if (chosen && at >= 0 && ints) copies[kept][at] = bits;
        if (chosen && at >= 0 && !ints) memcpy((float *)(void *)copies[kept] + at, &value, sizeof value);
        entries[kept] = (st_entry){.name = t->name, .rank = 1, .dims = {count}};
        if (ints)
            entries[kept].ints = copies[kept];
        else
            entries[kept].data = (const float *)(const void *)copies[kept];
        kept++;
    }
    assert_ok(safetensors_write_file(to, entries, kept, json_get(file.header, "__metadata__"), &e), e);
    for (int i = 0; i < kept; i++)
        free(copies[i]);
    safetensors_free(&file);
}

static int64_t float_bits(float x) {
    int64_t bits = 0;
    memcpy(&bits, &x, sizeof x);
    return bits;
}

static int64_t double_bits(double x) {
    int64_t bits;
    memcpy(&bits, &x, sizeof x);
    return bits;
}

static void test_damaged_tensors_are_refused(void **state) {
    (void)state;
    const char *good = temporary_path("good.safetensors"), *bad = temporary_path("bad.safetensors");
    write_checkpoint(good);
    static const char *const parts[] = {"weights", "optimizer", "average", "best", "goal", "progress"};
    toy *b = toy_begin(0);
    for (int i = 0; i < 6; i++) {
        rewrite(good, bad, parts[i], -1, -1, 0);
        refuse(b, bad, parts[i]);
        rewrite(good, bad, parts[i], 7, -1, 0);
        refuse(b, bad, parts[i]);
        if (i == 5) break;
        rewrite(good, bad, parts[i], i == 4 ? 256 : (int64_t)(i == 1 ? b->net->n_trainable : b->w.n), 3,
                float_bits(NAN));
        refuse(b, bad, "value 3 is not finite");
    }
    const struct {
        int slot;
        int64_t bits;
    } wrong[] = {{0, -1},
                 {0, TOY_EPOCHS + 1},
                 {0, INT64_MAX},
                 {0, TOY_EPOCHS},
                 {1, TOY_STEPS + 1},
                 {1, -1},
                 {2, 0},
                 {2, 2 * TOY_BATCH + 1},
                 {3, double_bits(NAN)},
                 {4, double_bits(-1)},
                 {4, double_bits(1e9)},
                 {5, double_bits(INFINITY)},
                 {6, double_bits(2)},
                 {7, double_bits(NAN)},
                 {8, -1},
                 {9, 99},
                 {10, double_bits(1.5)},
                 {11, 3},
                 {12, 2}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        rewrite(good, bad, "progress", 13, wrong[i].slot, wrong[i].bits);
        refuse(b, bad, "progress");
    }
    toy_end(b);
}

static void test_damaged_files_are_refused(void **state) {
    (void)state;
    err e;
    const char *good = temporary_path("good.safetensors"), *bad = temporary_path("bad.safetensors");
    write_checkpoint(good);
    bytes whole = read_all(good);
    toy *b = toy_begin(0);
    for (size_t size = 0; size < whole.size; size += 1 + whole.size / 97) {
        write_all(bad, whole.data, size);
        refuse(b, bad, "bad.safetensors");
    }
    b->o.resume = temporary_path("absent.safetensors");
    assert_int_equal(toy_fit(b, &e), STATUS_IO);
    st_entry other = {.name = "x", .rank = 1, .dims = {1}, .data = (float[]){1}};
    assert_ok(safetensors_write_file(bad, &other, 1, NULL, &e), e);
    refuse(b, bad, "no checkpoint of a training");
    bytes_free(&whole);
    toy_end(b);
}

/* One byte: refused among the values; in the header refused or, as with a blank, without meaning. */
static void test_changed_bytes_are_noticed(void **state) {
    (void)state;
    err e;
    const char *good = temporary_path("good.safetensors"), *bad = temporary_path("bad.safetensors");
    write_checkpoint(good);
    bytes whole = read_all(good);
    rng places = rng_stream(1, "damage", 0, 0, 0, 0);
    int refused = 0;
    for (int i = 0; i < 100; i++) {
        size_t at = rng_below(&places, (uint32_t)(i % 2 ? whole.size : 2048));
        uint8_t before = whole.data[at];
        whole.data[at] ^= (uint8_t)(1 + rng_below(&places, 255));
        write_all(bad, whole.data, whole.size);
        whole.data[at] = before;
        toy *b = toy_begin(0);
        b->o.resume = bad;
        b->r.threads = 1;
        status s = toy_fit(b, &e);
        refused += s == STATUS_BAD_FILE;
        if (s != STATUS_BAD_FILE && (s != STATUS_OK || at > whole.size / 2))
            fail_msg("byte %zu changed: status %d", at, s);
        toy_end(b);
    }
    print_message("%d of 100 refused\n", refused);
    assert_true(refused > 90);
    bytes_free(&whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_other_settings_are_refused_by_name),
        cmocka_unit_test(test_damaged_tensors_are_refused),
        cmocka_unit_test(test_damaged_files_are_refused),
        cmocka_unit_test(test_changed_bytes_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
