#include "audit/result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/base64.h"
#include "core/blas.h"

struct result {
    json *document, *body;
    json *settings, *rows, *outcomes, *warnings, *extra; /* parts of body */
    bool failed;                                         /* memory ran out, or a text was not UTF-8 */
};

static const double level = 0.95;

/* Remembers the first failure. */
static void keep(result *x, bool ok) {
    if (!ok) x->failed = true;
}

/* An empty container as a member; NULL on failure. */
static json *add_part(result *x, const char *key, json *part) {
    bool ok = json_set(x->body, key, part);
    keep(x, ok);
    return ok ? json_get(x->body, key) : NULL;
}

result *result_new(const char *command, const run *r) {
    result *x = calloc(1, sizeof *x);
    if (!x) return NULL;
    x->document = json_new_object();
    x->body = json_new_object();
    keep(x, json_set_string(x->document, "schema", "audit-result/1"));
    keep(x, json_set(x->document, "run", json_new_object()));
    keep(x, json_set(x->document, "body", x->body));
    if (x->failed) {
        json_free(x->document);
        free(x);
        return NULL;
    }
    keep(x, json_set_string(x->body, "command", command));
    keep(x, json_set_int(x->body, "seed", (int64_t)r->seed));
    keep(x, json_set_string(x->body, "precision", "fp32"));
    keep(x, json_set(x->body, "model", json_new_null()));
    keep(x, json_set(x->body, "data", json_new_null()));
    x->settings = add_part(x, "settings", json_new_object());
    x->rows = add_part(x, "rows", json_new_array());
    x->outcomes = add_part(x, "outcomes", json_new_object());
    x->warnings = add_part(x, "warnings", json_new_array());
    x->extra = add_part(x, "extra", json_new_object());
    return x;
}

void result_free(result *x) {
    if (x) json_free(x->document);
    free(x);
}

static json *shape_json(shape s) {
    json *j = json_new_array();
    const int sides[] = {s.h, s.w, s.c};
    for (int i = 0; i < 3; i++)
        if (!json_append(j, json_new_int(sides[i]))) {
            json_free(j);
            return NULL;
        }
    return j;
}

static bool set_hash(json *object, const char *hash) {
    return json_set(object, "sha256", *hash ? json_new_string(hash) : json_new_null());
}

void result_model(result *x, const model *m) {
    if (!x) return;
    json *j = json_new_object();
    bool ok = set_hash(j, m->sha256) && json_set_string(j, "arch", m->arch) &&
              json_set(j, "input", shape_json(m->input)) && json_set_int(j, "classes", m->classes) &&
              json_set_int(j, "parameters", m->parameters) && json_set_int(j, "flops", m->flops);
    keep(x, json_set(x->body, "model", j) && ok);
}

void result_data(result *x, const dataset *d) {
    if (!x) return;
    json *j = json_new_object(), *names = json_new_array();
    bool ok = json_set_string(j, "name", d->name) && json_set_string(j, "split", d->split) &&
              json_set_int(j, "n", d->n) && set_hash(j, d->sha256) &&
              json_set(j, "image", shape_json(d->image));
    for (int i = 0; i < d->classes; i++)
        ok = json_append(names, json_new_string(d->class_names[i])) && ok;
    ok = json_set(j, "classes", names) && ok;
    keep(x, json_set(x->body, "data", j) && ok);
}

void result_setting_json(result *x, const char *key, json *value) {
    if (!x)
        json_free(value);
    else
        keep(x, json_set(x->settings, key, value));
}

void result_setting_text(result *x, const char *key, const char *value) {
    result_setting_json(x, key, value ? json_new_string(value) : json_new_null());
}

void result_setting_number(result *x, const char *key, double value) {
    bool whole = fabs(value) < 9e15 && value == floor(value);
    result_setting_json(x, key, whole ? json_new_int((int64_t)value) : json_new_real(value));
}

static json *new_row(row_key key, int64_t n, bool *ok) {
    json *row = json_new_object();
    *ok = json_set_string(row, "metric", key.metric) &&
          json_set_string(row, "attack", key.attack ? key.attack : "none") &&
          (!key.norm || json_set_string(row, "norm", key.norm)) &&
          (isnan(key.eps) || json_set_real(row, "eps", key.eps)) &&
          json_set_string(row, "group", key.group ? key.group : "all") && json_set_int(row, "n", n);
    return row;
}

