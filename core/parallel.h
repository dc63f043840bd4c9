/* Parallel loops over fixed chunks. What a chunk holds is decided by the caller and never by the number of threads, so that
 * results do not depend on it; reductions are done by the caller in chunk order. */
#ifndef CORE_PARALLEL_H
#define CORE_PARALLEL_H

#include "core/run.h"

/* Computes chunk `chunk`; `worker` in 0..threads-1 picks scratch memory that no other running call uses. */
typedef status (*parallel_body)(void *context, int chunk, int worker);

/* Runs every chunk 0..chunks-1, on r->threads threads, in any order. A failure stops chunks not yet begun; the status of the
 * lowest failing chunk is returned. STATUS_CANCELLED when the run was cancelled between chunks. Messages travel through the
 * caller's context, in a first_failure. Not to be nested. */
MUST_CHECK status parallel_for(const run *r, int chunks, parallel_body body, void *context);

/* The message of the lowest chunk that failed, as parallel_for returns its status. Starts as {0}. */
typedef struct first_failure {
    int chunk; /* and one more; 0 = none failed */
    err e;
} first_failure;

/* Notes that a chunk ended with s, and returns s. For several threads at once. */
status failure_note(first_failure *f, int chunk, status s, const err *e);

/* The message for the status of the whole loop, `what` and the status where no chunk left one; returns it. */
status failure_report(const first_failure *f, status s, const char *what, err *e);

/* The processors this process may use (affinity and cgroup quota respected), >= 1. */
int parallel_cpus(void);

/* OpenMP threads that wait for work burn their processor for milliseconds by default. Where other programs want it, or a control group
 * gives processor time by quota, that makes everything several times slower. This restarts the program (execv of /proc/self/exe) with
 * OMP_WAIT_POLICY=passive and a short GOMP_SPINCOUNT, unless one of them is set; the runtime reads them before main, so that it
 * cannot be told otherwise. For the start of main only. */
void parallel_wait_briefly(char **argv);

#endif
