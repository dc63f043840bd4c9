#include "audit/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"

enum { LINE = 100 };
static const double redraw_seconds = 0.1;

progress progress_new(bool quiet) {
    const char *terminal = getenv("TERM");
    bool dumb = terminal && strcmp(terminal, "dumb") == 0;
    return (progress){.on = !quiet && !dumb && isatty(STDERR_FILENO)};
}

static void put_duration(char *text, size_t size, double seconds) {
    unsigned long s = (unsigned long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(text, size, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, size, "%lu:%02lu", s / 60, s % 60);
}

void progress_text(char *text, size_t size, const char *stage, uint64_t first, uint64_t done, uint64_t total,
                   double seconds, const char *note) {
    char rate[32] = "", eta[32] = "", left[24];
    if (seconds > 0 && done > first) {
        double per_second = (double)(done - first) / seconds;
        snprintf(rate, sizeof rate, per_second < 10 ? "  %.2f/s" : "  %.0f/s", per_second);
        put_duration(left, sizeof left, (double)(total > done ? total - done : 0) / per_second);
        if (total > done) snprintf(eta, sizeof eta, "  eta %s", left);
    }
    int percent = total ? (int)(100.0 * (double)done / (double)total) : 0;
    snprintf(text, size, "%s  %d %%%s%s%s%s", stage, percent, rate, eta, note ? "  " : "", note ? note : "");
}

void progress_show(void *user, const char *stage, uint64_t done, uint64_t total, const char *note) {
    progress *p = user;
    if (!p->on) return;
    double now = clock_seconds();
    if (strncmp(p->stage, stage, sizeof p->stage - 1) != 0) {
        snprintf(p->stage, sizeof p->stage, "%s", stage);
        p->began = now;
        p->first = done;
    }
    if (done >= total) {
        progress_clear(p);
        p->stage[0] = 0;
        return;
    }
    if (now - p->last < redraw_seconds) return;
    p->last = now;
    char line[LINE];
    progress_text(line, sizeof line, stage, p->first, done, total, now - p->began, note);
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
    p->drawn = true;
}

void progress_clear(progress *p) {
    if (p->drawn) fputs("\r\033[K", stderr);
    p->drawn = false;
}
