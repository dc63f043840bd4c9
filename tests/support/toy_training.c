#include "tests/support/toy_training.h"

#include "tests/support/test.h"

#include <signal.h>
#include <unistd.h>

#include "tests/support/golden.h"

/* Convolution, batch norm, dropout, linear. */
static net *make_net(void) {
    err e;
    net *n;
    net_builder *b = net_begin("toy", (shape){TOY_SIDE, TOY_SIDE, 1});
    layer_config conv = {.out = 4, .kernel = {3, 3}, .pad = {1, 1, 1, 1}}, drop = {.rate = 0.3f},
                 pool = {.kernel = {2, 2}}, linear = {.out = TOY_CLASSES, .bias = true}, none = {0};
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

const char *const toy_recipes[TOY_RECIPES] = {
    "nesterov, augmentation, dropout, EMA, early stopping",
    "adamw, mixup, SAM, lookahead, SWA",
    "sgd, plateau, group DRO, clipping",
    "muon, balanced sampler, warm restarts",
    "lars, frozen weights, SWA, one-cycle",
    "rmsprop, SAM, EMA, lookahead, group DRO, balanced sampler, plateau, early stopping"};

const float toy_rates[] = {1, 0.5f, 0, 1, 1, 1, 1};

static void choose(toy *b, int recipe) {
    train_options *o = &b->o;
    *o = train_options_default();
    o->epochs = TOY_EPOCHS;
    o->batch = TOY_BATCH;
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
    case 4:
        o->optim = OPTIM_LARS;
        o->schedule.lr = 5;
        o->rates = toy_rates;
        o->swa_from = 0.3;
        break;
    default:
        o->optim = OPTIM_RMSPROP;
        o->schedule = schedule_default(SCHEDULE_PLATEAU, 0.0005);
        o->schedule.patience = 0;
        o->schedule.warmup_steps = 5;
        o->sam_rho = 0.05;
        o->ema_decay = 0.9;
        o->lookahead_every = 3;
        o->group_dro_rate = 0.1;
        o->group_column = "tint";
        o->balanced_sampler = true;
        o->validation = &b->validation;
        o->patience = 6;
    }
}

static void step_seen(void *user, const train_step_report *t) {
    toy *b = user;
    if (t->step == b->kill_at) kill(getpid(), SIGKILL);
    if (t->step == b->cancel_at) b->cancelled = 1;
}

static void epoch_seen(void *user, const train_epoch *t) {
    (void)t;
    toy *b = user;
    b->epochs_told++;
}

toy *toy_begin(int recipe) {
    static const char *levels[] = {"dark", "light"};
    toy *b = calloc(1, sizeof *b);
    assert_non_null(b);
    for (int i = 0; i < TOY_ROWS; i++) {
        b->labels[i] = i % TOY_CLASSES;
        b->ids[i] = 3 * i;
        b->groups[i] = i % 5 == 0;
        for (int p = 0; p < TOY_PIXELS; p++) {
            float light =
                golden_unit(7, (uint32_t)(i * TOY_PIXELS + p)) + (p % TOY_CLASSES == i % TOY_CLASSES);
            b->pixels[i * TOY_PIXELS + p] = (uint8_t)(100 + 60 * light);
        }
    }
    b->column = (column){
        .name = "tint", .kind = COLUMN_CATEGORY, .codes = b->groups, .levels = levels, .n_levels = 2};
    b->d = (dataset){.name = "toys",
                     .n = TOY_ROWS,
                     .classes = TOY_CLASSES,
                     .image = {TOY_SIDE, TOY_SIDE, 1},
                     .pixels = b->pixels,
                     .labels = b->labels,
                     .ids = b->ids,
                     .columns = {.n_rows = TOY_ROWS, .n_columns = 1, .columns = &b->column},
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

void toy_end(toy *b) {
    if (b->goal.free) b->goal.free(b->goal.self);
    weights_free(&b->w);
    net_free(b->net);
    free(b);
}

status toy_fit(toy *b, err *e) {
    train_watch watch = {b, step_seen, epoch_seen};
    if (!b->goal.self) assert_ok(objective_plain(b->net, &b->w, TOY_BATCH, &b->r, &b->goal, e), *e);
    return train(b->net, &b->w, &b->d, &b->o, &b->goal, &b->r, &watch, e);
}

void write_all(const char *path, const void *data, size_t size) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

bytes read_all(const char *path) {
    err e;
    bytes b;
    assert_ok(file_read(path, 1 << 26, &b, &e), e);
    return b;
}
