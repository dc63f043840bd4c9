#include "core/npy.h"

#include <stdlib.h>
#include <string.h>

#include "core/npy_internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "elements are used as they are in the file");

enum { DESCR_MAX = 32, HEADER_CAP = 1 << 16, MAX_CHARACTERS = 1 << 20 };
static const size_t file_cap = (size_t)8 << 30;

/* The header is a Python dictionary with the keys descr, fortran_order and shape, in any order. */
typedef struct header {
    const char *at, *end;
    char descr[DESCR_MAX];
    bool fortran, has_descr, has_order, has_shape;
} header;

static void skip_spaces(header *h) {
    while (h->at < h->end && (*h->at == ' ' || *h->at == '\n'))
        h->at++;
}

static bool take(header *h, const char *token) {
    skip_spaces(h);
    size_t n = strlen(token);
    if ((size_t)(h->end - h->at) < n || memcmp(h->at, token, n) != 0) return false;
    h->at += n;
    return true;
}

static bool take_text(header *h, char *out, size_t room) {
    skip_spaces(h);
    if (h->at == h->end || (*h->at != '\'' && *h->at != '"')) return false;
    char quote = *h->at++;
    const char *end = memchr(h->at, quote, (size_t)(h->end - h->at));
    if (!end || (size_t)(end - h->at) >= room) return false;
    size_t n = (size_t)(end - h->at);
    memcpy(out, h->at, n);
    out[n] = '\0';
    h->at = end + 1;
    return true;
}

static bool take_number(header *h, int64_t *value) {
    skip_spaces(h);
    const char *start = h->at;
    for (*value = 0; h->at < h->end && *h->at >= '0' && *h->at <= '9'; h->at++) {
        int digit = *h->at - '0';
        if (*value > (INT64_MAX - digit) / 10) return false;
        *value = *value * 10 + digit;
    }
    bool found = h->at > start;
    take(h, "L"); /* Python 2 wrote its long integers so */
    return found;
}

/* "()", "(3,)", "(3, 4)" or "(3, 4,)" */
static status take_shape(header *h, npy *out, err *e) {
    if (!take(h, "(")) return err_set(e, STATUS_BAD_FILE, "npy header: shape is not a tuple");
    while (!take(h, ")")) {
        if (out->rank == NPY_MAX_RANK)
            return err_set(e, STATUS_UNSUPPORTED, "npy header: more than %d dimensions", NPY_MAX_RANK);
        if (!take_number(h, &out->dims[out->rank++]))
            return err_set(e, STATUS_BAD_FILE, "npy header: a dimension is not a number from 0 to 2^63 - 1");
        if (!take(h, ",") && !(h->at < h->end && *h->at == ')'))
            return err_set(e, STATUS_BAD_FILE, "npy header: shape is not a tuple");
    }
    return STATUS_OK;
}

static status take_descr(header *h, err *e) {
    if (take(h, "[")) return err_set(e, STATUS_UNSUPPORTED, "npy: structured types are not supported");
    if (!take_text(h, h->descr, sizeof h->descr))
        return err_set(e, STATUS_BAD_FILE, "npy header: descr is not a text");
    return STATUS_OK;
}

static status take_member(header *h, npy *out, err *e) {
    char key[DESCR_MAX];
    if (!take_text(h, key, sizeof key) || !take(h, ":"))
        return err_set(e, STATUS_BAD_FILE, "npy header: not a dictionary");
    bool *seen = strcmp(key, "descr") == 0           ? &h->has_descr
                 : strcmp(key, "fortran_order") == 0 ? &h->has_order
                 : strcmp(key, "shape") == 0         ? &h->has_shape
                                                     : NULL;
    if (!seen || *seen)
        return err_set(e, STATUS_BAD_FILE, "npy header: key '%s' is %s", key, seen ? "twice" : "unknown");
    *seen = true;
    if (seen == &h->has_descr) return take_descr(h, e);
    if (seen == &h->has_shape) return take_shape(h, out, e);
    h->fortran = take(h, "True");
    return h->fortran || take(h, "False")
               ? STATUS_OK
               : err_set(e, STATUS_BAD_FILE, "npy header: fortran_order is not a boolean");
}

static status parse_header(header *h, npy *out, err *e) {
    if (!take(h, "{")) return err_set(e, STATUS_BAD_FILE, "npy header: not a dictionary");
    while (!take(h, "}")) {
        status s = take_member(h, out, e);
        if (s != STATUS_OK) return s;
        if (!take(h, ",") && !(h->at < h->end && *h->at == '}'))
            return err_set(e, STATUS_BAD_FILE, "npy header: not a dictionary");
    }
    skip_spaces(h);
    if (h->at != h->end) return err_set(e, STATUS_BAD_FILE, "npy header: text behind the dictionary");
    if (!h->has_descr || !h->has_order || !h->has_shape)
        return err_set(e, STATUS_BAD_FILE, "npy header: key '%s' is missing",
                       !h->has_descr   ? "descr"
                       : !h->has_order ? "fortran_order"
                                       : "shape");
    return STATUS_OK;
}

