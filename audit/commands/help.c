/* audit help [COMMAND] */
#include "audit/help.h"

static status run_help(context *c, const void *settings, err *e) {
    (void)settings;
    if (c->n_arguments == 0) {
        help_overview(stdout);
        return STATUS_OK;
    }
    const command *k = command_find(c->arguments[0]);
    if (!k) return err_set(e, STATUS_USAGE, "unknown command \"%s\"", c->arguments[0]);
    help_command(stdout, k);
    return STATUS_OK;
}

const command command_help = {.name = "help",
                              .arguments = "[COMMAND]",
                              .most = 1,
                              .what = "list the commands, or explain one",
                              .about = "Lists the commands, or explains one.",
                              .run = run_help};
