/* What is reported about an evasion beside its table: classes, where images are pushed, distances, images of 256 levels, what limited time
 * left. They need the plan's keep_best. The functions that record write rows and extras; those that print are for terminals and short. */
#ifndef AUDIT_EVASION_DETAILS_H
#define AUDIT_EVASION_DETAILS_H

#include "audit/evasion.h"

/* All of them, in one order; `rounded` (evasion_round of the best examples) may be {0}. */
void evasion_record_details(result *x, const dataset *d, const evasion_plan *p, const evasion *v,
                            const attack_result *rounded);
void evasion_print_details(const context *c, const dataset *d, const evasion_plan *p, const evasion *v,
                           const attack_result *rounded);

/* Rows with the group "class=NAME": accuracy on unchanged images, and accuracy (with targets: target_success, of those that were right) under all that was
 * tried, at every eps. The lines: the worst and the best class at the largest eps at which they differ. */
void evasion_record_classes(result *x, const dataset *d, const evasion_plan *p, const evasion *v);
void evasion_print_classes(const context *c, const dataset *d, const evasion_plan *p, const evasion *v);

/* Which class the model names for the images that were right and are broken, each by the example of the smallest eps that broke it: body.extra.pushed =
 * {"attack", "eps": [{"eps", "n", "pairs": [[from, to, images], ...]}, ...]}, classes by number, `to` -1 where the model names none (a tie, NaN), pairs ascending.
 * Nothing for targeted attacks, which choose the class. The line: the commonest pair at the largest eps. */
void evasion_record_pushed(result *x, const dataset *d, const evasion_plan *p, const evasion *v);
void evasion_print_pushed(const context *c, const dataset *d, const evasion_plan *p, const evasion *v);

/* How far the images that were right are from being broken, in the norm, as far as the attacks found: rows distance_q10, distance_median, distance_q90 with
 * intervals from order statistics (method "order-statistics"), and body.extra.distances = [{"attack", "walk", "n", "largest_eps", "beyond", "curve": [[distance, share not broken],
 * ...]}]. One for every method that walks to the nearest example (walk: true), and one for all that was tried in balls (walk: false): there a distance says which eps was
 * tried, and what no eps broke is beyond the largest. A quantile that lies beyond is null with a reason; all are upper bounds of the distances themselves. */
void evasion_record_distances(result *x, const dataset *d, const evasion_plan *p, const evasion *v);
void evasion_print_distances(const context *c, const dataset *d, const evasion_plan *p, const evasion *v);

/* The examples of `a` as images of 256 levels, or others near them (levels_search), looked for at the smallest eps that broke the image and, until one is found, at each larger one.
 * `out` is a result whose broken_at, distance (levels_distance) and examples are those of the images found; a survivor of `a` is one of `out`. Its cost are the passes made here. STATUS_USAGE
 * where d has no 256 levels itself. Free with attack_result_free in any case. */
MUST_CHECK status evasion_round(model *m, const dataset *d, const evasion_plan *p, const attack_result *a, const run *r,
                                attack_result *out, err *e);

/* Rows uint8_accuracy (with targets: uint8_target_success) of the rounded best examples; the lines name both numbers of broken images. */
void evasion_record_rounded(result *x, const evasion_plan *p, const evasion *v, const attack_result *rounded);
void evasion_print_rounded(const context *c, const evasion_plan *p, const evasion *v, const attack_result *rounded);

/* Where the plan's time was over: the warning TIME_BUDGET, and rows finished_accuracy (with targets: finished_target_success) of the images that are decided: broken, or carried to the end of every method. In any case the setting time_budget
 * where there was one. */
void evasion_record_time(result *x, const dataset *d, const evasion_plan *p, const evasion *v);
void evasion_print_time(const context *c, const dataset *d, const evasion_plan *p, const evasion *v);

#endif
