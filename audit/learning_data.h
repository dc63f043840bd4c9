/* Images to learn an attack from, and others to measure it on. */
#ifndef AUDIT_LEARNING_DATA_H
#define AUDIT_LEARNING_DATA_H

#include <stddef.h>

#include "attacks/learned.h"
#include "audit/command.h"

typedef struct learning_settings {
    int64_t train_n, steps, images;
    const char *test_data;
} learning_settings;

/* Their entries in a table of options whose struct `type` has them as `learning`. */
#define LEARNING_OPTIONS(type)                                                                                         \
    {.name = "train-n",                                                                                                \
     .kind = OPTION_INTEGER,                                                                                           \
     .offset = offsetof(type, learning.train_n),                                                                       \
     .metavar = "N",                                                                                                   \
     .fallback = "1000",                                                                                               \
     .hi = 100000000,                                                                                                  \
     .what = "training images to learn it from, chosen by the seed; 0 = all"},                                         \
    {.name = "test-data",                                                                                              \
     .kind = OPTION_TEXT,                                                                                              \
     .offset = offsetof(type, learning.test_data),                                                                     \
     .metavar = "DATA",                                                                                                \
     .what = "images to measure on (default: the test part of --data; data without parts are cut in halves)"},         \
    {.name = "steps",                                                                                                  \
     .kind = OPTION_INTEGER,                                                                                           \
     .offset = offsetof(type, learning.steps),                                                                         \
     .metavar = "N",                                                                                                   \
     .fallback = "150",                                                                                                \
     .lo = 1,                                                                                                          \
     .hi = 1000000,                                                                                                    \
     .what = "steps of learning"},                                                                                     \
    {.name = "images",                                                                                                 \
     .kind = OPTION_INTEGER,                                                                                           \
     .offset = offsetof(type, learning.images),                                                                        \
     .metavar = "N",                                                                                                   \
     .fallback = "64",                                                                                                 \
     .lo = 1,                                                                                                          \
     .hi = 100000,                                                                                                     \
     .what = "images in a step"}

/* The training part of --data, of which train_n images (0 = all), and images of the test part (or of `test_data`, if not NULL): --n or --first
 * choose them, test_n where neither is given (0 = all). Data without such parts are cut in two halves by the seed: *halved says so. `size`: as in context_open_data. Both must be freed. */
MUST_CHECK status learning_data_open(context *c, int64_t train_n, const char *test_data, int test_n, const shape *size, dataset *train,
                             dataset *test, bool *halved, err *e);

/* A model with images that it accepts. Zeroed, it is empty. */
typedef struct learning_subject {
    loaded_model loaded;
    dataset train, test;
    bool halved;
} learning_subject;

/* The first argument's model, and the data with 1,000 test images by default. Must be closed, whatever is returned. */
MUST_CHECK status learning_open(context *c, const learning_settings *o, learning_subject *out, err *e);
void learning_close(learning_subject *t);

/* The settings steps, batch, step_size, train_n, train_sha256 and halved. */
void learning_record(result *x, const learn_plan *p, const dataset *train, bool halved);

#endif
