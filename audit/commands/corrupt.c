/* audit corrupt MODEL --data D */
#include "audit/corruption.h"
#include "audit/panel_sheet.h"
#include "audit/show.h"
#include "nets/predict.h"

typedef struct corrupt_settings {
    choice_list corruptions;
    number_list severities;
    const char *baseline, *columns, *arrays, *sheet, *save;
    int64_t row;
} corrupt_settings;

#define FIELD(name) offsetof(corrupt_settings, name)

static const char *corruption_choice(int i, const char **what) {
    const corruption *k = corruption_at(i);
    if (what) *what = k ? k->what : NULL;
    return k ? k->name : NULL;
}

static const option options[] = {
    {.name = "corruption",
     .letter = 'c',
     .kind = OPTION_CHOICES,
     .offset = FIELD(corruptions),
     .choice = corruption_choice,
     .what = "the corruptions (default: all of them)"},
    {.name = "severity",
     .kind = OPTION_NUMBERS,
     .offset = FIELD(severities),
     .metavar = "LIST",
     .fallback = "1,2,3,4,5",
     .lo = 1,
     .hi = SEVERITIES,
     .what = "how severe, from 1 to 5"},
    {.name = "baseline",
     .kind = OPTION_FILE,
     .offset = FIELD(baseline),
     .metavar = "MODEL",
     .what = "another model, whose errors are 100 %: adds corruption errors (CE) and their mean, the mCE"},
    {.name = "columns",
     .kind = OPTION_TEXT,
     .offset = FIELD(columns),
     .metavar = "A,B",
     .what = "group columns to break down by (default: every one with 2 to 20 values, numbers in quarters)"},
    {.name = "arrays",
     .kind = OPTION_FILE,
     .offset = FIELD(arrays),
     .metavar = "FOLDER",
     .what = "take the corrupted images from published arrays (CIFAR-10-C): NAME.npy and labels.npy, whose "
             "rows are "
             "those of --data"},
    {.name = "sheet",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(sheet),
     .metavar = "FILE.png",
     .what = "write one image in all corruptions and severities"},
    {.name = "row",
     .kind = OPTION_INTEGER,
     .offset = FIELD(row),
     .metavar = "N",
     .fallback = "0",
     .hi = 1e9,
     .what = "which of the chosen images the sheet shows, from 0"},
    {.name = "save",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(save),
     .metavar = "FILE.npz",
     .what = "write the corrupted images: images, labels, ids, corruption, severity"},
    {0}};

static status set_severities(const number_list *list, corruption_plan *p, err *e) {
    bool wanted[SEVERITIES + 1] = {false};
    for (int i = 0; i < list->n; i++) {
        int severity = (int)list->values[i];
        if (severity != list->values[i])
            return err_set(e, STATUS_USAGE, "--severity: %g, expected whole numbers from 1 to %d",
                           list->values[i], SEVERITIES);
        wanted[severity] = true;
    }
    for (int severity = 1; severity <= SEVERITIES; severity++)
        if (wanted[severity]) p->severities[p->n_severities++] = severity;
    return STATUS_OK;
}

/* In the order of the list, each once. */
static status set_plan(const corrupt_settings *o, corruption_plan *p, err *e) {
    for (int i = 0; corruption_at(i) && p->n < CORRUPTIONS_MOST; i++) {
        bool wanted = o->corruptions.n == 0;
        for (int k = 0; k < o->corruptions.n; k++)
            wanted = wanted || o->corruptions.values[k] == i;
        if (wanted) p->list[p->n++] = corruption_at(i);
    }
    return set_severities(&o->severities, p, e);
}

static void record_settings(result *x, const corrupt_settings *o, const corruption_plan *p,
                            const model *baseline) {
    json *names = json_new_array(), *severities = json_new_array(), *drawn = json_new_array();
    for (int k = 0; k < p->n; k++) {
        json_append(names, json_new_string(p->list[k]->name));
        if (p->list[k]->not_comparable && !p->arrays) json_append(drawn, json_new_string(p->list[k]->name));
    }
    for (int k = 0; k < p->n_severities; k++)
        json_append(severities, json_new_int(p->severities[k]));
    result_setting_json(x, "corruptions", names);
    result_setting_json(x, "severities", severities);
    result_setting_json(x, "not_comparable", drawn);
    result_setting_text(x, "constants", o->arrays ? "published arrays" : "CIFAR-10-C");
    if (!baseline) return;
    result_setting_text(x, "baseline", baseline->arch);
    result_setting_text(x, "baseline_sha256", baseline->sha256);
}

