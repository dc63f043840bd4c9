#include "tests/support/test.h"

#include <dirent.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATHS = 4, PATH_CAP = 4096 };

static const char *join(const char *parent, const char *name) {
    static char paths[PATHS][PATH_CAP];
    static int next;
    char *path = paths[next++ % PATHS];
    if (snprintf(path, PATH_CAP, "%s/%s", parent, name) >= PATH_CAP)
        fail_msg("path too long: %s/%s", parent, name);
    return path;
}

const char *source_path(const char *relative) {
    return join(AUDIT_SOURCE_DIR, relative);
}

const char *shared_path(const char *relative) {
    return join(AUDIT_SOURCE_DIR "/../shared", relative);
}

void need_file(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0) {
        print_message("skipped: %s is absent\n", path);
        skip();
    }
}

static char folder[PATH_CAP];

static void remove_tree(const char *path) {
    DIR *entries = opendir(path);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        char inside[PATH_CAP];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        int length = snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        if (length < PATH_CAP && unlink(inside) != 0) remove_tree(inside);
    }
    if (entries) closedir(entries);
    rmdir(path);
}

static void remove_folder(void) {
    remove_tree(folder);
}

const char *temporary_folder(void) {
    if (!folder[0]) {
        const char *base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/audit-test-XXXXXX", base ? base : "/tmp");
        if (!mkdtemp(folder)) fail_msg("cannot make a temporary folder %s", folder);
        atexit(remove_folder);
    }
    return folder;
}

const char *temporary_path(const char *name) {
    return join(temporary_folder(), name);
}

void assert_status_ok_(status s, const err *e, const char *file, int line) {
    if (s == STATUS_OK) return;
    print_error("%s: %s\n", status_text(s), e->message);
    _fail(file, line);
}

void assert_near_(double a, double b, double tolerance, const char *what, const char *file, int line) {
    if (fabs(a - b) <= tolerance) return;
    print_error("%s = %.12g, expected %.12g within %g\n", what, a, b, tolerance);
    _fail(file, line);
}

void assert_relative_(const float *a, const float *b, size_t n, double most, const char *what,
                      const char *file, int line) {
    double difference = 0, reference = 0, worst = -1;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)a[i] - b[i];
        difference += d * d;
        reference += (double)b[i] * b[i];
        if (!(fabs(d) <= worst)) {
            worst = fabs(d);
            at = i;
        }
    }
    double error = sqrt(difference) / fmax(sqrt(reference), 1e-30);
    if (error <= most) return;
    print_error("%s: relative error %g > %g; worst at %zu: %.9g, expected %.9g\n", what, error, most, at,
                n ? a[at] : 0, n ? b[at] : 0);
    _fail(file, line);
}
