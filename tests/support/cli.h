/* Runs the built program ($AUDIT_BINARY) as a child and keeps what it printed. */
#ifndef TESTS_SUPPORT_CLI_H
#define TESTS_SUPPORT_CLI_H

#include <sys/types.h>

typedef struct cli {
    pid_t pid;
    int exit_code;   /* 128 + signal when a signal ended it */
    char *out, *err; /* all it printed, terminated */
    int files[2];    /* the files behind them, while it runs */
} cli;

/* Starts it with words separated by blanks ("attack model.bin --eps .1"; no quoting). Relative paths are
 * relative to the test's temporary folder, where it runs. Environment: AUDIT_CONFIG, AUDIT_SEED and the like
 * are unset unless the test sets them afterwards. Skips the test when AUDIT_BINARY is not set. */
cli cli_start(const char *words, ...) __attribute__((format(printf, 1, 2)));

/* As cli_start, with the largest file it may write (RLIMIT_FSIZE) in bytes, as on a full disk. */
cli cli_start_limited(long file_bytes, const char *words, ...) __attribute__((format(printf, 2, 3)));

void cli_wait(cli *c);
void cli_free(cli *c);

/* Runs it to its end and fails the test, with all that was printed, unless it exits with `code` and standard
 * error contains `message` (NULL: anything). */
cli cli_run(int code, const char *message, const char *words, ...) __attribute__((format(printf, 3, 4)));

/* The same when nothing of the output matters. */
#define cli_expect(...)                                                                                      \
    do {                                                                                                     \
        cli expected_ = cli_run(__VA_ARGS__);                                                                \
        cli_free(&expected_);                                                                                \
    } while (0)

/* Whole content of a file of the temporary folder, terminated; NULL when absent. */
char *slurp(const char *name);

/* Fails unless two files of the temporary folder hold the same bytes; prints where they differ. */
void assert_same_file(const char *a, const char *b);

/* Fails unless the bodies of two results are the same bytes. */
void assert_same_body(const char *a, const char *b);

/* Fails when any file of the temporary folder has a name that contains `part`: nothing half-written may stay.
 */
void assert_no_file_like(const char *part);

#endif
