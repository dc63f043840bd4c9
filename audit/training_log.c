#include "audit/training_log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_POINTS = 200 };

/* --- lines -------------------------------------------------------------------------------------------------- */

static json *step_json(const logged_step *p) {
    json *j = json_new_object();
    bool ok = json_set_int(j, "step", p->step) && json_set_int(j, "epoch", p->epoch) &&
              json_set_real(j, "loss", p->loss) && json_set_real(j, "accuracy", p->accuracy) &&
              json_set_real(j, "rate", p->rate);
    if (ok) return j;
    json_free(j);
    return NULL;
}

static json *epoch_json(const train_epoch *t) {
    json *j = json_new_object();
    bool ok = json_set_int(j, "epoch", t->epoch + 1) && json_set_real(j, "loss", t->loss) &&
              json_set_real(j, "accuracy", t->accuracy) && json_set_real(j, "rate", t->rate);
    if (t->perturbed) ok = ok && json_set_real(j, "clean_accuracy", t->clean_accuracy);
    if (t->validated)
        ok = ok && json_set_real(j, "validation_loss", t->validation_loss) &&
             json_set_real(j, "validation_accuracy", t->validation_accuracy);
    if (ok) return j;
    json_free(j);
    return NULL;
}

static void write_line(training_log *l, const json *line) {
    if (!l->file) return;
    char *text = line ? json_text(line, 0) : NULL;
    if (!text || fprintf(l->file, "%s\n", text) < 0 || fflush(l->file) != 0) l->failed = true;
    free(text);
}

static void write_step(training_log *l, const logged_step *p) {
    if (!l->file) return;
    json *line = step_json(p);
    write_line(l, line);
    json_free(line);
}

/* --- memory ------------------------------------------------------------------------------------------------- */

static bool keep_step(training_log *l, const logged_step *p) {
    if (l->n == l->room) {
        size_t room = l->room ? 2 * l->room : 1024;
        logged_step *steps = realloc(l->steps, room * sizeof *steps);
        if (!steps) return false;
        l->steps = steps;
        l->room = room;
    }
    l->steps[l->n++] = *p;
    return true;
}

/* --- going on ----------------------------------------------------------------------------------------------- */

static status take_line(training_log *l, const char *text, size_t size, err *e) {
    json *line;
    logged_step p;
    status s = json_parse(text, size, &line, e);
    if (s == STATUS_OK) s = json_need_int(line, "epoch", 1, INT32_MAX, &p.epoch, e);
    if (s == STATUS_OK) s = json_need_real(line, "loss", &p.loss, e);
    if (s == STATUS_OK) s = json_need_real(line, "accuracy", &p.accuracy, e);
    if (s == STATUS_OK) s = json_need_real(line, "rate", &p.rate, e);
    bool is_step = json_get(line, "step") != NULL;
    if (s == STATUS_OK && is_step) s = json_need_int(line, "step", 0, INT64_MAX, &p.step, e);
    if (s == STATUS_OK && !(is_step ? keep_step(l, &p) : json_append(l->epochs, json_share(line))))
        s = err_set(e, STATUS_NO_MEMORY, "out of memory");
    json_free(line);
    return s;
}

static status read_lines(training_log *l, err *e) {
    FILE *f = fopen(l->path, "r");
    if (!f && errno == ENOENT) return STATUS_OK;
    if (!f) return err_set(e, STATUS_IO, "%s: cannot open: %s", l->path, strerror(errno));
    char *text = NULL;
    size_t room = 0;
    ssize_t size;
    status s = STATUS_OK;
    for (int row = 1; s == STATUS_OK && (size = getline(&text, &room, f)) > 0; row++) {
        if (text[size - 1] != '\n') break; /* cut off when training was killed */
        s = take_line(l, text, (size_t)size - 1, e);
        if (s != STATUS_OK) err_prefix(e, s, "%s: line %d", l->path, row);
    }
    if (s == STATUS_OK && ferror(f)) s = err_set(e, STATUS_IO, "%s: cannot read", l->path);
    free(text);
    fclose(f);
    return s;
}

static bool epoch_is_before(const json *line, int64_t epoch) {
    return json_as_int(json_get(line, "epoch"), 0) < epoch;
}

