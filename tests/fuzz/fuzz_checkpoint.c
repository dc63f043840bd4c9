/* Checkpoints of one tiny training: refused, with the training as it was, or taken with finite values and a possible place to go on from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nets/checkpoint_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds) {
    if (!holds) __builtin_trap();
}

/* One pixel, one linear layer, and every kind of state that a checkpoint can hold. */
typedef struct fixture {
    uint8_t pixels[4];
    int32_t labels[4], ids[4];
    float goal_state[2];
    dataset d;
    train_options o;
    run r;
    objective goal;
    net *net;
    weights w;
    trainer t;
} fixture;

static void begin(fixture *f) {
    err e;
    *f = (fixture){
        .labels = {0, 1, 0, 1}, .ids = {0, 1, 2, 3}, .o = train_options_default(), .r = run_default()};
    f->d = (dataset){.name = "dots",
                     .n = 4,
                     .classes = 2,
                     .image = {1, 1, 1},
                     .pixels = f->pixels,
                     .labels = f->labels,
                     .ids = f->ids};
    f->goal = (objective){.name = "fuzz", .state = f->goal_state, .n_state = 2};
    f->o.batch = 2;
    f->o.validation = &f->d;
    f->o.patience = 2;
    f->o.ema_decay = 0.9;
    f->o.lookahead_every = 2;
    net_builder *b = net_begin("dot", f->d.image);
    layer_config linear = {.out = 2};
    net_add(b, "fc", "linear", &linear, 1, (int[]){0});
    check(net_finish(b, &f->net, &e) == STATUS_OK && weights_new(f->net, &f->w, &e) == STATUS_OK);
    check(trainer_begin(&f->t, f->net, &f->w, &f->d, &f->o, &f->goal, &f->r, &e) == STATUS_OK);
}

static void check_taken(const trainer *t) {
    check(t->at.epoch >= 0 && t->at.epoch <= t->options->epochs);
    check(t->at.index >= 0 && t->at.index <= t->steps_per_epoch);
    check(trainer_step(t) <= trainer_steps(t) && t->optim.step == trainer_step(t));
    check(isfinite(t->at.loss) && isfinite(t->at.rate) && isfinite(t->at.plateau.factor));
    for (size_t i = 0; i < t->w->n; i++)
        check(isfinite(t->w->data[i]) && isfinite(t->average.data[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bytes copy = {malloc(size + 1), size};
    if (!copy.data) return 0;
    memcpy(copy.data, data, size);
    safetensors file;
    err e;
    if (safetensors_parse(copy, &file, &e) != STATUS_OK) {
        bytes_free(&copy);
        return 0;
    }
    fixture f;
    begin(&f);
    /* Other settings do not keep the tensors from being tried: that is for checkpoint_read. */
    status s = checkpoint_check(&f.t, &file, &e);
    check(s == STATUS_OK || s == STATUS_BAD_FILE);
    s = checkpoint_load(&f.t, &file, &e);
    check(s == STATUS_OK || s == STATUS_BAD_FILE);
    if (s == STATUS_OK)
        check_taken(&f.t);
    else
        for (size_t i = 0; i < f.w.n; i++)
            check(f.w.data[i] == 0);
    safetensors_free(&file);
    trainer_end(&f.t);
    weights_free(&f.w);
    net_free(f.net);
    return 0;
}
