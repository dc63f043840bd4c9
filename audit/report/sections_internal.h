/* The parts of a page, from top to bottom. Each is given whole documents and writes HTML. */
#ifndef AUDIT_REPORT_SECTIONS_INTERNAL_H
#define AUDIT_REPORT_SECTIONS_INTERNAL_H

#include "audit/report/facts_internal.h"
#include "audit/report/html_internal.h"

void style_put(html *h);

/* What was found, in sentences; and the tiles below them. */
void summary_put(html *h, const facts *f);
void tiles_put(html *h, const facts *f);

/* Warnings of every document, with the command to try next. */
void warnings_put(html *h, json *const *results, int n);

/* Sections of one document, without their headings. */
void training_put(html *h, const json *document);
void ablation_put(html *h, const json *document);
void classes_put(html *h, const json *document); /* accuracy, overall and per class */
void evasion_put(html *h, const json *document);
void certification_put(html *h, const json *document);
void corruption_put(html *h, const json *document);
void transferability_put(html *h, const json *document);
void spatial_put(html *h, const json *document);
void patch_put(html *h, const json *document);
void universal_put(html *h, const json *document);
void poison_put(html *h, const json *document);
void transfer_put(html *h, const json *document);
void fairness_put(html *h, const json *document);
void gates_put(html *h, const json *document);

void explain_put(html *h, const json *document);
void landscape_put(html *h, const json *document);
void gradients_put(html *h, const json *document);
void lr_find_put(html *h, const json *document);
void kernels_put(html *h, const json *document);
void bench_put(html *h, const json *document);

/* A picture from a file: shown if it is base64 that decodes to a PNG of at most 1 MB, else a note says that it is left out. */
void png_put(html *h, const char *uri, const char *alt, const char *caption);

/* The picture in body.extra.sheet, if it is one: base64 that decodes to a PNG. */
void contact_sheet_put(html *h, const json *document);

/* What this audit cannot say. */
void limits_put(html *h, const facts *f);

/* Commands, hashes, seeds, settings. */
void provenance_put(html *h, json *const *results, int n);

/* One line: model, data, images. */
void subject_put(html *h, const json *body);

/* The grade of trust of a row under attack: as a small line in the cell of its value, and in words with the reasons. Empty where the row has none. */
void trust_cell(html *h, const json *row);
void trust_put(html *h, const json *row);

#endif
