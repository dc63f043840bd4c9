#define _XOPEN_SOURCE 700 /* for realpath; NOLINT(bugprone-reserved-identifier) */

#include "core/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_stdout(const char *path) {
    return strcmp(path, "-") == 0;
}

/* The file to replace: a link stays a link, and what it points to is replaced. NULL: out of memory. */
static char *target_of(const char *path) {
    struct stat info;
    char *target = lstat(path, &info) == 0 && S_ISLNK(info.st_mode) ? realpath(path, NULL) : NULL;
    return target ? target : strdup(path);
}

/* Creates a file beside `path` under a name that no other process has. The descriptor, or -1 with errno. */
static int create_temporary(const char *path, char **name) {
    size_t room = strlen(path) + 64;
    *name = malloc(room);
    int fd = -1;
    for (int i = 0; *name && fd < 0 && i < 100; i++) {
        snprintf(*name, room, "%s.%ld-%d.tmp", path, (long)getpid(), i);
        fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST) break;
    }
    return fd;
}

/* What exists and is no regular file (a pipe, /dev/null) is written in place: it must not be replaced by a
 * file. */
static bool written_in_place(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

status outfile_open(outfile *o, const char *path, err *e) {
    *o = (outfile){0};
    o->path = target_of(path);
    if (!o->path) return err_set(e, STATUS_NO_MEMORY, "%s: out of memory", path);
    if (is_stdout(path)) {
        o->file = stdout;
        return STATUS_OK;
    }
    int fd =
        written_in_place(path) ? open(path, O_WRONLY | O_CLOEXEC) : create_temporary(o->path, &o->temporary);
    o->file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (o->file) return STATUS_OK;
    status s = err_set(e, STATUS_IO, "%s: cannot create: %s", path, strerror(errno));
    if (fd < 0) {
        free(o->temporary); /* never came to be: nothing to remove */
        o->temporary = NULL;
    } else {
        close(fd);
    }
    outfile_discard(o);
    return s;
}

/* Brings everything to the disk and closes. An errno, 0 for success. An earlier write that failed has left
 * its mark in the stream but not its errno: a full disk is what it will have been. */
static int finish(outfile *o) {
    errno = 0;
    bool good = fflush(o->file) == 0 && !ferror(o->file) && (!o->temporary || fsync(fileno(o->file)) == 0);
    int code = good ? 0 : errno ? errno : ENOSPC;
    if (o->file != stdout && fclose(o->file) != 0 && code == 0) code = errno;
    o->file = NULL;
    return code;
}

status outfile_commit(outfile *o, err *e) {
    int code = finish(o);
    if (code == 0 && o->temporary && rename(o->temporary, o->path) != 0) code = errno;
    status s = code ? err_set(e, STATUS_IO, "%s: cannot write: %s", o->path, strerror(code)) : STATUS_OK;
    if (s == STATUS_OK) {
        free(o->temporary);
        o->temporary = NULL;
    }
    outfile_discard(o);
    return s;
}

void outfile_discard(outfile *o) {
    if (o->file && o->file != stdout) fclose(o->file);
    if (o->temporary) unlink(o->temporary);
    free(o->temporary);
    free(o->path);
    *o = (outfile){0};
}

/* A pipe is not opened: its reader would take the closing for the end. */
status outfile_check(const char *path, err *e) {
    if (is_stdout(path)) return STATUS_OK;
    if (!written_in_place(path)) {
        outfile o;
        status s = outfile_open(&o, path, e);
        outfile_discard(&o);
        return s;
    }
    struct stat info;
    bool folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (!folder && access(path, W_OK) == 0) return STATUS_OK;
    return err_set(e, STATUS_IO, "%s: cannot create: %s", path, strerror(folder ? EISDIR : errno));
}

status outfile_write(const char *path, const void *data, size_t size, err *e) {
    outfile o;
    status s = outfile_open(&o, path, e);
    if (s != STATUS_OK) return s;
    if (size) fwrite(data, 1, size, o.file); /* a failure stays in the stream until the commit */
    return outfile_commit(&o, e);
}
