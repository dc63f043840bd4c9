/* Charts of results as SVG files of their own. Each takes the body of a result. */
#ifndef AUDIT_REPORT_PICTURES_H
#define AUDIT_REPORT_PICTURES_H

#include "core/json.h"

/* Loss, accuracy and learning rate of `audit train`. */
MUST_CHECK status training_picture_write(const char *path, const json *body, err *e);

/* The loss over the learning rate of `audit lr-find`. */
MUST_CHECK status lr_find_picture_write(const char *path, const json *body, err *e);

/* The effects that `audit ablate` found. */
MUST_CHECK status ablation_picture_write(const char *path, const json *body, err *e);

/* Curves and surfaces of `audit landscape`. */
MUST_CHECK status landscape_picture_write(const char *path, const json *body, err *e);

/* Norms over depth and steps of `audit gradients`. */
MUST_CHECK status gradients_picture_write(const char *path, const json *body, err *e);

/* The roofline of `audit bench`; takes run.measured of its result. */
MUST_CHECK status bench_picture_write(const char *path, const json *measured, err *e);

#endif
