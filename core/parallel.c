#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT; NOLINT(bugprone-reserved-identifier) */
#include "core/parallel.h"

#include <limits.h>
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/cgroup_internal.h"

/* The failing chunk with the lowest number so far. Chunks above it are skipped and chunks below it still run,
 * so which one is lowest in the end does not depend on timing. */
typedef struct failure {
    atomic_int chunk;
    status s;
} failure;

static void run_chunk(const run *r, parallel_body body, void *context, int chunk, int worker,
                      failure *first) {
    if (chunk > atomic_load(&first->chunk)) return;
    status s = run_cancelled(r) ? STATUS_CANCELLED : body(context, chunk, worker);
    if (s == STATUS_OK) return;
#pragma omp critical(parallel_for_failure)
    if (chunk < atomic_load(&first->chunk)) {
        atomic_store(&first->chunk, chunk);
        first->s = s;
    }
}

status parallel_for(const run *r, int chunks, parallel_body body, void *context) {
    failure first = {INT_MAX, STATUS_OK};
    int threads = r->threads < chunks ? r->threads : chunks;
    if (threads <= 1) {
        for (int chunk = 0; chunk < chunks; chunk++)
            run_chunk(r, body, context, chunk, 0, &first);
        return first.s;
    }
    /* num_threads is named because the OpenMP flavour of OpenBLAS changes the default of the whole process.
     */
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
    for (int chunk = 0; chunk < chunks; chunk++)
        run_chunk(r, body, context, chunk, omp_get_thread_num(), &first);
    return first.s;
}

status failure_note(first_failure *f, int chunk, status s, const err *e) {
    if (s == STATUS_OK || s == STATUS_CANCELLED) return s;
#pragma omp critical(first_failure)
    if (f->chunk == 0 || chunk + 1 < f->chunk) {
        f->chunk = chunk + 1;
        f->e = *e;
    }
    return s;
}

status failure_report(const first_failure *f, status s, const char *what, err *e) {
    if (s == STATUS_OK) return s;
    if (s != STATUS_CANCELLED && f->e.message[0]) return err_set(e, s, "%s", f->e.message);
    return err_set(e, s, "%s: %s", what, status_text(s));
}

static int affinity_cpus(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more processors than cpu_set_t can hold */
    return online > 0 && online < INT_MAX ? (int)online : 1;
}

int parallel_cpus(void) {
    int cpus = affinity_cpus(), quota = cgroup_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
    int least = quota < cpus ? quota : cpus;
    return least > 1 ? least : 1;
}

void parallel_wait_briefly(char **argv) {
    static const char policy[] = "OMP_WAIT_POLICY", spins[] = "GOMP_SPINCOUNT";
    if (getenv(policy) || getenv(spins)) return;
    if (setenv(policy, "passive", 1) != 0 || setenv(spins, "1000", 1) != 0) return;
    execv("/proc/self/exe", argv);
    unsetenv(policy); /* no restart: go on as we are */
    unsetenv(spins);
}
