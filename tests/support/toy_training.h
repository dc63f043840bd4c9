/* Short trainings of a tiny net that use every trick: what tests of checkpoints kill, cancel and take up again. */
#ifndef TESTS_SUPPORT_TOY_TRAINING_H
#define TESTS_SUPPORT_TOY_TRAINING_H

#include "core/bytes.h"
#include "nets/train.h"

enum { TOY_ROWS = 44, TOY_SIDE = 8, TOY_PIXELS = TOY_SIDE * TOY_SIDE, TOY_CLASSES = 3, TOY_BATCH = 8 };
enum { TOY_EPOCHS = 4, TOY_STEPS = 6 /* of an epoch */, TOY_RECIPES = 6 };

typedef struct toy {
    net *net; /* convolution, batch norm, dropout, linear */
    weights w;
    uint8_t pixels[TOY_ROWS * TOY_PIXELS];
    int32_t labels[TOY_ROWS], ids[TOY_ROWS], groups[TOY_ROWS];
    column column;
    dataset d, validation;
    augmentation augment;
    train_options o;
    run r;
    objective goal;
    volatile sig_atomic_t cancelled;
    long kill_at, cancel_at; /* step at which the process kills itself, or the run is cancelled; -1: never */
    int epochs_told;
} toy;

extern const char *const toy_recipes[TOY_RECIPES]; /* what each recipe uses, in words */
extern const float toy_rates[];                    /* of the parameters, one of them frozen */

toy *toy_begin(int recipe); /* two threads, fresh weights */
void toy_end(toy *b);
status toy_fit(toy *b, err *e);

void write_all(const char *path, const void *data, size_t size);
bytes read_all(const char *path);

#endif
