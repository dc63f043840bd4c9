/* How far a number under attack can be believed. */
#ifndef AUDIT_TRUST_H
#define AUDIT_TRUST_H

#include "core/json.h"

/* high: strong attacks ran to their end and nothing looks wrong. limited: nothing looks wrong, but too little was tried, or a warning says that other
 * losses or tools see something else. low: a warning says that the attack could not do its work. docs/diagnosis.md has the rule. */
typedef enum trust { TRUST_LOW, TRUST_LIMITED, TRUST_HIGH } trust;

const char *trust_name(trust t); /* "low", ... */

enum { TRUST_REASONS = 8 };
typedef struct trust_grade {
    trust level;
    int n;
    const char *reasons[TRUST_REASONS]; /* codes of warnings, which belong to the body, or phrases; the first ones only */
} trust_grade;

/* The grade of one row of an attack's result ("accuracy" or "target_success" under an attack), from the warnings of its body and from what
 * was run. `stopped`: the run was cut short. */
trust_grade trust_of(const json *body, const json *row, bool stopped);

/* Gives every row under attack its `trust` and `trust_reasons`. False when memory is out. */
MUST_CHECK bool trust_stamp(json *body, bool stopped);

/* The code of the first warning in the body of a result after which a number under attack says nothing (grade low); NULL when there
 * is none. */
const char *trust_problem(const json *body);

#endif
