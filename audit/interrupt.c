#include "audit/interrupt.h"

#include <unistd.h>

enum { RUNNING = 0, INTERRUPTED = 1, TIMED_OUT = 2 };

static volatile sig_atomic_t flag = RUNNING;

static void interrupted(int signal_number) {
    (void)signal_number;
    if (flag == RUNNING) flag = INTERRUPTED;
}

static void timed_out(int signal_number) {
    (void)signal_number;
    if (flag == RUNNING) flag = TIMED_OUT;
}

void interrupt_install(void) {
    struct sigaction once = {.sa_handler = interrupted, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    struct sigaction alarmed = {.sa_handler = timed_out, .sa_flags = SA_RESTART};
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &once, NULL);
    sigaction(SIGTERM, &once, NULL);
    sigaction(SIGALRM, &alarmed, NULL);
    sigaction(SIGPIPE, &ignored, NULL);
    sigaction(SIGXFSZ, &ignored, NULL);
}

void interrupt_after(unsigned seconds) {
    alarm(seconds);
}

const volatile sig_atomic_t *interrupt_flag(void) {
    return &flag;
}

bool interrupt_timed_out(void) {
    return flag == TIMED_OUT;
}
