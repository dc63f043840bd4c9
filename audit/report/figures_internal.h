/* How figures are written on a page. They come back by value: html_put(h, "%s", figure_count(n).text). */
#ifndef AUDIT_REPORT_FIGURES_INTERNAL_H
#define AUDIT_REPORT_FIGURES_INTERNAL_H

#include <stdint.h>

#include "core/json.h"
#include "core/stats.h"

typedef struct figure {
    char text[96];
} figure;

/* "91.2 %": as many digits as its interval deserves (one where there is none). A dash when not defined. */
figure figure_percent(double share, interval i);

/* "[90.6, 91.7]" in percent, "" when not defined. */
figure figure_interval(interval i);

/* "+1.2 points", a difference of shares. */
figure figure_points(double difference, interval i);

/* "91.2 % [90.6, 91.7]" of a row; a dash when it has no value. The second for differences. */
figure figure_share(const json *row);
figure figure_difference(const json *row);

/* "10,000" */
figure figure_count(int64_t n);

/* "0.5 %": a share that was chosen, not measured. */
figure figure_dose(double share);

/* "0.05", or "8/255" where it is one. */
figure figure_eps(double eps);

/* Names that people know: "pgd" is PGD, "union" is what all attacks break together; "linf" is L with infinity. */
figure figure_attack(const char *name);
/* Whether it stands for several attacks together: "union", or "auto". */
bool figure_is_all(const char *attack);
figure figure_norm(const char *name);

/* "sex=f & age=old" of "sex=f&age=old": it may be broken into lines. */
figure figure_group(const char *name);

/* "On unchanged images", or "Under PGD, L2 eps = 1": attack, norm and eps of a row. */
figure figure_condition(const json *row);

/* "changes of at most 0.05 a pixel": what the attacker of a row may do. */
figure figure_threat(const json *row);

#endif
