#include "tests/support/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/json.h"
#include "tests/support/test.h"

enum { WORDS = 64, LINE = 4096 };

static char *read_whole(int file, size_t *size) {
    off_t end = lseek(file, 0, SEEK_END);
    char *text = end >= 0 ? malloc((size_t)end + 1) : NULL;
    if (!text || lseek(file, 0, SEEK_SET) != 0 || read(file, text, (size_t)end) != end) {
        free(text);
        return NULL;
    }
    text[end] = 0;
    *size = (size_t)end;
    return text;
}

static int scratch_file(void) {
    char path[LINE];
    snprintf(path, sizeof path, "%s", temporary_path("output-XXXXXX"));
    int file = mkstemp(path);
    if (file < 0) fail_msg("cannot make %s", path);
    unlink(path);
    return file;
}

/* In the child. */
static void become(const char *binary, char **words, const int files[2], long file_bytes) {
    static const char *const variables[] = {"AUDIT_CONFIG", "AUDIT_SEED", "AUDIT_THREADS", "AUDIT_BATCH",
                                            "AUDIT_KERNEL"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    dup2(files[0], STDOUT_FILENO);
    dup2(files[1], STDERR_FILENO);
    struct rlimit limit = {(rlim_t)file_bytes, (rlim_t)file_bytes};
    if (file_bytes >= 0) setrlimit(RLIMIT_FSIZE, &limit);
    if (chdir(temporary_folder()) == 0) execv(binary, words);
    _exit(127);
}

static cli start(long file_bytes, const char *format, va_list arguments) {
    const char *binary = getenv("AUDIT_BINARY");
    if (!binary || !*binary) {
        print_message("skipped: AUDIT_BINARY is not set\n");
        skip();
    }
    char line[LINE], *words[WORDS] = {(char *)"audit"};
    vsnprintf(line, sizeof line, format, arguments);
    int n = 1;
    for (char *word = strtok(line, " "); word && n < WORDS - 1; word = strtok(NULL, " "))
        words[n++] = word;
    cli c = {.files = {scratch_file(), scratch_file()}};
    c.pid = fork();
    if (c.pid < 0) fail_msg("cannot fork");
    if (c.pid == 0) become(binary, words, c.files, file_bytes);
    return c;
}

cli cli_start(const char *words, ...) {
    va_list arguments;
    va_start(arguments, words);
    cli c = start(-1, words, arguments);
    va_end(arguments);
    return c;
}

cli cli_start_limited(long file_bytes, const char *words, ...) {
    va_list arguments;
    va_start(arguments, words);
    cli c = start(file_bytes, words, arguments);
    va_end(arguments);
    return c;
}

void cli_wait(cli *c) {
    int state = 0;
    while (waitpid(c->pid, &state, 0) < 0 && errno == EINTR)
        continue;
    c->exit_code = WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state);
    size_t size;
    c->out = read_whole(c->files[0], &size);
    c->err = read_whole(c->files[1], &size);
    close(c->files[0]);
    close(c->files[1]);
    if (!c->out || !c->err) fail_msg("cannot read the output of the program");
}

void cli_free(cli *c) {
    free(c->out);
    free(c->err);
    *c = (cli){0};
}

cli cli_run(int code, const char *message, const char *words, ...) {
    va_list arguments;
    va_start(arguments, words);
    cli c = start(-1, words, arguments);
    va_end(arguments);
    cli_wait(&c);
    if (c.exit_code == code && (!message || strstr(c.err, message))) return c;
    char line[LINE];
    va_start(arguments, words);
    vsnprintf(line, sizeof line, words, arguments);
    va_end(arguments);
    print_error(
        "audit %s\nexit code %d, expected %d with \"%s\"\n--- standard output\n%s\n--- standard error\n%s\n",
        line, c.exit_code, code, message ? message : "", c.out, c.err);
    fail();
    return c;
}

char *slurp(const char *name) {
    int file = open(temporary_path(name), O_RDONLY);
    if (file < 0) return NULL;
    size_t size;
    char *text = read_whole(file, &size);
    close(file);
    return text;
}

void assert_same_file(const char *a, const char *b) {
    size_t size_a = 0, size_b = 0;
    int file_a = open(temporary_path(a), O_RDONLY), file_b = open(temporary_path(b), O_RDONLY);
    char *x = file_a >= 0 ? read_whole(file_a, &size_a) : NULL,
         *y = file_b >= 0 ? read_whole(file_b, &size_b) : NULL;
    if (!x || !y) fail_msg("cannot read %s or %s", a, b);
    if (size_a != size_b) fail_msg("%s has %zu bytes, %s has %zu", a, size_a, b, size_b);
    for (size_t i = 0; i < size_a; i++)
        if (x[i] != y[i]) fail_msg("%s and %s differ at byte %zu of %zu", a, b, i, size_a);
    free(x);
    free(y);
    close(file_a);
    close(file_b);
}

static char *body_text(const char *name) {
    err e = {{0}};
    json *document;
    assert_ok(json_parse_file(temporary_path(name), &document, &e), e);
    char *text = json_text(json_get(document, "body"), 0);
    json_free(document);
    return text;
}

void assert_same_body(const char *a, const char *b) {
    char *x = body_text(a), *y = body_text(b);
    size_t i = 0;
    while (x[i] && x[i] == y[i])
        i++;
    if (x[i] || y[i])
        fail_msg("the bodies of %s and %s differ at byte %zu: \"%.60s\" and \"%.60s\"", a, b, i,
                 x + (i > 20 ? i - 20 : 0), y + (i > 20 ? i - 20 : 0));
    free(x);
    free(y);
}

void assert_no_file_like(const char *part) {
    DIR *entries = opendir(temporary_folder());
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (strstr(entry->d_name, part)) fail_msg("%s was left behind", entry->d_name);
    if (entries) closedir(entries);
}
