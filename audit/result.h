/* Results: what every command measured, in one form from which the terminal, JSON, HTML and JUnit outputs are
 * written. The schema is docs/result-schema.json ("audit-result/1"); `body` is byte-identical for the same
 * work. */
#ifndef AUDIT_RESULT_H
#define AUDIT_RESULT_H

#include "core/json.h"
#include "core/stats.h"
#include "datasets/dataset.h"
#include "nets/model.h"

typedef struct result result;

/* An empty result of a command. `command` is the subcommand's name. NULL when memory is out. All calls below
 * accept that NULL and a failure inside is kept: result_write reports it, so that a command reads as a list
 * of what it found. */
result *result_new(const char *command, const run *r);
void result_free(result *x);

/* The parts of body.model, body.data, body.settings. Settings keep the order of the calls. */
void result_model(result *x, const model *m);
void result_data(result *x, const dataset *d);
void result_setting_text(result *x, const char *key, const char *value);
void result_setting_number(result *x, const char *key, double value);
void result_setting_json(result *x, const char *key, json *value); /* takes the value over */

/* One row. `attack` NULL = "none"; `norm` NULL = none; eps NAN = none; `group` NULL = "all", else
 * "column=value". */
typedef struct row_key {
    const char *metric, *attack, *norm, *group;
    double eps;
} row_key;

/* A share k / n with its Wilson interval; n = 0 gives null with a reason. */
void result_share(result *x, row_key key, int64_t k, int64_t n);

/* A value with an interval made by `method` ("newcombe", "t", "cluster-bootstrap", ...); NAN value gives null
 * with `reason`. */
void result_value(result *x, row_key key, int64_t n, double value, interval i, const char *method,
                  const char *reason);

/* Per-example outcomes: n bytes, 0 or 1, stored as a base64 bitmap under "metric[/attack/norm/eps]". */
void result_outcomes(result *x, row_key key, const uint8_t *correct, int n);

/* A warning: code ("NOT_FINITE"), message, row ids, and the command to try next (NULL = none). */
void result_warning(result *x, const char *code, const char *message, const int32_t *rows, int n_rows,
                    const char *next);

void result_cost(result *x, uint64_t forwards, uint64_t backwards);

/* Anything else a command's outputs need, under body.extra.<key>: curves, tables for the report. Takes the
 * value over. */
void result_extra(result *x, const char *key, json *value);

/* What was measured of this machine and will be another number next time: run.measured. Takes the value over. */
void result_measured(result *x, json *value);

/* The whole document; *x keeps it. */
json *result_json(result *x);

/* What is true of one run only, and stands apart from the body. */
typedef struct result_run {
    int argc;
    char *const *argv;
    int threads, batch;
    kernel_choice kernel;
    double seconds;
    bool reproducible; /* false when a time limit or Ctrl-C cut the work short */
} result_run;

/* Writes it (atomically, "-" = standard output), with the `run` part: these facts, version, BLAS and core. */
MUST_CHECK status result_write(result *x, const char *path, const result_run *facts, err *e);

/* Reads and checks one from a file: schema, types, values in range. The whole document. */
MUST_CHECK status result_read(const char *path, json **out, err *e);

/* Reads n of them into an array of documents; *out is NULL on failure. */
MUST_CHECK status results_read(const char *const *paths, int n, json ***out, err *e);
void results_free(json **results, int n);

/* The check alone, for a document in memory; `name` stands at the head of messages. */
MUST_CHECK status result_check(const json *document, const char *name, err *e);

/* Outcomes of a result as bytes 0 or 1, malloc'ed: body.outcomes[key], which must have n bits. */
MUST_CHECK status result_read_outcomes(const json *document, const char *key, int n, uint8_t **out, err *e);

#endif
