#include "core/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"

static const char *const kernel_names[] = {
#define KERNEL_NAME(code, name) [code] = (name),
    KERNEL_LIST(KERNEL_NAME)
#undef KERNEL_NAME
};

enum { KERNEL_CHOICES = sizeof kernel_names / sizeof *kernel_names };

run run_default(void) {
    return (run){.threads = 1, .kernel = KERNEL_AUTO};
}

bool run_cancelled(const run *r) {
    return (r->cancel && *r->cancel) || (r->deadline > 0 && clock_seconds() >= r->deadline);
}

void run_progress(const run *r, const char *stage, uint64_t done, uint64_t total, const char *note) {
    if (r->progress) r->progress(r->user, stage, done, total, note);
}

void run_log(const run *r, const char *format, ...) {
    if (!r->log) return;
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    r->log(r->user, line);
}

const char *kernel_choice_name(kernel_choice k) {
    return (unsigned)k < KERNEL_CHOICES ? kernel_names[k] : "unknown";
}

status kernel_choice_parse(const char *name, kernel_choice *k, err *e) {
    *k = KERNEL_AUTO;
    for (int i = 0; i < KERNEL_CHOICES; i++)
        if (strcmp(name, kernel_names[i]) == 0) {
            *k = (kernel_choice)i;
            return STATUS_OK;
        }
#define KERNEL_TEXT(code, name) " " name
    return err_set(e, STATUS_USAGE, "unknown kernel \"%s\", expected one of:" KERNEL_LIST(KERNEL_TEXT), name);
#undef KERNEL_TEXT
}