static status write_outputs(context *c, const corrupt_settings *o, const dataset *d, const corruption_plan *p,
                            result *x, err *e) {
    picture sheet = {0};
    status s = STATUS_OK;
    if (o->sheet) s = corruption_sheet(d, (int)o->row, p, &c->run, &sheet, e);
    if (s == STATUS_OK) s = sheet_finish(x, &sheet, o->sheet, "there is nothing to draw", e);
    if (s == STATUS_OK && o->save) s = corruption_save(o->save, d, p, &c->run, e);
    return s;
}

static status corrupt_all(context *c, const corrupt_settings *o, const corruption_plan *p,
                          model *const models[2], const dataset *d, const column_choice *columns, err *e) {
    corruption_found found;
    status ran = corruption_measure(models, models[1] ? 2 : 1, d, p, &c->run, &found, e);
    if (ran != STATUS_OK && (ran != STATUS_CANCELLED || found.n_done == 0)) {
        corruption_found_free(&found);
        return ran;
    }
    result *x = result_new("corrupt", &c->run);
    context_record_model(c, x, models[0]);
    result_data(x, d);
    record_settings(x, o, p, models[1]);
    status s = corruption_record(x, d, p, &found, columns, &c->run, e);
    if (s == STATUS_OK) {
        say_subject(c, d, models[0]);
        corruption_print(c, p, json_get(result_json(x), "body"));
    }
    if (s == STATUS_OK && ran == STATUS_OK) s = write_outputs(c, o, d, p, x, e);
    if (s == STATUS_OK) s = context_finish(c, x, ran, e);
    result_free(x);
    corruption_found_free(&found);
    return s;
}

static status check(const corrupt_settings *o, const dataset *d, err *e) {
    if (o->row > 0 && !o->sheet) return err_set(e, STATUS_USAGE, "--row: it is for the --sheet");
    if (o->row < d->n) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "--row %lld: %d images were chosen", (long long)o->row, d->n);
}

static status run_corrupt(context *c, const void *settings, err *e) {
    const corrupt_settings *o = settings;
    corruption_arrays arrays = {.folder = o->arrays};
    corruption_plan p = {.arrays = o->arrays ? &arrays : NULL};
    loaded_model loaded = {0}, baseline = {0};
    dataset d = {0};
    column_choice columns = {0};
    status s = set_plan(o, &p, e);
    if (s == STATUS_OK) s = context_open_model(c, c->arguments[0], false, &loaded, e);
    if (s == STATUS_OK && o->baseline) s = context_open_model(c, o->baseline, false, &baseline, e);
    if (s == STATUS_OK) s = context_open_data(c, "test", 1000, &loaded.model->input, &d, e);
    if (s == STATUS_OK) s = model_accepts(loaded.model, &d, e);
    if (s == STATUS_OK) s = check(o, &d, e);
    if (s == STATUS_OK)
        s = o->columns ? column_choice_named(&d.columns, o->columns, &columns, e)
                       : column_choice_default(&d.columns, NULL, &columns, e);
    if (s == STATUS_OK)
        s = corrupt_all(c, o, &p, (model *const[]){loaded.model, baseline.model}, &d, &columns, e);
    corruption_arrays_free(&arrays);
    column_choice_free(&columns);
    dataset_free(&d);
    loaded_model_free(&baseline);
    loaded_model_free(&loaded);
    return s;
}

const command command_corrupt = {.name = "corrupt",
                                 .arguments = "MODEL",
                                 .fewest = 1,
                                 .most = 1,
                                 .what =
                                     "accuracy under common corruptions: noise, blur, weather, compression",
                                 .about = "Corrupts images in the 15 common ways of Hendrycks and Dietterich "
                                          "(2019), each in 5 severities with the "
                                          "constants for small images, and counts how often the model is "
                                          "still right: per corruption and severity, "
                                          "class and group. Nobody wants to mislead the model here: this is "
                                          "what cameras, weather and file formats do. "
                                          "With --baseline the errors are given relative to those of another "
                                          "model, as the mean corruption error (mCE). "
                                          "Without --n, 1,000 images are corrupted.",
                                 .reads_data = true,
                                 .reads_model = true,
                                 .options = options,
                                 .settings_size = sizeof(corrupt_settings),
                                 .run = run_corrupt};
