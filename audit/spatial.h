/* What is reported of images that were turned and shifted. */
#ifndef AUDIT_SPATIAL_H
#define AUDIT_SPATIAL_H

#include "attacks/spatial.h"
#include "audit/command.h"

/* Rows over the images that were finished: `accuracy` unchanged, under `random` moves (mean over moves and images), `worst-of-k`, `rotation`, `shift` and
 * `grid`, the last also per class; `accuracy` with group angle=A; `least_angle` and `least_shift`. Outcomes, settings, cost; body.extra.least says for
 * every broken image by which move. */
void spatial_record(result *x, const dataset *d, const spatial_plan *p, const spatial_result *a);

/* The table, and what it does and does not say. */
void spatial_print(const context *c, const dataset *d, const spatial_plan *p, const spatial_result *a);

/* The sheet: images that were right, beside their smallest move of the grid that breaks them. To `path` (NULL: to no file) and as
 * body.extra.sheet. `m`: the model, asked again what it says. */
MUST_CHECK status spatial_sheet(result *x, model *m, const dataset *d, const spatial_plan *p, const spatial_result *a,
                                const char *path, err *e);

#endif