/* Leaves only what lies before a step (from 0) of an epoch (from 1), and writes it anew in the order in which it happened. */
static void rewrite_before(training_log *l, int64_t step, int64_t epoch) {
    json *kept = json_new_array();
    size_t n = 0, written = 0;
    while (n < l->n && l->steps[n].step < step)
        n++;
    l->n = n;
    if (l->path && !(l->file = freopen(l->path, "w", l->file))) l->failed = true;
    for (size_t i = 0; i < json_count(l->epochs); i++) {
        json *line = json_at(l->epochs, i);
        if (!epoch_is_before(line, epoch)) break;
        for (; written < n && l->steps[written].epoch <= json_as_int(json_get(line, "epoch"), 0); written++)
            write_step(l, &l->steps[written]);
        write_line(l, line);
        if (!json_append(kept, json_share(line))) l->failed = true;
    }
    for (; written < n; written++)
        write_step(l, &l->steps[written]);
    json_free(l->epochs);
    l->epochs = kept;
}

/* --- the calls ---------------------------------------------------------------------------------------------- */

status training_log_open(training_log *l, const char *path, bool resumed, err *e) {
    *l = (training_log){.path = path, .going_on = resumed, .epochs = json_new_array()};
    status s = l->epochs ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK && path && resumed) s = read_lines(l, e);
    if (s == STATUS_OK && path && !(l->file = fopen(path, resumed ? "a" : "w")))
        s = err_set(e, STATUS_IO, "%s: cannot open for writing: %s", path, strerror(errno));
    if (s == STATUS_OK) return s;
    l->failed = false;
    status closed = training_log_close(l, NULL);
    (void)closed;
    return s;
}

void training_log_step(training_log *l, const train_step_report *t) {
    logged_step p = {t->step, t->epoch + 1, t->loss, t->accuracy, t->rate};
    if (l->going_on) rewrite_before(l, p.step, p.epoch);
    l->going_on = false;
    if (!keep_step(l, &p)) l->failed = true;
    write_step(l, &p);
}

void training_log_epoch(training_log *l, const train_epoch *t) {
    json *line = epoch_json(t);
    write_line(l, line);
    if (!json_append(l->epochs, line)) l->failed = true;
}

/* The mean of steps [from, to). */
static json *curve_point(const training_log *l, size_t from, size_t to, double per_epoch) {
    double loss = 0, accuracy = 0, rate = 0, n = (double)(to - from);
    for (size_t i = from; i < to; i++) {
        loss += l->steps[i].loss;
        accuracy += l->steps[i].accuracy;
        rate += l->steps[i].rate;
    }
    double middle = 0.5 * (double)(l->steps[from].step + l->steps[to - 1].step + 1);
    json *j = json_new_object();
    bool ok = json_set_real(j, "epoch", middle / per_epoch) && json_set_real(j, "loss", loss / n) &&
              json_set_real(j, "accuracy", accuracy / n) && json_set_real(j, "rate", rate / n);
    if (ok) return j;
    json_free(j);
    return NULL;
}

/* Steps of an epoch: those of the first whole one, else what there is. */
static double steps_per_epoch(const training_log *l) {
    size_t first = 0;
    while (first < l->n && l->steps[first].epoch == l->steps[0].epoch)
        first++;
    int64_t epoch = first < l->n ? l->steps[first].epoch : l->steps[0].epoch + 1;
    int64_t step = first < l->n ? l->steps[first].step : l->steps[l->n - 1].step + 1;
    return epoch > 1 ? (double)step / (double)(epoch - 1) : 1;
}

json *training_log_curve(const training_log *l) {
    json *curve = json_new_array();
    size_t points = l->n < CURVE_POINTS ? l->n : CURVE_POINTS;
    double per_epoch = l->n ? steps_per_epoch(l) : 1;
    bool ok = curve != NULL;
    for (size_t i = 0; ok && i < points; i++)
        ok = json_append(curve, curve_point(l, i * l->n / points, (i + 1) * l->n / points, per_epoch));
    if (ok) return curve;
    json_free(curve);
    return NULL;
}

status training_log_close(training_log *l, err *e) {
    bool lost = l->failed;
    if (l->file && fclose(l->file) != 0) lost = true;
    const char *path = l->path;
    json_free(l->epochs);
    free(l->steps);
    *l = (training_log){0};
    if (!lost) return STATUS_OK;
    return err_set(e, STATUS_IO, "%s: the training log could not be written", path ? path : "training log");
}
