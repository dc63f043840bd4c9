/* Many image files as one block of pixels of one size. */
#ifndef DATASETS_PICTURES_INTERNAL_H
#define DATASETS_PICTURES_INTERNAL_H

#include "datasets/open.h"

/* Decodes the d->n files into d->pixels, resized to o->height x o->width with o->channels; where these are 0
 * the first image says. */
MUST_CHECK status pictures_read(const char *const *paths, const open_options *o, dataset *d, err *e);

#endif
