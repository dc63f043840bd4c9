/* Checkpoints: a training that is killed and goes on ends with the same bytes as one that is not, and what is no checkpoint of this training
 * is refused. Trainings that are to be killed run in children; the parent starts no threads before the last of them. */
#include "tests/support/test.h"

#include <math.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/rng.h"
#include "core/safetensors.h"
#include "nets/train.h"
#include "tests/support/golden.h"

enum {
    ROWS = 44,
    SIDE = 8,
    PIXELS = SIDE * SIDE,
    CLASSES = 3,
    BATCH = 8,
    EPOCHS = 4,
    STEPS = 6,
    RECIPES = 5
};

typedef struct bench {
    net *net;
    weights w;
    uint8_t pixels[ROWS * PIXELS];
    int32_t labels[ROWS], ids[ROWS], groups[ROWS];
    column column;
    dataset d, validation;
    augmentation augment;
    train_options o;
    run r;
    objective goal;
    volatile sig_atomic_t cancelled;
    long kill_at, cancel_at; /* step, or -1 */
    int epochs_told, last_told;
} bench;

/* Convolution, batch norm, dropout, linear. */
static net *make_net(void) {
    err e;
    net *n;
    net_builder *b = net_begin("toy", (shape){SIDE, SIDE, 1});
    layer_config conv = {.out = 4, .kernel = {3, 3}, .pad = {1, 1, 1, 1}}, drop = {.rate = 0.3f},
                 pool = {.kernel = {2, 2}}, linear = {.out = CLASSES, .bias = true}, none = {0};
    int at = net_add(b, "conv", "conv2d", &conv, 1, (int[]){0});
    at = net_add(b, "norm", "batch_norm", &none, 1, &at);
    at = net_add(b, "relu", "relu", &none, 1, &at);
    at = net_add(b, "pool", "max_pool2d", &pool, 1, &at);
    at = net_add(b, "drop", "dropout", &drop, 1, &at);
    at = net_add(b, "flat", "flatten", &none, 1, &at);
    net_add(b, "fc", "linear", &linear, 1, &at);
    assert_ok(net_finish(b, &n, &e), e);
    return n;
}

static const char *const recipe_names[RECIPES] = {
    "nesterov, augmentation, dropout, EMA, early stopping", "adamw, mixup, SAM, lookahead, SWA",
    "sgd, plateau, group DRO, clipping", "muon, balanced sampler, warm restarts",
    "lars, frozen weights, SWA, one-cycle"};

static const float rates[] = {1, 0.5f, 0, 1, 1, 1, 1};

static void choose(bench *b, int recipe) {
    train_options *o = &b->o;
    *o = train_options_default();
    o->epochs = EPOCHS;
    o->batch = BATCH;
    o->drop_last = false;
    b->augment = (augmentation){.n = 2, .steps = {{AUGMENT_flip, 0.5f}, {AUGMENT_noise, 0.1f}}};
    o->augment = recipe % 2 ? NULL : &b->augment;
    switch (recipe) {
    case 0:
        o->ema_decay = 0.9;
        o->validation = &b->validation;
        o->patience = 3;
        break;
    case 1:
        o->optim = OPTIM_ADAMW;
        o->schedule = schedule_default(SCHEDULE_COSINE, 0.01);
        o->schedule.warmup_steps = 4;
        o->mixup_alpha = 0.4;
        o->sam_rho = 0.05;
        o->lookahead_every = 4;
        o->swa_from = 0.5;
        break;
    case 2:
        o->optim = OPTIM_SGD;
        o->schedule = schedule_default(SCHEDULE_PLATEAU, 0.05);
        o->schedule.patience = 0;
        o->group_dro_rate = 0.1;
        o->group_column = "tint";
        o->clip_norm = 0.5;
        break;
    case 3:
        o->optim = OPTIM_MUON;
        o->schedule = schedule_default(SCHEDULE_COSINE_RESTARTS, 0.02);
        o->balanced_sampler = true;
        break;
    default:
        o->optim = OPTIM_LARS;
        o->schedule.lr = 5;
        o->rates = rates;
        o->swa_from = 0.3;
    }
}

static void step_seen(void *user, const train_step_report *t) {
    bench *b = user;
    if (t->step == b->kill_at) kill(getpid(), SIGKILL);
    if (t->step == b->cancel_at) b->cancelled = 1;
}

static void epoch_seen(void *user, const train_epoch *t) {
    bench *b = user;
    b->epochs_told++;
    b->last_told = t->epoch;
}