/* "S12" or "U5" behind the byte order mark. */
static status parse_string_type(const char *descr, npy *out, err *e) {
    int64_t characters;
    header number = {.at = descr + 2, .end = descr + strlen(descr)};
    if (!take_number(&number, &characters) || number.at != number.end || characters < 1 ||
        characters > MAX_CHARACTERS)
        return err_set(e, STATUS_UNSUPPORTED, "npy: type '%s': expected 1..%d characters", descr,
                       MAX_CHARACTERS);
    out->type = descr[1] == 'S' ? NPY_BYTES : NPY_UNICODE;
    out->item_size = (int)characters * (descr[1] == 'S' ? 1 : 4);
    return STATUS_OK;
}

static status parse_type(const char *descr, npy *out, err *e) {
    if (descr[0] == '>')
        return err_set(e, STATUS_UNSUPPORTED, "npy: type '%s': big-endian is not supported", descr);
    for (npy_type t = NPY_F32; t <= NPY_BOOL; t++) {
        if (strcmp(descr, npy_type_descr(t, &out->item_size)) != 0) continue;
        out->type = t;
        return STATUS_OK;
    }
    if (strncmp(descr, "|S", 2) == 0 || strncmp(descr, "<U", 2) == 0) return parse_string_type(descr, out, e);
    if (strcmp(descr, "|O") == 0)
        return err_set(e, STATUS_UNSUPPORTED, "npy: type '|O': Python objects are not supported");
    return err_set(e, STATUS_UNSUPPORTED,
                   "npy: type '%s' is not supported; expected <f4, <f8, |u1, <i4, <i8, |b1, |S or <U", descr);
}

/* From Fortran order (first index fastest) to C order: walks the output and keeps the place in the input. */
static void reorder(const uint8_t *from, npy *out) {
    size_t stride[NPY_MAX_RANK], item = (size_t)out->item_size, place = 0;
    int64_t index[NPY_MAX_RANK] = {0};
    for (int i = 0; i < out->rank; i++)
        stride[i] = i ? stride[i - 1] * (size_t)out->dims[i - 1] : item;
    for (int64_t n = 0; n < out->count; n++) {
        memcpy(out->data + (size_t)n * item, from + place, item);
        for (int i = out->rank - 1; i >= 0; i--) {
            place += stride[i];
            if (++index[i] < out->dims[i]) break;
            place -= stride[i] * (size_t)out->dims[i];
            index[i] = 0;
        }
    }
}

static status take_data(reader *r, bool fortran, npy *out, err *e) {
    size_t size;
    if (!npy_measure(out->dims, out->rank, out->item_size, &out->count, &size))
        return err_set(e, STATUS_BAD_FILE, "npy header: shape is too large");
    if (reader_left(r) != size)
        return err_set(e, STATUS_BAD_FILE, "npy: %zu bytes of data, expected %zu", reader_left(r), size);
    out->data = malloc(size ? size : 1);
    if (!out->data) return err_set(e, STATUS_NO_MEMORY, "npy: out of memory for %zu bytes", size);
    const uint8_t *from = reader_take(r, size);
    if (fortran && out->rank > 1)
        reorder(from, out);
    else if (size)
        memcpy(out->data, from, size);
    return STATUS_OK;
}

static status parse(reader *r, npy *out, err *e) {
    const uint8_t *magic = reader_take(r, 6);
    if (!magic || memcmp(magic, "\x93NUMPY", 6) != 0)
        return err_set(e, STATUS_BAD_FILE, "not an npy file: the magic \\x93NUMPY is missing");
    int major = reader_u8(r), minor = reader_u8(r);
    if (r->failed) return err_set(e, STATUS_BAD_FILE, "npy: truncated in the version number");
    if ((major != 1 && major != 2) || minor != 0)
        return err_set(e, STATUS_UNSUPPORTED, "npy: format %d.%d, expected 1.0 or 2.0", major, minor);
    size_t length = major == 1 ? reader_u16le(r) : reader_u32le(r);
    if (length > HEADER_CAP)
        return err_set(e, STATUS_BAD_FILE, "npy: header of %zu bytes, expected at most %d", length,
                       HEADER_CAP);
    const char *text = (const char *)reader_take(r, length);
    if (!text) return err_set(e, STATUS_BAD_FILE, "npy: truncated header: expected %zu bytes", length);
    header h = {.at = text, .end = text + length};
    status s = parse_header(&h, out, e);
    if (s == STATUS_OK) s = parse_type(h.descr, out, e);
    return s == STATUS_OK ? take_data(r, h.fortran, out, e) : s;
}

status npy_parse(const uint8_t *data, size_t size, npy *out, err *e) {
    *out = (npy){0};
    reader r = reader_of(data, size);
    status s = parse(&r, out, e);
    if (s != STATUS_OK) npy_free(out);
    return s;
}

status npy_read_file(const char *path, npy *out, err *e) {
    *out = (npy){0};
    bytes file;
    status s = file_read(path, file_cap, &file, e);
    if (s != STATUS_OK) return s;
    s = npy_parse(file.data, file.size, out, e);
    bytes_free(&file);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}

void npy_free(npy *a) {
    free(a->data);
    *a = (npy){0};
}
