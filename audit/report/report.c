#include "audit/report/report.h"

#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"
#include "core/outfile.h"

/* Sections in the order of the page, each made once per document of its kind. */
static const struct {
    kind kind;
    const char *id, *title;
    void (*put)(html *h, const json *document);
} sections[] = {{KIND_CHECK, "gates", "Gates", gates_put},
                {KIND_EVAL, "accuracy", "Accuracy", classes_put},
                {KIND_ATTACK, "attack", "Accuracy under attack", evasion_put},
                {KIND_CERTIFY, "certified", "Certified accuracy", certification_put},
                {KIND_CORRUPT, "corruptions", "Accuracy under common corruptions", corruption_put},
                {KIND_TRANSFERABILITY, "transferability", "Examples of other models", transferability_put},
                {KIND_SPATIAL, "spatial", "Turned and shifted images", spatial_put},
                {KIND_PATCH, "patch", "Adversarial patch", patch_put},
                {KIND_UNIVERSAL, "universal", "One perturbation for all", universal_put},
                {KIND_FAIRNESS, "groups", "Errors per group", fairness_put},
                {KIND_POISON, "poison", "Poisoned training data", poison_put},
                {KIND_LR_FIND, "lr-find", "Which learning rate", lr_find_put},
                {KIND_TRAIN, "training", "Training", training_put},
                {KIND_TRANSFER, "transfer", "Transfer", transfer_put},
                {KIND_ABLATE, "tricks", "Tricks of training", ablation_put},
                {KIND_EXPLAIN, "explain", "What the net looks at", explain_put},
                {KIND_LANDSCAPE, "landscape", "Loss landscape", landscape_put},
                {KIND_GRADIENTS, "gradients", "Gradients through training", gradients_put},
                {KIND_KERNELS, "kernels", "Classic kernels", kernels_put},
                {KIND_BENCH, "bench", "Speed", bench_put}};

enum { SECTIONS = sizeof sections / sizeof *sections };

/* A page without an evaluation of its own shows the classes of the test at the end of training. */
static void train_section(html *h, const facts *f, const json *document) {
    if (f->documents[KIND_EVAL] == 0) classes_put(h, document);
}

static void section_id(char out[32], int section, int nth) {
    if (nth == 1)
        snprintf(out, 32, "%s", sections[section].id);
    else
        snprintf(out, 32, "%s-%d", sections[section].id, nth);
}

static void section_put(html *h, const facts *f, int section, json *const *results, int n) {
    int nth = 0, all = f->documents[sections[section].kind];
    for (int i = 0; i < n; i++) {
        if (kind_of(results[i]) != sections[section].kind) continue;
        char id[32], title[80];
        section_id(id, section, ++nth);
        if (all > 1)
            snprintf(title, sizeof title, "%s (%d of %d)", sections[section].title, nth, all);
        else
            snprintf(title, sizeof title, "%s", sections[section].title);
        html_section_open(h, id, title);
        subject_put(h, json_get(results[i], "body"));
        sections[section].put(h, results[i]);
        if (sections[section].kind == KIND_TRAIN) train_section(h, f, results[i]);
        html_section_close(h);
    }
}

static void head_put(html *h, const char *title) {
    html_put(h,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
             "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
             "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width, "
             "initial-scale=1\">\n<meta name=\"generator\" content=\"audit " AUDIT_VERSION
             "\">\n<title>%.200s</title>\n",
             title);
    style_put(h);
    html_put(h, "</head>\n<body>\n<main>\n<header>\n<h1>%.200s</h1>\n", title);
}

static void subject_line(html *h, const facts *f) {
    html_put(h, "<p class=\"soft\">");
    if (f->model)
        html_put(h, "%.80s, %s parameters \xc2\xb7 ", row_text(f->model, "arch"),
                 figure_count(json_as_int(json_get(f->model, "parameters"), 0)).text);
    if (f->data)
        html_put(h, "%.80s %.40s, %s images \xc2\xb7 ", row_text(f->data, "name"), row_text(f->data, "split"),
                 figure_count(row_n(f->data)).text);
    html_put(h, "seed %lld \xc2\xb7 audit %s</p>\n", (long long)f->seed, AUDIT_VERSION);
}

static void contents_put(html *h, const facts *f) {
    html_put(h, "<nav aria-label=\"Contents\"><a href=\"#warnings\">Warnings</a>");
    for (int i = 0; i < SECTIONS; i++)
        if (f->documents[sections[i].kind])
            html_put(h, " <a href=\"#%s\">%s</a>", sections[i].id, sections[i].title);
    html_put(h, " <a href=\"#limits\">What this cannot say</a> <a href=\"#provenance\">Commands and "
                "hashes</a></nav>\n");
}

static void page_put(html *h, const char *title, json *const *results, int n) {
    facts f = facts_of(results, n);
    head_put(h, title);
    subject_line(h, &f);
    summary_put(h, &f);
    contents_put(h, &f);
    html_put(h, "</header>\n");
    html_section_open(h, "warnings", "Warnings");
    warnings_put(h, results, n);
    html_section_close(h);
    for (int i = 0; i < SECTIONS; i++)
        section_put(h, &f, i, results, n);
    html_section_open(h, "limits", "What this audit cannot say");
    limits_put(h, &f);
    html_section_close(h);
    html_section_open(h, "provenance", "Commands, hashes, settings");
    provenance_put(h, results, n);
    html_section_close(h);
    html_put(h, "</main>\n</body>\n</html>\n");
}

status report_write(const char *path, const char *title, json *const *results, int n, err *e) {
    outfile o;
    status s = outfile_open(&o, path, e);
    if (s != STATUS_OK) return s;
    html h = {.file = o.file};
    page_put(&h, title, results, n);
    arena_free(&h.memory);
    if (!h.failed) return outfile_commit(&o, e);
    outfile_discard(&o);
    return err_set(e, STATUS_NO_MEMORY, "%s: out of memory", path);
}
