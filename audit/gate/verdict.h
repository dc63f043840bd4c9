/* Verdicts: each gate of a policy against the rows of results. */
#ifndef AUDIT_GATE_VERDICT_H
#define AUDIT_GATE_VERDICT_H

#include "audit/gate/policy.h"
#include "core/json.h"

/* X(code, name): */
#define OUTCOME_LIST(X)                                                                                      \
    X(GATE_PASS, "pass")                                                                                     \
    X(GATE_FAIL, "fail")                                                                                     \
    X(GATE_INCONCLUSIVE, "inconclusive")                                                                     \
    X(GATE_NOT_EVALUABLE, "not evaluable")

typedef enum outcome {
#define OUTCOME_ENUM(code, name) code,
    OUTCOME_LIST(OUTCOME_ENUM)
#undef OUTCOME_ENUM
} outcome;

const char *outcome_name(outcome o);

typedef struct verdict {
    const gate *gate;
    const char *group; /* the row's, where the gate names many */
    outcome outcome;
    int64_t n;            /* of the row; 0 when not evaluable */
    double value, lo, hi; /* the bounds that were compared with the limit; NAN when not evaluable */
    double p;             /* of FAIL, exact binomial; NAN where the row is no share */
    int64_t n_needed; /* about how many images would decide at the same value; 0 = none would, or not asked */
    const char *reason; /* one sentence */
} verdict;

typedef struct verdicts {
    int n;
    verdict *list;
    arena memory;
} verdicts;

/* Applies every gate.
 *
 * Shares are judged by one-sided Clopper-Pearson bounds at 1 - alpha: pass when the bound on the safe side holds the limit, fail when the
 * other breaks it (with Holm's correction over all gates, so that one true gate among many does not fail by chance; passing needs none,
 * since all must pass), else inconclusive with the n that would decide. Other rows are judged by their own 95 % interval. Not evaluable: no row or
 * several rows fit, the value is null, or the result has a warning that makes attacked accuracy meaningless. */
MUST_CHECK status verdicts_of(const policy *p, json *const *results, int n, verdicts *out, err *e);
void verdicts_free(verdicts *v);

/* 1 when a gate failed, else 3 when one was not evaluable, else 4 when one was inconclusive and `strict`, else 0. */
int verdicts_exit_code(const verdicts *v, bool strict);

/* JUnit XML (failure, error, skipped), atomically; for CI systems. */
MUST_CHECK status verdicts_write_junit(const verdicts *v, const char *path, err *e);

#endif
