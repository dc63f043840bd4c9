/* Output files are whole or absent. */
#include "tests/support/test.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/outfile.h"

static err e;

static void assert_content(const char *path, const char *text) {
    bytes b;
    assert_ok(file_read(path, 1 << 20, &b, &e), e);
    assert_int_equal(b.size, strlen(text));
    assert_memory_equal(b.data, text, b.size);
    bytes_free(&b);
}

/* No file but `n` expected ones: no temporary file is left behind. */
static void assert_files(int n) {
    DIR *folder = opendir(temporary_folder());
    int found = 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        found += entry->d_name[0] != '.';
    closedir(folder);
    assert_int_equal(found, n);
}

static int remove_files(void **state) {
    (void)state;
    DIR *folder = opendir(temporary_folder());
    for (struct dirent *entry; (entry = readdir(folder));)
        remove(temporary_path(entry->d_name));
    closedir(folder);
    return 0;
}

static void test_replaces_at_commit(void **state) {
    (void)state;
    const char *path = temporary_path("out");
    assert_ok(outfile_write(path, "old", 3, &e), e);
    outfile o;
    assert_ok(outfile_open(&o, path, &e), e);
    fputs("new", o.file);
    fflush(o.file);
    assert_content(path, "old");
    assert_ok(outfile_commit(&o, &e), e);
    assert_content(path, "new");
    outfile_discard(&o);
    assert_content(path, "new");
    assert_files(1);
    struct stat info;
    mode_t mask = umask(022);
    umask(mask);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0666 & ~mask);
}

static void test_discard(void **state) {
    (void)state;
    const char *path = temporary_path("out");
    outfile o, never = {0};
    assert_ok(outfile_open(&o, path, &e), e);
    fputs("new", o.file);
    outfile_discard(&o);
    outfile_discard(&o);
    outfile_discard(&never);
    assert_files(0);
}

static void test_two_writers(void **state) {
    (void)state;
    const char *path = temporary_path("out");
    outfile a, b;
    assert_ok(outfile_open(&a, path, &e), e);
    assert_ok(outfile_open(&b, path, &e), e);
    fputs("a", a.file);
    fputs("b", b.file);
    assert_ok(outfile_commit(&b, &e), e);
    assert_ok(outfile_commit(&a, &e), e);
    assert_content(path, "a");
    assert_files(1);
}

static void test_cannot_create(void **state) {
    (void)state;
    outfile o;
    assert_int_equal(outfile_open(&o, temporary_path("no/such/folder"), &e), STATUS_IO);
    assert_non_null(strstr(e.message, "no/such/folder: cannot create: No such file"));
    assert_int_equal(outfile_open(&o, temporary_folder(), &e), STATUS_IO);
    assert_non_null(strstr(e.message, "Is a directory"));
    assert_null(o.file);
    outfile_discard(&o);
    assert_files(0);
}

static void test_link(void **state) {
    (void)state;
    const char *target = temporary_path("target"), *link = temporary_path("link");
    assert_ok(outfile_write(target, "old", 3, &e), e);
    assert_int_equal(symlink(target, link), 0);
    assert_ok(outfile_write(link, "new", 3, &e), e);
    assert_content(target, "new");
    struct stat info;
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_files(2);
}

/* A device is written to, never replaced by a file. */
static void test_devices(void **state) {
    (void)state;
    assert_ok(outfile_write("/dev/null", "x", 1, &e), e);
    struct stat info;
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    need_file("/dev/full");
    assert_int_equal(outfile_write("/dev/full", "x", 1, &e), STATUS_IO);
    assert_string_equal(e.message, "/dev/full: cannot write: No space left on device");
}

/* A disk that fills up in the middle: here, a limit on the size of files. */
static void test_disk_full(void **state) {
    (void)state;
    enum { LIMIT = 4096, SIZE = 100000 };
    const char *path = temporary_path("out");
    assert_ok(outfile_write(path, "old", 3, &e), e);
    char *data = calloc(1, SIZE);
    struct rlimit old, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){LIMIT, old.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    status one_write = outfile_write(path, data, SIZE, &e);
    outfile o;
    status opened = outfile_open(&o, path, NULL);
    for (int i = 0; opened == STATUS_OK && i < SIZE; i++)
        putc(data[i], o.file);
    status many_writes = outfile_commit(&o, NULL);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, handler);
    free(data);
    assert_int_equal(one_write, STATUS_IO);
    assert_non_null(strstr(e.message, "out: cannot write: "));
    assert_int_equal(many_writes, STATUS_IO);
    assert_content(path, "old");
    assert_files(1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_replaces_at_commit, remove_files),
        cmocka_unit_test_teardown(test_discard, remove_files),
        cmocka_unit_test_teardown(test_two_writers, remove_files),
        cmocka_unit_test_teardown(test_cannot_create, remove_files),
        cmocka_unit_test_teardown(test_link, remove_files),
        cmocka_unit_test_teardown(test_devices, remove_files),
        cmocka_unit_test_teardown(test_disk_full, remove_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
