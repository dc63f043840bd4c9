/* Images held out from training, to judge it while it runs. */
#ifndef AUDIT_HOLDOUT_H
#define AUDIT_HOLDOUT_H

#include "datasets/dataset.h"

/* Splits d in two: of every class the share (in (0, 1), rounded, of two images or more at least one in each part) goes to *held, the rest to
 * *kept, both in d's order. Which ones depends on d's labels alone, not on a seed, so that nets of several seeds are judged on the
 * same images. STATUS_USAGE when either part would be empty. */
MUST_CHECK status holdout_split(const dataset *d, double share, dataset *kept, dataset *held, err *e);

#endif
