/* When attacked figures say nothing. */
#ifndef AUDIT_TRUST_H
#define AUDIT_TRUST_H

#include "core/json.h"

/* The code of the first warning in the body of a result after which a number under attack says nothing, since the
 * attack could not do its work (no gradient, NaN, stopped early, ...) or a weaker one did better; NULL when there is none. */
const char *trust_problem(const json *body);

#endif
