/* Tricks: single options of training that can be taken out of a recipe, or put into one. */
#ifndef AUDIT_TRICK_H
#define AUDIT_TRICK_H

#include "audit/training.h"

/* Changes the recipe `base` by one trick into *out. A trick is an option of training ("mixup") or a step of --augment ("flip").
 * - NAME alone is taken out of the recipe: the option is switched off, the step leaves the list. With `add` it is put in, with its usual value.
 * - NAME=VALUE is put in with this value, in the place of the one that the recipe has.
 * *added tells whether *out has the trick, so that `base` is the one without. STATUS_USAGE, with did-you-mean, when there is no such
 * trick, when it needs a value, or when nothing would change. Texts are from `memory`, which must outlive *out. */
MUST_CHECK status trick_apply(const training_settings *base, const char *text, bool add, arena *memory,
                              training_settings *out, bool *added, err *e);

/* The options in which two recipes differ: {"mixup": [0, 0.2], ...}, null where one is not given. NULL when memory is out. */
json *trick_difference(const training_settings *a, const training_settings *b);

#endif