void result_value(result *x, row_key key, int64_t n, double value, interval i, const char *method,
                  const char *reason) {
    if (!x) return;
    bool ok;
    json *row = new_row(key, n, &ok);
    ok = ok && json_set_real(row, "value", value) && json_set_real(row, "lo", i.lo) &&
         json_set_real(row, "hi", i.hi);
    if (method) ok = ok && json_set_string(row, "method", method);
    if (!isfinite(value)) ok = ok && json_set_string(row, "reason", reason ? reason : "not defined");
    keep(x, json_append(x->rows, row) && ok);
}

void result_share(result *x, row_key key, int64_t k, int64_t n) {
    double value = n > 0 ? (double)k / (double)n : NAN;
    result_value(x, key, n, value, wilson(k, n, level), "wilson", "no images");
}

/* One bit a row, lowest bit first. */
static char *bitmap_text(const uint8_t *bits, int n) {
    size_t size = ((size_t)n + 7) / 8;
    uint8_t *packed = calloc(size ? size : 1, 1);
    if (!packed) return NULL;
    for (int i = 0; i < n; i++)
        if (bits[i]) packed[i / 8] |= (uint8_t)(1u << i % 8);
    char *text = base64_encode("", packed, size);
    free(packed);
    return text;
}

void result_outcomes(result *x, row_key key, const uint8_t *correct, int n) {
    if (!x) return;
    char name[160];
    if (key.attack)
        snprintf(name, sizeof name, "%s/%s/%s/%.10g", key.metric, key.attack, key.norm ? key.norm : "none",
                 key.eps);
    else
        snprintf(name, sizeof name, "%s", key.metric);
    char *text = bitmap_text(correct, n);
    keep(x, text && json_set_string(x->outcomes, name, text));
    free(text);
}

void result_warning(result *x, const char *code, const char *message, const int32_t *rows, int n_rows,
                    const char *next) {
    if (!x) return;
    json *w = json_new_object(), *samples = json_new_array();
    bool ok = json_set_string(w, "code", code) && json_set_string(w, "message", message);
    for (int i = 0; i < n_rows; i++)
        ok = json_append(samples, json_new_int(rows[i])) && ok;
    ok = json_set(w, "samples", samples) && ok;
    if (next) ok = json_set_string(w, "next", next) && ok;
    keep(x, json_append(x->warnings, w) && ok);
}

void result_cost(result *x, uint64_t forwards, uint64_t backwards) {
    if (!x) return;
    json *cost = json_new_object();
    bool ok = json_set_int(cost, "forward", (int64_t)forwards) &&
              json_set_int(cost, "backward", (int64_t)backwards);
    keep(x, json_set(x->body, "cost", cost) && ok);
}

void result_extra(result *x, const char *key, json *value) {
    if (!x)
        json_free(value);
    else
        keep(x, json_set(x->extra, key, value));
}

void result_measured(result *x, json *value) {
    if (!x)
        json_free(value);
    else
        keep(x, json_set(json_get(x->document, "run"), "measured", value));
}

json *result_json(result *x) {
    return x ? x->document : NULL;
}

static bool fill_run(json *j, const result_run *facts) {
    json *argv = json_new_array();
    bool ok = true;
    for (int i = 0; i < facts->argc; i++)
        ok = json_append(argv, json_new_string(facts->argv[i])) && ok;
    return json_set(j, "argv", argv) && ok && json_set_int(j, "threads", facts->threads) &&
           json_set_int(j, "batch", facts->batch) && json_set_string(j, "version", AUDIT_VERSION) &&
           json_set_string(j, "blas", blas_version()) && json_set_string(j, "core", blas_core()) &&
           json_set_string(j, "kernel", kernel_choice_name(facts->kernel)) &&
           json_set_real(j, "seconds", facts->seconds) &&
           json_set_bool(j, "reproducible", facts->reproducible);
}

status result_write(result *x, const char *path, const result_run *facts, err *e) {
    bool ok = x && !x->failed && fill_run(json_get(x->document, "run"), facts);
    if (!ok)
        return err_set(e, STATUS_NO_MEMORY,
                       "%s: the result could not be put together (memory, or a text that is not UTF-8)",
                       path);
    return json_write_file(x->document, path, 1, e);
}
