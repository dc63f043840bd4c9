/* The table of commands, and from a command line to a running command. */
#include "audit/command.h"

#include <stdlib.h>
#include <string.h>

#include "audit/help.h"
#include "audit/interrupt.h"
#include "audit/outputs.h"
#include "audit/recipe.h"
#include "core/clock.h"
#include "core/parallel.h"
#include "core/suggest.h"

#define COMMAND(name) extern const command command_##name;
#include "audit/commands.def"
#undef COMMAND

static const command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "audit/commands.def"
#undef COMMAND
};

enum { COMMANDS = sizeof commands / sizeof *commands, EXIT_USAGE = 2 };

const command *command_at(int i) {
    return i >= 0 && i < COMMANDS ? commands[i] : NULL;
}

const command *command_find(const char *name) {
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static int unknown_command(const char *name) {
    suggestion near = suggest_for(name);
    for (int i = 0; i < COMMANDS; i++)
        suggest_offer(&near, commands[i]->name);
    fprintf(stderr, "audit: unknown command \"%s\"%s\n", name, suggest_text(&near));
    fprintf(stderr, "hint: `audit help` lists the commands\n");
    return EXIT_USAGE;
}

static bool asks_for_help(int argc, char *const *argv) {
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

static status check_arguments(const context *c, err *e) {
    const command *k = c->command;
    if (c->n_arguments < k->fewest) return err_set(e, STATUS_USAGE, "expected %s", k->arguments);
    if (k->most >= 0 && c->n_arguments > k->most)
        return err_set(e, STATUS_USAGE, "unexpected word \"%s\"", c->arguments[k->most]);
    return STATUS_OK;
}

static void start_run(context *c) {
    const run_settings *o = &c->common;
    c->progress = progress_new(o->quiet);
    c->run = run_default();
    c->run.seed = (uint64_t)o->seed;
    c->run.threads = o->threads ? (int)o->threads : parallel_cpus();
    c->run.kernel = (kernel_choice)o->kernel;
    c->run.budget = (uint64_t)o->budget;
    c->run.cancel = interrupt_flag();
    c->run.progress = progress_show;
    c->run.user = &c->progress;
    if (o->time_limit) interrupt_after((unsigned)o->time_limit);
}

/* The JSON that option values come from. */
typedef struct option_files {
    json *config, *recipe;
} option_files;

/* The options up to three times: to learn which configuration file, with it to learn which recipe, and with both. */
static status resolve(context *c, void *settings, option_files *files, arena *memory, const char **words,
                      err *e) {
    option_set sets[OPTION_SETS_MOST], known[OPTION_SETS_MOST], recipe[OPTION_SETS_MOST];
    option_sources s = {.sets = sets,
                        .n_sets = command_option_sets(c->command, c, settings, sets),
                        .command = c->command->name,
                        .known = known,
                        .n_known = common_option_sets(known),
                        .argc = c->argc - 2,
                        .argv = c->argv + 2,
                        .recipe_sets = recipe,
                        .n_recipe_sets = recipe_option_sets(c, recipe)};
    status ok = options_resolve(&s, memory, words, &c->n_arguments, e);
    c->arguments = words;
    if (ok == STATUS_OK && c->common.config) {
        s.config_path = c->common.config;
        ok = json_parse_file(s.config_path, &files->config, e);
        s.config = files->config;
        if (ok == STATUS_OK) ok = options_resolve(&s, memory, words, &c->n_arguments, e);
    }
    if (ok == STATUS_OK && c->training.recipe) {
        s.recipe_path = c->training.recipe;
        ok = recipe_read(s.recipe_path, &files->recipe, e);
        s.recipe = files->recipe;
        if (ok == STATUS_OK) ok = options_resolve(&s, memory, words, &c->n_arguments, e);
    }
    return ok;
}

static status flush_output(err *e) {
    bool failed = ferror(stdout);
    if (fflush(stdout) == 0 && !failed) return STATUS_OK;
    return err_set(e, STATUS_IO, "standard output: cannot write");
}

static int report_failure(context *c, status s, const err *e) {
    progress_clear(&c->progress);
    if (s == STATUS_CANCELLED && interrupt_timed_out()) {
        fprintf(stderr, "audit %s: stopped by the time limit of %lld s: %s\n", c->command->name,
                (long long)c->common.time_limit, e->message[0] ? e->message : "nothing was finished");
        return status_exit_code(STATUS_NOT_EVALUABLE);
    }
    fprintf(stderr, "audit %s: %s\n", c->command->name, e->message[0] ? e->message : status_text(s));
    if (s == STATUS_USAGE) fprintf(stderr, "hint: `audit %s --help` lists what it takes\n", c->command->name);
    return status_exit_code(s);
}

static int run_command(const command *k, int argc, char *const *argv) {
    context c = {.command = k, .argc = argc, .argv = argv, .began = clock_seconds()};
    arena memory = {0};
    option_files files = {NULL, NULL};
    err e = {{0}};
    void *settings = arena_alloc(&memory, k->settings_size);
    const char **words = arena_array(&memory, (size_t)argc, sizeof *words);
    bool ready = settings && words;
    status s = ready ? resolve(&c, settings, &files, &memory, words, &e)
                     : err_set(&e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) s = check_arguments(&c, &e);
    if (s == STATUS_OK) s = outputs_check(&c, settings, &e);
    if (s == STATUS_OK) {
        start_run(&c);
        s = k->run(&c, settings, &e);
    }
    progress_clear(&c.progress);
    if (s == STATUS_OK) s = flush_output(&e);
    int exit_code = s == STATUS_OK ? c.verdict : report_failure(&c, s, &e);
    json_free(files.recipe);
    json_free(files.config);
    arena_free(&memory);
    return exit_code;
}

int command_line(int argc, char *const *argv) {
    err e = {{0}};
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        printf("audit %s\n", AUDIT_VERSION);
        return flush_output(&e) == STATUS_OK ? 0 : EXIT_USAGE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        help_overview(argc > 1 ? stdout : stderr);
        return argc > 1 ? 0 : EXIT_USAGE;
    }
    const command *k = command_find(name);
    if (!k) return unknown_command(name);
    if (!asks_for_help(argc - 2, argv + 2)) return run_command(k, argc, argv);
    help_command(stdout, k);
    return flush_output(&e) == STATUS_OK ? 0 : EXIT_USAGE;
}
