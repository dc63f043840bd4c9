/* audit report RESULT.json... -o report.html */
#include <stddef.h>

#include "audit/command.h"
#include "audit/report/report.h"

typedef struct report_settings {
    const char *output, *title;
} report_settings;

static const option report_options[] = {{.name = "output",
                                         .letter = 'o',
                                         .kind = OPTION_OUTPUT,
                                         .offset = offsetof(report_settings, output),
                                         .metavar = "FILE.html",
                                         .fallback = "report.html",
                                         .what = "the page to write; - is standard output"},
                                        {.name = "title",
                                         .kind = OPTION_TEXT,
                                         .offset = offsetof(report_settings, title),
                                         .metavar = "TEXT",
                                         .fallback = "Audit of an image classifier",
                                         .what = "the heading of the page"},
                                        {0}};

static status finish(context *c, const report_settings *o, err *e) {
    result *x = result_new("report", &c->run);
    result_setting_text(x, "title", o->title);
    result_setting_number(x, "results", c->n_arguments);
    status s = context_finish(c, x, STATUS_OK, e);
    result_free(x);
    return s;
}

static status run_report(context *c, const void *settings, err *e) {
    const report_settings *o = settings;
    json **results = NULL;
    status s = results_read(c->arguments, c->n_arguments, &results, e);
    if (s == STATUS_OK) s = report_write(o->output, o->title, results, c->n_arguments, e);
    if (s == STATUS_OK) s = finish(c, o, e);
    bool to_stdout = o->output[0] == '-' && !o->output[1];
    if (s == STATUS_OK && !to_stdout) say(c, "wrote %s\n", o->output);
    results_free(results, c->n_arguments);
    return s;
}

const command command_report = {
    .name = "report",
    .arguments = "RESULT.json...",
    .fewest = 1,
    .most = -1,
    .what = "one offline HTML page from the results of other commands",
    .about = "Writes a page that needs no network and runs no script: what was found in sentences with "
             "intervals, warnings with "
             "the command to try next, charts and tables of every result, what the audit cannot say, and the "
             "commands, "
             "hashes and seeds behind it. Results come from other commands with --json FILE.",
    .options = report_options,
    .settings_size = sizeof(report_settings),
    .run = run_report};
