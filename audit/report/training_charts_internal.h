/* The curves of training, on a page and in a picture. */
#ifndef AUDIT_REPORT_TRAINING_CHARTS_INTERNAL_H
#define AUDIT_REPORT_TRAINING_CHARTS_INTERNAL_H

#include "audit/report/html_internal.h"

/* Loss, accuracy and learning rate over epochs, from body.extra: `epochs`, and `steps` where it is there. `width` of each. */
void training_charts_put(html *h, const json *body, int width);

#endif
