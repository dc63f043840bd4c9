#include "audit/report/figures_internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/rows.h"

/* A narrow space that does not break, the minus sign, a dash for what is not defined. */
#define SPACE "\xe2\x80\xaf"
#define MINUS "\xe2\x88\x92"
#define NONE "\xe2\x80\x93"

/* Digits behind the point of a percentage: so many that the interval does not look empty. */
static int digits_of(interval i) {
    double width = i.hi - i.lo;
    if (isnan(width) || width >= 0.005) return 1;
    return width >= 0.0005 ? 2 : 3;
}

/* printf has the minus of programs; this is the one of print. -0.0 loses its sign. */
static figure number(double value, int digits, bool always_signed) {
    figure f, bare;
    snprintf(bare.text, sizeof bare.text, "%.*f", digits, fabs(value));
    bool zero = strspn(bare.text, "0.") == strlen(bare.text);
    const char *sign = zero ? "" : value < 0 ? MINUS : always_signed ? "+" : "";
    snprintf(f.text, sizeof f.text, "%s%.80s", sign, bare.text);
    return f;
}

figure figure_percent(double share, interval i) {
    figure f = {NONE};
    if (!isnan(share))
        snprintf(f.text, sizeof f.text, "%.60s" SPACE "%%", number(100 * share, digits_of(i), false).text);
    return f;
}

figure figure_interval(interval i) {
    figure f = {""};
    if (!isnan(i.lo) && !isnan(i.hi))
        snprintf(f.text, sizeof f.text, "[%.40s, %.40s]", number(100 * i.lo, digits_of(i), false).text,
                 number(100 * i.hi, digits_of(i), false).text);
    return f;
}

figure figure_points(double difference, interval i) {
    figure f = {NONE};
    if (!isnan(difference))
        snprintf(f.text, sizeof f.text, "%.60s points", number(100 * difference, digits_of(i), true).text);
    return f;
}

static figure with_interval(figure value, interval i) {
    figure f, bounds = figure_interval(i);
    snprintf(f.text, sizeof f.text, "%.40s%s%.50s", value.text, *bounds.text ? " " : "", bounds.text);
    return f;
}

figure figure_share(const json *row) {
    return with_interval(figure_percent(row_value(row), row_interval(row)), row_interval(row));
}

figure figure_difference(const json *row) {
    return with_interval(figure_points(row_value(row), row_interval(row)), row_interval(row));
}

figure figure_count(int64_t n) {
    figure f = {""};
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRId64, n), out = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-') f.text[out++] = ',';
        f.text[out++] = digits[i];
    }
    f.text[out] = '\0';
    return f;
}

figure figure_dose(double share) {
    figure f;
    snprintf(f.text, sizeof f.text, "%.4g" SPACE "%%", 100 * share);
    return f;
}

figure figure_eps(double eps) {
    figure f;
    snprintf(f.text, sizeof f.text, "%.3g", eps);
    double steps = round(255 * eps);
    if (fabs(strtod(f.text, NULL) - eps) > 1e-9 && fabs(255 * eps - steps) < 1e-6 && steps < 255)
        snprintf(f.text, sizeof f.text, "%.0f/255", steps);
    return f;
}

bool figure_is_all(const char *attack) {
    return strcmp(attack, "union") == 0 || strcmp(attack, "auto") == 0;
}

figure figure_attack(const char *name) {
    static const char *const shouted[] = {"fgsm", "bim", "pgd", NULL};
    figure f;
    if (strcmp(name, "union") == 0) return (figure){"all attacks together"};
    if (strcmp(name, "auto") == 0) return (figure){"the cascade auto"};
    if (strncmp(name, "auto/", 5) == 0) name += 5;
    if (strcmp(name, "none") == 0) return (figure){"none"};
    snprintf(f.text, sizeof f.text, "%.40s", name);
    for (int i = 0; shouted[i]; i++)
        if (strcmp(name, shouted[i]) == 0)
            for (char *c = f.text; *c; c++)
                *c = (char)toupper((unsigned char)*c);
    return f;
}

figure figure_norm(const char *name) {
    figure f;
    if (strcmp(name, "linf") == 0) return (figure){"L\xe2\x88\x9e"};
    snprintf(f.text, sizeof f.text, "%.20s", strcmp(name, "l2") == 0 ? "L2" : name);
    return f;
}

figure figure_group(const char *name) {
    figure f = {""};
    size_t length = 0;
    for (; *name && length + 4 < sizeof f.text; name++)
        length +=
            (size_t)snprintf(f.text + length, sizeof f.text - length, *name == '&' ? " %c " : "%c", *name);
    return f;
}

figure figure_condition(const json *row) {
    figure f = {"On unchanged images"};
    const char *attack = row_text(row, "attack");
    if (!*attack || strcmp(attack, "none") == 0) return f;
    snprintf(f.text, sizeof f.text, "Under %.30s", figure_attack(attack).text);
    if (!isnan(row_eps(row)))
        snprintf(f.text, sizeof f.text, "Under %.30s, %.20s \xce\xb5\xc2\xa0=\xc2\xa0%.20s",
                 figure_attack(attack).text, figure_norm(row_text(row, "norm")).text,
                 figure_eps(row_eps(row)).text);
    return f;
}

figure figure_threat(const json *row) {
    figure f;
    const char *norm = row_text(row, "norm");
    figure size = figure_eps(row_eps(row)), named = figure_norm(norm);
    if (strcmp(norm, "linf") == 0)
        snprintf(f.text, sizeof f.text, "changes of at most %.20s a pixel", size.text);
    else
        snprintf(f.text, sizeof f.text, "changes of at most %.20s in the %.20s norm", size.text, named.text);
    return f;
}
