#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "datasets/open_internal.h"

/* strto* skip blanks and take hexadecimal, "inf" and "nan": a number here begins with a digit, sign or point.
 */
static bool begins_number(const char *text) {
    const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
    if (*digits == '.') digits++;
    bool hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    return *digits >= '0' && *digits <= '9' && !hexadecimal;
}

bool text_integer(const char *text, int64_t *value) {
    char *end;
    if (!begins_number(text)) return false;
    errno = 0;
    *value = strtoimax(text, &end, 10);
    return errno == 0 && *end == 0;
}

bool text_number(const char *text, double *value) {
    char *end;
    if (!begins_number(text)) return false;
    *value = strtod(text, &end);
    return isfinite(*value) && *end == 0;
}
