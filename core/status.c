#include "core/status.h"

#include <stdio.h>
#include <string.h>

/* Names from hostile files end up in messages: no line breaks, no terminal escapes. */
static void keep_one_line(char *message) {
    for (; *message; message++)
        if ((unsigned char)*message < ' ' || *message == 0x7f) *message = '?';
}

status err_set(err *e, status s, const char *format, ...) {
    if (e) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(e->message, sizeof e->message, format, arguments);
        va_end(arguments);
        keep_one_line(e->message);
    }
    return s;
}

status err_prefix(err *e, status s, const char *format, ...) {
    if (e) {
        err old = *e;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(e->message, sizeof e->message, format, arguments);
        va_end(arguments);
        size_t used = strlen(e->message);
        snprintf(e->message + used, sizeof e->message - used, ": %s", old.message);
        keep_one_line(e->message);
    }
    return s;
}

const char *status_text(status s) {
    switch (s) {
#define STATUS_TEXT(code, exit_code, text)                                                                   \
    case code:                                                                                               \
        return text;
        STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}

int status_exit_code(status s) {
    switch (s) {
#define STATUS_EXIT(code, exit_code, text)                                                                   \
    case code:                                                                                               \
        return exit_code;
        STATUS_LIST(STATUS_EXIT)
#undef STATUS_EXIT
    }
    return 2;
}
