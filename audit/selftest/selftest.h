/* What `audit selftest` checks: the tool's own parts on known answers, and that broken models raise their warnings. */
#ifndef AUDIT_SELFTEST_SELFTEST_H
#define AUDIT_SELFTEST_SELFTEST_H

#include <stdbool.h>

#include "core/run.h"

enum { SELFTEST_DETAIL = 160 };

typedef struct selftest_check {
    const char *name, *what;
    /* True when all is well. `detail` gets what was seen. */
    bool (*passes)(const run *r, char detail[SELFTEST_DETAIL]);
} selftest_check;

const selftest_check *selftest_at(int i); /* NULL past the end */

#endif
