/* What happened while a net was trained: kept for results and pictures, and written as JSON lines while it happens. A line is
 *   {"step": 12, "epoch": 1, "loss": 0.71, "accuracy": 0.78, "rate": 0.05}                      a batch, or
 *   {"epoch": 1, "loss": 0.7, "accuracy": 0.8, "rate": 0.05, "validation_loss": 0.6, "validation_accuracy": 0.81}
 * Steps count from 0 over all epochs, epochs from 1. No line depends on time or on the number of threads. */
#ifndef AUDIT_TRAINING_LOG_H
#define AUDIT_TRAINING_LOG_H

#include <stdio.h>

#include "nets/train.h"

typedef struct logged_step {
    int64_t step, epoch;
    double loss, accuracy, rate;
} logged_step;

typedef struct training_log {
    const char *path; /* or NULL: nothing is written */
    FILE *file;
    bool going_on; /* resumed, and no step was seen yet */
    json *epochs;  /* every line of an epoch */
    logged_step *steps;
    size_t n, room;
    bool failed; /* memory or the file: told by training_log_close */
} training_log;

/* A log in `path` (NULL: in memory only). `resumed`: the lines that are there stay, but for those from the first step on that training
 * does again; a last line that was cut off is dropped. STATUS_BAD_FILE names a line that is none of the above. */
MUST_CHECK status training_log_open(training_log *l, const char *path, bool resumed, err *e);

void training_log_step(training_log *l, const train_step_report *t);
void training_log_epoch(training_log *l, const train_epoch *t);

/* The steps as at most 200 points, each the mean of as many neighbours: [{"epoch": 0.5, "loss", "accuracy", "rate"}], "epoch" being the
 * number of epochs that the middle of them had behind it. NULL when memory is out. */
json *training_log_curve(const training_log *l);

/* Ends the file, and frees all. STATUS_IO or STATUS_NO_MEMORY when anything was lost. Fine on {0}. */
MUST_CHECK status training_log_close(training_log *l, err *e);

#endif
