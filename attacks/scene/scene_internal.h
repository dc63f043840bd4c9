/* What attacks share that are not one ball around each image: work in parallel over tiles of images. */
#ifndef ATTACKS_SCENE_SCENE_INTERNAL_H
#define ATTACKS_SCENE_SCENE_INTERNAL_H

#include "nets/model.h"

/* The message of the lowest chunk that failed, as parallel_for returns its status. Starts as {0}. */
typedef struct first_failure {
    int chunk; /* and one more; 0 = none failed */
    err e;
} first_failure;

/* Notes that a chunk ended with s, and returns s. For several threads at once. */
status failure_note(first_failure *f, int chunk, status s, const err *e);

/* The message for the status of the whole loop; returns it. */
status failure_report(const first_failure *f, status s, const char *what, err *e);

/* `r` with as many threads as the model can serve. */
run model_run(const model *m, const run *r);

/* Tiles of the model that n images fill, and images in one of them. */
int tile_count(const model *m, int n);
int tile_rows(const model *m, int n, int tile);

/* `count` floats for each of the workers, aligned; NULL when memory is out. Freed with free. */
float *worker_floats(int workers, size_t count, size_t *stride);

#endif
