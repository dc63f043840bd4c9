/* Progress on a terminal: one line on standard error that is rewritten in place. */
#ifndef AUDIT_PROGRESS_H
#define AUDIT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/run.h"

typedef struct progress {
    bool on;            /* standard error is a terminal and --quiet was not given */
    bool drawn;         /* a line is on the screen */
    char stage[64];     /* of the line: its clock starts anew with each stage */
    double began, last; /* seconds */
    uint64_t first;     /* `done` when the stage was first seen */
} progress;

progress progress_new(bool quiet);

/* The run callbacks; `user` is the progress. */
void progress_show(void *user, const char *stage, uint64_t done, uint64_t total, const char *note);

/* Clears the line, before something else is printed. */
void progress_clear(progress *p);

/* The text of the line, for tests: "stage  12 %  345/s  eta 1:05  note". `seconds` since the stage began with
 * `first` units done. */
void progress_text(char *text, size_t size, const char *stage, uint64_t first, uint64_t done, uint64_t total,
                   double seconds, const char *note);

#endif
