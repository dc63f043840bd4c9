#include <inttypes.h>
#include <string.h>

#include "core/npy_internal.h"

enum { ALIGNMENT = 64, PREFIX = 10, DICTIONARY_MAX = NPY_HEADER_MAX - PREFIX - ALIGNMENT };

/* As Python writes a tuple: "()", "(3,)", "(3, 4)". */
static void write_shape(char *out, size_t room, int rank, const int64_t *dims) {
    size_t used = (size_t)snprintf(out, room, "(");
    for (int i = 0; i < rank; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%" PRId64, i ? ", " : "", dims[i]);
    snprintf(out + used, room - used, rank == 1 ? ",)" : ")");
}

status npy_header(npy_type type, int rank, const int64_t *dims, char header[NPY_HEADER_MAX], size_t *size,
                  size_t *data_size, err *e) {
    *size = *data_size = 0;
    int item_size;
    const char *descr = npy_type_descr(type, &item_size);
    if (!descr) return err_set(e, STATUS_USAGE, "npy: strings cannot be written");
    if (rank < 0 || rank > NPY_MAX_RANK)
        return err_set(e, STATUS_USAGE, "npy: %d dimensions, expected 0..%d", rank, NPY_MAX_RANK);
    for (int i = 0; i < rank; i++)
        if (dims[i] < 0) return err_set(e, STATUS_USAGE, "npy: dimension %d is %" PRId64, i, dims[i]);
    int64_t elements;
    if (!npy_measure(dims, rank, item_size, &elements, data_size))
        return err_set(e, STATUS_USAGE, "npy: shape is too large");
    char shape[DICTIONARY_MAX / 2];
    write_shape(shape, sizeof shape, rank, dims);
    size_t used =
        PREFIX + (size_t)snprintf(header + PREFIX, DICTIONARY_MAX,
                                  "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);
    *size = (used + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    memset(header + used, ' ', *size - used);
    header[*size - 1] = '\n';
    const size_t length = *size - PREFIX;
    const uint8_t prefix[PREFIX] = {0x93, 'N', 'U', 'M',           'P',
                                    'Y',  1,   0,   length & 0xff, (uint8_t)(length >> 8)};
    memcpy(header, prefix, PREFIX);
    return STATUS_OK;
}

status npy_write_file(const char *path, npy_type type, int rank, const int64_t *dims, const void *data,
                      err *e) {
    char header[NPY_HEADER_MAX];
    size_t size, data_size;
    status s = npy_header(type, rank, dims, header, &size, &data_size, e);
    if (s != STATUS_OK) return err_prefix(e, s, "%s", path);
    outfile o;
    s = outfile_open(&o, path, e);
    if (s != STATUS_OK) return s;
    fwrite(header, 1, size, o.file);
    if (data_size) fwrite(data, 1, data_size, o.file);
    return outfile_commit(&o, e);
}
