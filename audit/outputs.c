#include "audit/outputs.h"

#include <string.h>
#include <sys/stat.h>

#include "core/outfile.h"

enum { OUTPUTS_MOST = 16 };

typedef struct output {
    const char *option, *path;
} output;

/* The outputs that are asked for. */
static int outputs_of(context *c, void *settings, output out[OUTPUTS_MOST]) {
    option_set sets[OPTION_SETS_MOST];
    int n_sets = command_option_sets(c->command, c, settings, sets), n = 0;
    for (int i = 0; i < n_sets; i++)
        for (const option *o = sets[i].options; o->name; o++) {
            const char *path = NULL;
            if (o->kind == OPTION_OUTPUT)
                memcpy(&path, (const char *)sets[i].values + o->offset, sizeof path);
            if (path && n < OUTPUTS_MOST) out[n++] = (output){o->name, path};
        }
    return n;
}

/* Two names of one file that is there, or will be. Devices may be written twice. */
static bool same_file(const char *a, const char *b) {
    struct stat x, y;
    bool there_a = stat(a, &x) == 0, there_b = stat(b, &y) == 0;
    if (there_a && there_b) return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
    return !there_a && !there_b && strcmp(a, b) == 0;
}

static status check_against(const context *c, const output *all, int i, err *e) {
    for (int k = 0; k < i; k++)
        if (same_file(all[i].path, all[k].path))
            return err_set(e, STATUS_USAGE, "--%s and --%s would both write %s", all[k].option, all[i].option,
                           strcmp(all[i].path, "-") == 0 ? "standard output" : all[i].path);
    for (int k = 0; k < c->n_arguments; k++)
        if (same_file(all[i].path, c->arguments[k]) && strcmp(all[i].path, "-") != 0)
            return err_set(e, STATUS_USAGE, "--%s would write over %s, which is read: choose another name",
                           all[i].option, c->arguments[k]);
    return STATUS_OK;
}

status outputs_check(context *c, void *settings, err *e) {
    output all[OUTPUTS_MOST];
    int n = outputs_of(c, settings, all);
    status s = STATUS_OK;
    for (int i = 0; s == STATUS_OK && i < n; i++) {
        s = check_against(c, all, i, e);
        if (s == STATUS_OK) s = outfile_check(all[i].path, e);
        c->payload |= strcmp(all[i].path, "-") == 0;
    }
    return s;
}
