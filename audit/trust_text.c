#include "audit/trust_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "audit/rows.h"

/* Codes of warnings are written in capitals. */
static bool is_code(const char *reason) {
    return isupper((unsigned char)reason[0]) && isupper((unsigned char)reason[1]);
}

const char *trust_reasons_text(const json *row, char text[TRUST_TEXT]) {
    const json *reasons = json_get(row, "trust_reasons");
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < json_count(reasons); i++) {
        const char *reason = json_as_string(json_at(reasons, i));
        if (!reason) continue;
        int n = snprintf(text + used, TRUST_TEXT - used, "%s%s%.100s", used ? "; " : "",
                         is_code(reason) ? "warning " : "", reason);
        if (n < 0 || used + (size_t)n >= TRUST_TEXT) break;
        used += (size_t)n;
    }
    return text;
}

/* Who is graded: stages of the cascade have one name. */
static const char *subject(const json *row) {
    const char *name = row_text(row, "attack");
    if (strncmp(name, "auto/", 5) == 0) return "the stages";
    return strcmp(name, "union") == 0 ? "all of them" : name;
}

static bool same_grade(const json *a, const json *b) {
    char one[TRUST_TEXT], other[TRUST_TEXT];
    return strcmp(subject(a), subject(b)) == 0 && strcmp(row_text(a, "trust"), row_text(b, "trust")) == 0 &&
           strcmp(trust_reasons_text(a, one), trust_reasons_text(b, other)) == 0;
}

static bool said_before(const json *rows, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (same_grade(json_at(rows, k), json_at(rows, i))) return true;
    return false;
}

void trust_say(const context *c, const json *body) {
    const json *rows = json_get(body, "rows");
    for (size_t i = 0; i < json_count(rows); i++) {
        const json *row = json_at(rows, i);
        char text[TRUST_TEXT];
        if (strcmp(row_text(row, "group"), "all") != 0 || !*trust_reasons_text(row, text) ||
            said_before(rows, i))
            continue;
        say(c, "Trust in %s is %s: %s.\n", subject(row), row_text(row, "trust"), text);
    }
}