static bench *begin(int recipe) {
    static const char *levels[] = {"dark", "light"};
    bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    for (int i = 0; i < ROWS; i++) {
        b->labels[i] = i % CLASSES;
        b->ids[i] = 3 * i;
        b->groups[i] = i % 5 == 0;
        for (int p = 0; p < PIXELS; p++) {
            float light = golden_unit(7, (uint32_t)(i * PIXELS + p)) + (p % CLASSES == i % CLASSES);
            b->pixels[i * PIXELS + p] = (uint8_t)(100 + 60 * light);
        }
    }
    b->column = (column){
        .name = "tint", .kind = COLUMN_CATEGORY, .codes = b->groups, .levels = levels, .n_levels = 2};
    b->d = (dataset){.name = "toys",
                     .n = ROWS,
                     .classes = CLASSES,
                     .image = {SIDE, SIDE, 1},
                     .pixels = b->pixels,
                     .labels = b->labels,
                     .ids = b->ids,
                     .columns = {.n_rows = ROWS, .n_columns = 1, .columns = &b->column},
                     .sha256 = "one"};
    b->validation = b->d;
    b->validation.n = 20;
    b->r = run_default();
    b->r.seed = 11;
    b->r.threads = 2;
    b->r.cancel = &b->cancelled;
    b->kill_at = b->cancel_at = -1;
    b->net = make_net();
    err e;
    assert_ok(weights_new(b->net, &b->w, &e), e);
    weights_init(b->net, &b->w, 5);
    choose(b, recipe);
    return b;
}

static void end(bench *b) {
    if (b->goal.free) b->goal.free(b->goal.self);
    weights_free(&b->w);
    net_free(b->net);
    free(b);
}

static status fit(bench *b, err *e) {
    train_watch watch = {b, step_seen, epoch_seen};
    if (!b->goal.self) assert_ok(objective_plain(b->net, &b->w, BATCH, &b->r, &b->goal, e), *e);
    return train(b->net, &b->w, &b->d, &b->o, &b->goal, &b->r, &watch, e);
}

static void write_all(const char *path, const void *data, size_t size) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static bytes read_all(const char *path) {
    err e;
    bytes b;
    assert_ok(file_read(path, 1 << 26, &b, &e), e);
    return b;
}

/* Trains in a child, from `checkpoint` where it is there; the weights go to `out` if it comes to its end. */
static pid_t start_child(int recipe, const char *checkpoint, const char *out, long kill_at, int threads) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) return child;
    err e;
    bench *b = begin(recipe);
    b->kill_at = kill_at;
    b->r.threads = threads;
    if (checkpoint) {
        b->o.checkpoint = checkpoint;
        b->o.checkpoint_every = 4;
        if (access(checkpoint, R_OK) == 0) b->o.resume = checkpoint;
    }
    status s = fit(b, &e);
    if (s != STATUS_OK) {
        fprintf(stderr, "%s\n", e.message);
        _exit(1);
    }
    write_all(out, b->w.data, b->w.n * sizeof *b->w.data);
    _exit(0);
}

/* 0: ended well; SIGKILL: was killed. */
static int wait_for(pid_t child) {
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    if (WIFEXITED(how)) assert_int_equal(WEXITSTATUS(how), 0);
    return WIFSIGNALED(how) ? WTERMSIG(how) : 0;
}

static void assert_same_file(const char *one, const char *other, const char *what) {
    bytes a = read_all(one), b = read_all(other);
    assert_int_equal(a.size, b.size);
    if (memcmp(a.data, b.data, a.size) != 0) fail_msg("%s: the weights differ", what);
    bytes_free(&a);
    bytes_free(&b);
}

/* Killed at seeded steps, each time going on with another number of threads, until it is through. */
static void test_killed_at_any_step_ends_with_the_same_bytes(void **state) {
    (void)state;
    rng steps = rng_stream(2026, "kill", 0, 0, 0, 0);
    for (int recipe = 0; recipe < RECIPES; recipe++) {
        const char *whole = temporary_path("whole"), *parts = temporary_path("parts"),
                   *checkpoint = temporary_path("checkpoint.safetensors");
        unlink(checkpoint);
        assert_int_equal(wait_for(start_child(recipe, NULL, whole, -1, 2)), 0);
        long at = 0;
        int kills = 0;
        do {
            at += 1 + (long)rng_below(&steps, 9);
        } while (wait_for(start_child(recipe, checkpoint, parts, at, 1 + kills % 3)) && ++kills < 100);
        print_message("%s: killed %d times\n", recipe_names[recipe], kills);
        assert_in_range(kills, 2, 20);
        assert_same_file(whole, parts, recipe_names[recipe]);
    }
}

/* Killed from outside at any moment, in the middle of writing too. */
static void test_killed_at_any_moment_ends_with_the_same_bytes(void **state) {
    (void)state;
    rng moments = rng_stream(2026, "moment", 0, 0, 0, 0);
    const char *whole = temporary_path("whole"), *parts = temporary_path("parts"),
               *checkpoint = temporary_path("checkpoint.safetensors");
    int kills = 0;
    assert_int_equal(wait_for(start_child(0, NULL, whole, -1, 2)), 0);
    for (int round = 0; round < 2; round++) {
        unlink(checkpoint);
        for (int i = 0;; i++) {
            pid_t child = start_child(0, checkpoint, parts, -1, 2);
            /* Longer each time, to come to an end. */
            long moment = 1000000L * (1 + (long)rng_below(&moments, 20) + 4L * i);
            nanosleep(&(struct timespec){.tv_nsec = moment < 900000000L ? moment : 900000000L}, NULL);
            kill(child, SIGKILL);
            if (!wait_for(child)) break;
            kills++;
        }
        assert_same_file(whole, parts, "killed from outside");
    }
    print_message("killed %d times from outside\n", kills);
    assert_true(kills > 0);
}

