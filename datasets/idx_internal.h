/* IDX files (LeCun's MNIST format): big-endian header 0, 0, type, rank, sizes; then the data, last index
 * fastest. */
#ifndef DATASETS_IDX_INTERNAL_H
#define DATASETS_IDX_INTERNAL_H

#include "core/bytes.h"
#include "datasets/open.h"

enum { IDX_MOST_RANK = 4, IDX_MOST_HEADER = 4 + 4 * IDX_MOST_RANK };

/* Parses images from memory: rank 3 (n, h, w) or 4 (n, h, w, c), unsigned bytes. *pixels points into `data`.
 */
MUST_CHECK status idx_parse_images(const uint8_t *data, size_t size, int *n, shape *image,
                                   const uint8_t **pixels, err *e);

/* Parses labels from memory: rank 1, unsigned bytes. *labels points into `data`. */
MUST_CHECK status idx_parse_labels(const uint8_t *data, size_t size, int *n, const uint8_t **labels, err *e);

/* Reads a plain or gzip IDX file; more than its header promises is neither inflated nor accepted. */
MUST_CHECK status idx_read(const char *path, bytes *out, err *e);

/* The two files of a split. */
typedef struct idx_files {
    const char *images, *labels; /* labels may be NULL where the caller brings its own */
    const char *split;           /* "all" where the folder has one pair only */
} idx_files;

/* Finds them in a folder. Among files whose names end in idx3-ubyte or idx4-ubyte (images) and idx1-ubyte
 * (labels), .gz or not, those with the word train, t10k or test, or val in their name belong to that split; a
 * folder without such words holds one pair. A plain file goes before its own .gz. Anything else is an error
 * that lists what was found. */
MUST_CHECK status idx_find(const char *folder, const char *split, bool need_labels, arena *memory,
                           idx_files *out, err *e);

/* Loads pixels and labels into `d`, not yet finished. */
MUST_CHECK status idx_load(const idx_files *files, dataset *d, err *e);

#endif
