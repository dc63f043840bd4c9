/* The policy of `audit check`: which numbers must hold. */
#ifndef AUDIT_GATE_POLICY_H
#define AUDIT_GATE_POLICY_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/status.h"

/* One limit on one kind of row in a result. Texts that are NULL match any row; `group` may end in "=*": every group of that column. */
typedef struct gate {
    const char *name, *metric, *group, *attack, *norm, *method, *command;
    const char *defence; /* of the model as it was judged; NULL fits only results without one */
    double eps;    /* NAN = any */
    bool at_least; /* true: value >= limit; false: value <= limit */
    double limit;
} gate;

typedef struct policy {
    double alpha; /* one-sided error of each verdict, default .05 */
    int n;
    gate *gates;
    arena memory;
} policy;

/* Reads a file like
 *
 *   {"schema": "audit-policy/1", "alpha": 0.05,
 *    "gates": [{"name": "robust", "metric": "accuracy", "attack": "pgd", "norm": "linf", "eps": "8/255", "min": 0.4},
 *              {"metric": "error", "group": "series=*", "max": 0.03}]}
 *
 * `metric` and exactly one of `min` and `max` are needed; `attack` is "none" and `group` is "all" where not given; `eps` may be a fraction. A result behind a
 * defence fits only gates with that very chain as "defence", as results spell it.
 * Unknown members are refused, since a misspelt limit would never be checked. */
MUST_CHECK status policy_read(const char *path, policy *out, err *e);
void policy_free(policy *p);

#endif
