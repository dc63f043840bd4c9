/* Status codes and error messages. No function of the libraries prints, exits or asserts on its input. */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include <stdarg.h>

/* X(code, exit code of the `audit` program, text) */
#define STATUS_LIST(X)                                                                                                 \
    X(STATUS_OK, 0, "ok")                                                                                              \
    X(STATUS_USAGE, 2, "usage error")                                                                                  \
    X(STATUS_BAD_FILE, 2, "bad file")                                                                                  \
    X(STATUS_IO, 2, "input/output error")                                                                              \
    X(STATUS_NO_MEMORY, 2, "out of memory")                                                                            \
    X(STATUS_UNSUPPORTED, 2, "not supported")                                                                          \
    X(STATUS_NOT_EVALUABLE, 3, "not evaluable")                                                                        \
    X(STATUS_CANCELLED, 130, "cancelled")                                                                              \
    X(STATUS_INTERNAL, 2, "internal error")

typedef enum status {
#define STATUS_ENUM(code, exit_code, text) code,
    STATUS_LIST(STATUS_ENUM)
#undef STATUS_ENUM
} status;

/* A message owned by the caller. Every function that takes an `err *` accepts NULL when nobody wants the text. */
typedef struct err {
    char message[512];
} err;

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* Writes the message (truncated to fit, always terminated) and returns `s`, so that `return err_set(...)` reads well.
 * A message is one line that says what, where, expected and found: "labels.gz: row 17: label 12, expected 0..9". */
status err_set(err *e, status s, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "prefix: " before the message that is there: callers add the file or option they know of. Returns `s`. */
status err_prefix(err *e, status s, const char *format, ...) PRINTF_LIKE(3, 4);

const char *status_text(status s);
int status_exit_code(status s);

#endif
