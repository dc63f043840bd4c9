/* Ctrl-C and the time limit, as a flag that long computations look at. The one place with state of the whole
 * process: signal handlers have nowhere else to put it. */
#ifndef AUDIT_INTERRUPT_H
#define AUDIT_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

/* From now on the first SIGINT or SIGTERM raises the flag and the second one ends the process at once.
 * SIGPIPE and SIGXFSZ are ignored, so that a closed pipe and a file size limit are output errors like a full
 * disk. */
void interrupt_install(void);

/* Raises the flag after `seconds`. */
void interrupt_after(unsigned seconds);

const volatile sig_atomic_t *interrupt_flag(void);

/* Whether the time limit raised it first. */
bool interrupt_timed_out(void);

#endif
