#include "audit/trust.h"

#include <string.h>

const char *trust_problem(const json *body) {
    static const char *const codes[] = {"NOT_FINITE",        "ZERO_GRAD",    "CONSTANT",
                                        "RECHECK_FAILED",    "OUTSIDE_BALL", "BLACKBOX_STRONGER",
                                        "ONE_STEP_STRONGER", "BUDGET_SPENT", "TIME_BUDGET",
                                        "TIME_LIMIT",        "INTERRUPTED",  "NO_EOT"};
    const json *warnings = json_get(body, "warnings");
    for (size_t i = 0; i < json_count(warnings); i++) {
        const char *code = json_as_string(json_get(json_at(warnings, i), "code"));
        for (size_t k = 0; code && k < sizeof codes / sizeof *codes; k++)
            if (strcmp(codes[k], code) == 0) return codes[k];
    }
    return NULL;
}
