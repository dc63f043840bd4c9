#ifndef AUDIT_TRANSFER_INTERNAL_H
#define AUDIT_TRANSFER_INTERNAL_H

#include "audit/transfer.h"

/* Stamps the trigger on all test images and sees whether answers move to one class: rows trigger_moved, scratch_trigger_moved and
 * base_trigger_moved. Each net's class is found on every other image and its rate on those between, so that the choice does not flatter. */
MUST_CHECK status transfer_trigger(transfer_job *j, model *base, result *x, err *e);

#endif
