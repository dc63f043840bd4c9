/* The methods and norms as choices of options. */
#include "audit/evasion.h"

const char *evasion_method_choice(int i, const char **what) {
    const attack *method = attack_at(i);
    if (what) *what = method ? method->title : NULL;
    return method ? method->name : NULL;
}

const char *evasion_norm_choice(int i, const char **what) {
    static const char *const names[] = {
#define NAME(code, name) name,
        NORM_LIST(NAME)
#undef NAME
    };
    if (what) *what = NULL;
    return i >= 0 && i < (int)(sizeof names / sizeof *names) ? names[i] : NULL;
}
