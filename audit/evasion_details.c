#include "audit/evasion_details.h"

void evasion_record_details(result *x, const dataset *d, const evasion_plan *p, const evasion *v,
                            const attack_result *rounded) {
    evasion_record_classes(x, d, p, v);
    evasion_record_pushed(x, d, p, v);
    evasion_record_distances(x, d, p, v);
    if (rounded->n) evasion_record_rounded(x, p, v, rounded);
    evasion_record_time(x, d, p, v);
}

void evasion_print_details(const context *c, const dataset *d, const evasion_plan *p, const evasion *v,
                           const attack_result *rounded) {
    evasion_print_time(c, d, p, v);
    if (rounded->n) evasion_print_rounded(c, p, v, rounded);
    evasion_print_classes(c, d, p, v);
    evasion_print_pushed(c, d, p, v);
    evasion_print_distances(c, d, p, v);
}
