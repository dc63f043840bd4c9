/* Tensors whose bytes lie in a file of their own. A model may name any file: only a plain name beside the model is opened, and no link. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nets/onnx/wire_internal.h"

struct external_file {
    struct external_file *next;
    const char *name;
    uint64_t used; /* bytes handed out so far */
};

static status check_name(const char *name, err *e) {
    if (name && *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "external data in \"%s\", expected a plain file name beside the model",
                   name ? name : "");
}

/* A decimal number of at most 18 digits; `fallback` where the text is missing. */
static status parse_number(const char *text, const char *what, uint64_t fallback, uint64_t *out, err *e) {
    *out = fallback;
    if (!text) return STATUS_OK;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits])
        return err_set(e, STATUS_BAD_FILE, "external data: %s \"%s\" is not a number of bytes", what, text);
    *out = strtoull(text, NULL, 10);
    return STATUS_OK;
}

static struct external_file *file_of(external_data *x, const char *name) {
    for (struct external_file *f = x->files; f; f = f->next)
        if (strcmp(f->name, name) == 0) return f;
    struct external_file *f = arena_alloc(&x->memory, sizeof *f);
    if (!f || !(f->name = arena_strdup(&x->memory, name))) return NULL;
    f->next = x->files;
    x->files = f;
    return f;
}

static status open_beside(const char *folder, const char *name, int *descriptor, uint64_t *size, err *e) {
    *descriptor = -1;
    *size = 0;
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return err_set(e, STATUS_IO, "%s: cannot open: %s", folder, strerror(errno));
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    int code = errno;
    close(directory);
    if (fd < 0 && code == ELOOP)
        return err_set(e, STATUS_BAD_FILE, "external data: %s/%s is a link, expected a file", folder, name);
    if (fd < 0)
        return err_set(e, STATUS_IO, "external data: %s/%s: cannot open: %s", folder, name, strerror(code));
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(fd);
        return err_set(e, STATUS_BAD_FILE, "external data: %s/%s is not a file", folder, name);
    }
    *descriptor = fd;
    *size = (uint64_t)info.st_size;
    return STATUS_OK;
}

static status read_at(int fd, uint64_t offset, uint8_t *out, size_t size, err *e) {
    for (size_t got = 0; got < size;) {
        ssize_t n = pread(fd, out + got, size - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0)
            return err_set(e, STATUS_IO, "external data: cannot read: %s",
                           n < 0 ? strerror(errno) : "the file shrank");
        got += (size_t)n;
    }
    return STATUS_OK;
}

static status read_range(int fd, uint64_t file_size, uint64_t offset, size_t size, struct external_file *f,
                         uint8_t **out, err *e) {
    if (offset > file_size || size > file_size - offset)
        return err_set(e, STATUS_BAD_FILE,
                       "external data: bytes %" PRIu64 " to %" PRIu64 " of %s, which has %" PRIu64, offset,
                       offset + size, f->name, file_size);
    if (size > file_size - f->used)
        return err_set(e, STATUS_BAD_FILE,
                       "external data: more bytes are taken of %s than it has (%" PRIu64 ")", f->name,
                       file_size);
    *out = malloc(size ? size : 1);
    if (!*out) return err_set(e, STATUS_NO_MEMORY, "out of memory for %zu bytes of external data", size);
    f->used += size;
    return read_at(fd, offset, *out, size, e);
}

status external_read(external_data *x, const wire_tensor *t, size_t size, uint8_t **out, err *e) {
    *out = NULL;
    uint64_t offset, length;
    status s = check_name(t->location, e);
    if (s == STATUS_OK) s = parse_number(t->offset, "offset", 0, &offset, e);
    if (s == STATUS_OK) s = parse_number(t->length, "length", size, &length, e);
    if (s != STATUS_OK) return s;
    if (!x->folder)
        return err_set(e, STATUS_UNSUPPORTED, "external data in \"%s\": no folder to read it from",
                       t->location);
    if (length != size)
        return err_set(e, STATUS_BAD_FILE,
                       "external data: length %" PRIu64 ", expected %zu by shape and type", length, size);
    struct external_file *f = file_of(x, t->location);
    if (!f) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    int fd;
    uint64_t file_size;
    s = open_beside(x->folder, t->location, &fd, &file_size, e);
    if (s != STATUS_OK) return s;
    s = f->used > file_size ? err_set(e, STATUS_BAD_FILE, "external data: %s shrank", f->name)
                            : read_range(fd, file_size, offset, size, f, out, e);
    close(fd);
    if (s == STATUS_OK) {
        sha256_update(x->hash, *out, size);
        return STATUS_OK;
    }
    free(*out);
    *out = NULL;
    return s;
}
