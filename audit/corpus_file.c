/* A corpus as a NumPy archive. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/corpus.h"

/* An array of the archive that must be there with this type and rank. */
static status need(const npz *z, const char *name, npy_type type, int rank, const npy **out, err *e) {
    const npy *a = npz_find(z, name);
    *out = a;
    if (!a)
        return err_set(
            e, STATUS_BAD_FILE,
            "no corpus of audit attack: array \"%s\" is missing (it needs images, ids, hashes, norm)", name);
    if (a->type != type || a->rank != rank)
        return err_set(e, STATUS_BAD_FILE,
                       "array \"%s\": type or number of dimensions (%d) is wrong, expected %s with %d", name,
                       a->rank,
                       type == NPY_F32   ? "float32"
                       : type == NPY_I32 ? "int32"
                                         : "uint8",
                       rank);
    return STATUS_OK;
}

static status parse_norm(const npy *a, norm *out, err *e) {
    char name[16] = "";
    if (a->count > 0 && a->count < (int64_t)sizeof name) memcpy(name, a->data, (size_t)a->count);
    return norm_parse(name, out, e);
}

static status check_sizes(const npy *images, const npy *ids, const npy *hashes, err *e) {
    int64_t n = images->dims[0], most = 100000000;
    const int64_t *side = images->dims + 1;
    if (n > most)
        return err_set(e, STATUS_BAD_FILE, "%lld images, expected at most %lld", (long long)n,
                       (long long)most);
    if (ids->dims[0] != n || hashes->dims[0] != n || hashes->dims[1] != CORPUS_HASH)
        return err_set(
            e, STATUS_BAD_FILE,
            "%lld images, %lld ids and hashes of %lld x %lld, expected as many of each and %d digits",
            (long long)n, (long long)ids->dims[0], (long long)hashes->dims[0], (long long)hashes->dims[1],
            CORPUS_HASH);
    for (int i = 0; i < 3; i++)
        if (side[i] < 1 || side[i] > 4096)
            return err_set(e, STATUS_BAD_FILE, "images of %lld x %lld x %lld, expected sides of 1..4096",
                           (long long)side[0], (long long)side[1], (long long)side[2]);
    return STATUS_OK;
}

static bool is_hash(const char *text) {
    for (int i = 0; i < CORPUS_HASH; i++)
        if (!strchr("0123456789abcdef", text[i]) || !text[i]) return false;
    return true;
}

static int compare_to_last(const corpus *c, int i) {
    if (c->ids[i - 1] != c->ids[i]) return (c->ids[i - 1] > c->ids[i]) - (c->ids[i - 1] < c->ids[i]);
    const char *hash = c->hashes + (size_t)i * CORPUS_HASH;
    return memcmp(hash - CORPUS_HASH, hash, CORPUS_HASH);
}

static status check_entries(const corpus *c, err *e) {
    size_t size = shape_size(c->image);
    for (int i = 0; i < c->n; i++) {
        if (c->ids[i] < 0)
            return err_set(e, STATUS_BAD_FILE, "entry %d: row id %d, expected 0 or more", i, c->ids[i]);
        if (!is_hash(c->hashes + (size_t)i * CORPUS_HASH))
            return err_set(e, STATUS_BAD_FILE, "entry %d: its hash is not %d hexadecimal digits", i,
                           CORPUS_HASH);
        if (i > 0 && compare_to_last(c, i) >= 0)
            return err_set(e, STATUS_BAD_FILE, "entry %d: row id %d again or out of order", i, c->ids[i]);
        for (size_t k = 0; k < size; k++) {
            float value = c->images[(size_t)i * size + k];
            if (!(value >= 0 && value <= 1))
                return err_set(e, STATUS_BAD_FILE, "entry %d: pixel %zu is %g, expected 0..1", i, k,
                               (double)value);
        }
    }
    return STATUS_OK;
}

static void *copy_of(const npy *a) {
    size_t size = (size_t)a->count * (size_t)a->item_size;
    void *copy = malloc(size + 1);
    if (copy) memcpy(copy, a->data, size);
    return copy;
}

static status take(const npy *images, const npy *ids, const npy *hashes, corpus *out, err *e) {
    out->n = (int)images->dims[0];
    out->image = (shape){(int)images->dims[1], (int)images->dims[2], (int)images->dims[3]};
    out->ids = copy_of(ids);
    out->hashes = copy_of(hashes);
    out->images = copy_of(images);
    if (!out->ids || !out->hashes || !out->images) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    return check_entries(out, e);
}

status corpus_parse(const npz *z, const char *name, corpus *out, err *e) {
    const npy *images, *ids, *hashes, *kind;
    *out = (corpus){0};
    status s = need(z, "images", NPY_F32, 4, &images, e);
    if (s == STATUS_OK) s = need(z, "ids", NPY_I32, 1, &ids, e);
    if (s == STATUS_OK) s = need(z, "hashes", NPY_U8, 2, &hashes, e);
    if (s == STATUS_OK) s = need(z, "norm", NPY_U8, 1, &kind, e);
    if (s == STATUS_OK) s = parse_norm(kind, &out->norm, e);
    if (s == STATUS_OK) s = check_sizes(images, ids, hashes, e);
    if (s == STATUS_OK) s = take(images, ids, hashes, out, e);
    if (s == STATUS_OK) return s;
    corpus_free(out);
    return err_prefix(e, s, "%s", name);
}

static status check_fits(const corpus *c, const char *path, const dataset *d, norm k, err *e) {
    if (c->norm != k)
        return err_set(e, STATUS_USAGE,
                       "%s: holds examples of the norm %s, this run needs %s: keep a corpus for each", path,
                       norm_name(c->norm), norm_name(k));
    if (c->n > 0 && !shape_equal(c->image, d->image))
        return err_set(e, STATUS_USAGE,
                       "%s: holds images of %d x %d x %d, expected %d x %d x %d (height x width x channels)",
                       path, c->image.h, c->image.w, c->image.c, d->image.h, d->image.w, d->image.c);
    return STATUS_OK;
}

status corpus_read(const char *path, const dataset *d, norm k, corpus *out, err *e) {
    struct stat there;
    *out = (corpus){.norm = k};
    if (stat(path, &there) != 0 && errno == ENOENT) return STATUS_OK;
    npz z = {0};
    char hash[SHA256_HEX] = "";
    status s = npz_read_file(path, &z, e);
    if (s == STATUS_OK) s = sha256_file(path, hash, e);
    if (s == STATUS_OK) s = corpus_parse(&z, path, out, e);
    npz_free(&z);
    if (s == STATUS_OK) s = check_fits(out, path, d, k, e);
    if (s != STATUS_OK) corpus_free(out);
    memcpy(out->sha256, s == STATUS_OK ? hash : "", s == STATUS_OK ? sizeof hash : 1);
    return s;
}

status corpus_write(const corpus *c, const char *path, err *e) {
    const char *kind = norm_name(c->norm);
    const shape s = c->image;
    const npz_entry entries[] = {
        {.name = "images", .type = NPY_F32, .rank = 4, .dims = {c->n, s.h, s.w, s.c}, .data = c->images},
        {.name = "ids", .type = NPY_I32, .rank = 1, .dims = {c->n}, .data = c->ids},
        {.name = "hashes", .type = NPY_U8, .rank = 2, .dims = {c->n, CORPUS_HASH}, .data = c->hashes},
        {.name = "norm", .type = NPY_U8, .rank = 1, .dims = {(int64_t)strlen(kind)}, .data = kind}};
    return npz_write_file(path, entries, sizeof entries / sizeof *entries, e);
}
