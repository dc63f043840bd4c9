/* audit completion bash */
#include <string.h>

#include "audit/help.h"

static status run_completion(context *c, const void *settings, err *e) {
    (void)settings;
    if (strcmp(c->arguments[0], "bash") != 0)
        return err_set(e, STATUS_USAGE, "unknown shell \"%s\", expected bash", c->arguments[0]);
    help_completion_bash(stdout);
    return STATUS_OK;
}

const command command_completion = {.name = "completion",
                                    .arguments = "bash",
                                    .fewest = 1,
                                    .most = 1,
                                    .what = "print a completion script for a shell",
                                    .about = "Prints a completion script: source <(audit completion bash).",
                                    .run = run_completion};
