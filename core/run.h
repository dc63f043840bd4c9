/* The run context: what every long computation is told by its caller. It is passed down; there are no globals. */
#ifndef CORE_RUN_H
#define CORE_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

/* X(code, name on the command line): which kernels compute convolutions and matrix products.
 * auto: the fastest that this CPU has and that passed the slot test; direct: the same without Winograd convolution; openblas: OpenBLAS
 * for every GEMM; portable: plain C, the same bits on every x86-64; avx2, avx512: as auto with that instruction set, an error where the
 * CPU does not have it. */
#define KERNEL_LIST(X)                                                                                                 \
    X(KERNEL_AUTO, "auto")                                                                                             \
    X(KERNEL_DIRECT, "direct")                                                                                         \
    X(KERNEL_OPENBLAS, "openblas")                                                                                     \
    X(KERNEL_PORTABLE, "portable")                                                                                     \
    X(KERNEL_AVX2, "avx2")                                                                                             \
    X(KERNEL_AVX512, "avx512")

typedef enum kernel_choice {
#define KERNEL_ENUM(code, name) code,
    KERNEL_LIST(KERNEL_ENUM)
#undef KERNEL_ENUM
} kernel_choice;

typedef struct run {
    uint64_t seed;
    int threads;                           /* >= 1; results never depend on it */
    kernel_choice kernel;
    const volatile sig_atomic_t *cancel;   /* non-zero: stop soon with STATUS_CANCELLED; may be NULL */
    double deadline;                       /* clock_seconds() from when on it counts as cancelled too; 0 = none */
    uint64_t budget;                       /* most forward-equivalents to spend; 0 = no limit */
    /* Progress of a stage: `done` of `total` units, `note` = running figures or NULL. Called from one thread at a time,
     * often; the callback limits its own rate. May be NULL. */
    void (*progress)(void *user, const char *stage, uint64_t done, uint64_t total, const char *note);
    /* One line worth reading (no newline at its end). May be NULL. */
    void (*log)(void *user, const char *line);
    void *user;
} run;

/* Seed 0, one thread, automatic kernels, no callbacks. */
run run_default(void);

bool run_cancelled(const run *r);
void run_progress(const run *r, const char *stage, uint64_t done, uint64_t total, const char *note);
void run_log(const run *r, const char *format, ...) PRINTF_LIKE(2, 3);

const char *kernel_choice_name(kernel_choice k);

/* STATUS_USAGE and the list of names when `name` is none of them. */
MUST_CHECK status kernel_choice_parse(const char *name, kernel_choice *k, err *e);

#endif
