/* What commands share: printing, and ending with a result. */
#include "audit/command.h"

#include "audit/interrupt.h"
#include "core/clock.h"

FILE *context_out(const context *c) {
    return c->common.quiet || c->payload ? NULL : stdout;
}

void say(const context *c, const char *format, ...) {
    FILE *out = context_out(c);
    if (!out) return;
    progress_clear((progress *)&c->progress);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    fflush(out);
}

void context_record_model(const context *c, result *x, const model *m) {
    result_model(x, m);
    if (c->model.tta) result_setting_text(x, "tta", c->model.tta);
    if (c->model.mc_dropout) result_setting_number(x, "mc_dropout", (double)c->model.mc_dropout);
    if (m) defence_options_record(&c->defence, m, c->command->attacks, x);
}

static void print_warnings(const context *c, result *x) {
    const json *warnings = json_get(json_get(result_json(x), "body"), "warnings");
    progress_clear((progress *)&c->progress);
    for (size_t i = 0; i < json_count(warnings); i++) {
        const json *w = json_at(warnings, i);
        const char *next = json_as_string(json_get(w, "next"));
        fprintf(stderr, "warning: %s: %s\n", json_as_string(json_get(w, "code")),
                json_as_string(json_get(w, "message")));
        if (next) fprintf(stderr, "  next: %s\n", next);
    }
}

status context_finish(const context *c, result *x, status s, err *e) {
    bool partial = s == STATUS_CANCELLED;
    if (s != STATUS_OK && !partial) return s;
    if (partial)
        result_warning(x, interrupt_timed_out() ? "TIME_LIMIT" : "INTERRUPTED",
                       "stopped before the work was done: only what was finished is counted", NULL, 0, NULL);
    if (c->data.first) result_setting_number(x, "first", (double)c->data.first);
    json *input = c->command->reads_model || c->command->reads_onnx ? input_settings_json(&c->input) : NULL;
    if (input) result_setting_json(x, "preprocessing", input);
    result_run facts = {.argc = c->argc,
                        .argv = c->argv,
                        .threads = c->run.threads,
                        .batch = (int)c->common.batch,
                        .kernel = c->run.kernel,
                        .seconds = clock_seconds() - c->began,
                        .reproducible = !partial && !c->cut_short};
    print_warnings(c, x);
    if (c->common.json) {
        err writing;
        status written = result_write(x, c->common.json, &facts, &writing);
        if (written != STATUS_OK) {
            if (e) *e = writing;
            return written;
        }
    }
    return s;
}
