#include <math.h>

#include "attacks/evasion/evasion_internal.h"

enum { SEARCHES = 9 };

constant_search constant_search_begin(double c) {
    return (constant_search){.c = c, .high = INFINITY};
}

/* A constant that found an example may be smaller, one that did not must be larger. */
bool constant_search_next(constant_search *k) {
    if (k->found)
        k->high = k->c;
    else
        k->low = k->c;
    k->c = isfinite(k->high) ? (k->low + k->high) / 2 : k->c * 10;
    k->found = false;
    return ++k->done < SEARCHES;
}