static void test_cancelled_goes_on(void **state) {
    (void)state;
    err e;
    const char *checkpoint = temporary_path("cancelled.safetensors");
    bench *whole = begin(0);
    assert_ok(fit(whole, &e), e);
    bench *b = begin(0);
    b->o.checkpoint = checkpoint;
    b->cancel_at = 2 * STEPS + 2;
    assert_int_equal(fit(b, &e), STATUS_CANCELLED);
    assert_int_equal(b->epochs_told, 2);
    end(b);
    b = begin(0);
    b->o.checkpoint = b->o.resume = checkpoint;
    assert_ok(fit(b, &e), e);
    assert_int_equal(b->epochs_told, EPOCHS - 2);
    assert_memory_equal(b->w.data, whole->w.data, b->w.n * sizeof(float));
    memset(b->w.data, 0, b->w.n * sizeof(float)); /* a training that is over gives its weights again */
    assert_ok(fit(b, &e), e);
    assert_int_equal(b->epochs_told, EPOCHS - 2);
    assert_memory_equal(b->w.data, whole->w.data, b->w.n * sizeof(float));
    end(b);
    end(whole);
}

/* A checkpoint of recipe 0 after two epochs and two steps. */
static void write_checkpoint(const char *path) {
    err e;
    bench *b = begin(0);
    b->o.checkpoint = path;
    b->cancel_at = 2 * STEPS + 1;
    assert_int_equal(fit(b, &e), STATUS_CANCELLED);
    end(b);
}

static void refuse(bench *b, const char *path, const char *named) {
    err e;
    float *before = malloc(b->w.n * sizeof *before);
    assert_non_null(before);
    memcpy(before, b->w.data, b->w.n * sizeof *before);
    b->o.resume = path;
    status s = fit(b, &e);
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
        bench *b = begin(0);
        int32_t ids[ROWS];
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
            b->o.rates = rates;
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
            assert_ok(objective_plain(b->net, &b->w, BATCH, &b->r, &b->goal, &(err){{0}}), (err){{0}});
            b->goal.name = "other";
            break;
        default:
            b->o.patience = 2;
        }
        refuse(b, path, named[i]);
        end(b);
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
    bench *b = begin(0);
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
                 {0, EPOCHS + 1},
                 {0, INT64_MAX},
                 {0, EPOCHS},
                 {1, STEPS + 1},
                 {1, -1},
                 {2, 0},
                 {2, 2 * BATCH + 1},
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
    end(b);
}

static void test_damaged_files_are_refused(void **state) {
    (void)state;
    err e;
    const char *good = temporary_path("good.safetensors"), *bad = temporary_path("bad.safetensors");
    write_checkpoint(good);
    bytes whole = read_all(good);
    bench *b = begin(0);
    for (size_t size = 0; size < whole.size; size += 1 + whole.size / 97) {
        write_all(bad, whole.data, size);
        refuse(b, bad, "bad.safetensors");
    }
    b->o.resume = temporary_path("absent.safetensors");
    assert_int_equal(fit(b, &e), STATUS_IO);
    st_entry other = {.name = "x", .rank = 1, .dims = {1}, .data = (float[]){1}};
    assert_ok(safetensors_write_file(bad, &other, 1, NULL, &e), e);
    refuse(b, bad, "no checkpoint of a training");
    bytes_free(&whole);
    end(b);
}

/* One byte anywhere: refused, or taken as another checkpoint that trains on without harm. */
static void test_changed_bytes_do_no_harm(void **state) {
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
        bench *b = begin(0);
        b->o.resume = bad;
        b->r.threads = 1;
        status s = fit(b, &e);
        refused += s == STATUS_BAD_FILE;
        if (s != STATUS_OK && s != STATUS_BAD_FILE && s != STATUS_NOT_EVALUABLE)
            fail_msg("byte %zu changed: %s", at, e.message);
        end(b);
    }
    print_message("%d of 100 refused\n", refused);
    assert_true(refused > 30);
    bytes_free(&whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_at_any_step_ends_with_the_same_bytes),
        cmocka_unit_test(test_killed_at_any_moment_ends_with_the_same_bytes),
        cmocka_unit_test(test_cancelled_goes_on),
        cmocka_unit_test(test_other_settings_are_refused_by_name),
        cmocka_unit_test(test_damaged_tensors_are_refused),
        cmocka_unit_test(test_damaged_files_are_refused),
        cmocka_unit_test(test_changed_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
