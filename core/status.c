#include "core/status.h"

#include <stdio.h>
#include <string.h>

status err_set(err *e, status s, const char *format, ...)
{
    if (e) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(e->message, sizeof e->message, format, arguments);
        va_end(arguments);
    }
    return s;
}

status err_prefix(err *e, status s, const char *format, ...)
{
    if (e) {
        err old = *e;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(e->message, sizeof e->message, format, arguments);
        va_end(arguments);
        size_t used = strlen(e->message);
        snprintf(e->message + used, sizeof e->message - used, ": %s", old.message);
    }
    return s;
}

const char *status_text(status s)
{
    switch (s) {
#define STATUS_TEXT(code, exit_code, text)                                                                             \
    case code:                                                                                                         \
        return text;
        STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}

int status_exit_code(status s)
{
    switch (s) {
#define STATUS_EXIT(code, exit_code, text)                                                                             \
    case code:                                                                                                         \
        return exit_code;
        STATUS_LIST(STATUS_EXIT)
#undef STATUS_EXIT
    }
    return 2;
}
