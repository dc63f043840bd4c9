/* audit predict MODEL --data D -o logits.npy */
#include <math.h>
#include <string.h>

#include "audit/predictions_of.h"
#include "core/csv.h"
#include "core/npy.h"
#include "core/outfile.h"

typedef struct predict_settings {
    const char *output, *csv;
} predict_settings;

static const option options[] = {{.name = "output",
                                  .letter = 'o',
                                  .kind = OPTION_OUTPUT,
                                  .offset = offsetof(predict_settings, output),
                                  .metavar = "FILE.npy",
                                  .what = "write the logits: float32, images x classes"},
                                 {.name = "csv",
                                  .kind = OPTION_OUTPUT,
                                  .offset = offsetof(predict_settings, csv),
                                  .metavar = "FILE",
                                  .what = "write row, label, prediction, confidence and the group columns"},
                                 {0}};

static double confidence(const float *z, int classes, int class) {
    double sum = 0;
    for (int i = 0; i < classes; i++)
        sum += exp((double)z[i] - z[class]);
    return 1 / sum;
}

static void put_column(FILE *file, const column *k, int row) {
    fputc(',', file);
    if (k->kind == COLUMN_NUMBER) {
        if (isfinite(k->numbers[row])) fprintf(file, "%.9g", k->numbers[row]);
    } else if (k->codes[row] != CATEGORY_MISSING)
        csv_put(file, k->levels[k->codes[row]]);
}

static void put_rows(FILE *file, const dataset *d, const predictions *p) {
    fputs("row,label,prediction,confidence", file);
    if (p->entropy) fputs(",entropy,information", file);
    for (int k = 0; k < d->columns.n_columns; k++) {
        fputc(',', file);
        csv_put(file, d->columns.columns[k].name);
    }
    fputc('\n', file);
    for (int i = 0; i < p->n; i++) {
        int answer = p->answers[i];
        fprintf(file, "%d,", d->ids[i]);
        csv_put(file, d->class_names[d->labels[i]]);
        fputc(',', file);
        if (answer >= 0) csv_put(file, d->class_names[answer]);
        fputc(',', file);
        if (answer >= 0)
            fprintf(file, "%.6f", confidence(p->logits + (size_t)i * (size_t)p->classes, p->classes, answer));
        if (p->entropy) fprintf(file, ",%.6g,%.6g", (double)p->entropy[i], (double)p->information[i]);
        for (int k = 0; k < d->columns.n_columns; k++)
            put_column(file, &d->columns.columns[k], i);
        fputc('\n', file);
    }
}

static status write_csv(const char *path, const dataset *d, const predictions *p, err *e) {
    outfile o;
    status s = outfile_open(&o, path, e);
    if (s != STATUS_OK) return s;
    put_rows(o.file, d, p);
    return outfile_commit(&o, e);
}

/* Says what was written, unless that is standard output itself. */
static void say_written(const context *c, const char *path, const predictions *p) {
    if (path && strcmp(path, "-") != 0) say(c, "wrote %s: %d images, %d classes\n", path, p->n, p->classes);
}

static status write_outputs(context *c, const predict_settings *o, const model *m, const dataset *d,
                            const predictions *p, err *e) {
    const int64_t dims[] = {p->n, p->classes};
    status s = o->output ? npy_write_file(o->output, NPY_F32, 2, dims, p->logits, e) : STATUS_OK;
    if (s == STATUS_OK && o->csv) s = write_csv(o->csv, d, p, e);
    if (s != STATUS_OK) return s;
    say_written(c, o->output, p);
    say_written(c, o->csv, p);
    result *x = result_new("predict", &c->run);
    context_record_model(c, x, m);
    result_data(x, d);
    predictions_record(x, d, p);
    predictions_record_spread(x, p);
    s = context_finish(c, x, STATUS_OK, e);
    result_free(x);
    return s;
}

static status run_predict(context *c, const void *settings, err *e) {
    const predict_settings *o = settings;
    if (!o->output && !o->csv) return err_set(e, STATUS_USAGE, "expected -o FILE.npy, --csv FILE, or both");
    loaded_model loaded;
    dataset d = {0};
    predictions p = {0};
    status s = context_open_model(c, c->arguments[0], false, &loaded, e);
    if (s == STATUS_OK) s = context_open_data(c, "test", 0, &loaded.model->input, &d, e);
    if (s == STATUS_OK) s = predictions_of(c, &loaded, &d, &p, e);
    if (s == STATUS_OK) s = write_outputs(c, o, loaded.model, &d, &p, e);
    predictions_free(&p);
    dataset_free(&d);
    loaded_model_free(&loaded);
    return s;
}

const command command_predict = {.name = "predict",
                                 .arguments = "MODEL",
                                 .fewest = 1,
                                 .most = 1,
                                 .what = "write the logits of every image",
                                 .about = "Writes the logits as a NumPy array (float32, images x classes), "
                                          "and as CSV the predicted class with its confidence "
                                          "beside label and groups: a file that `audit fairness "
                                          "--predictions` reads. An image without a class, because its "
                                          "logits are tied or not finite, has an empty prediction.",
                                 .reads_data = true,
                                 .reads_model = true,
                                 .defends = true,
                                 .reads_answers = true,
                                 .options = options,
                                 .settings_size = sizeof(predict_settings),
                                 .run = run_predict};
