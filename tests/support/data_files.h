/* Small data files in the temporary folder, good ones and bad ones. Names are relative to it and may hold folders that are there. */
#ifndef TESTS_SUPPORT_DATA_FILES_H
#define TESTS_SUPPORT_DATA_FILES_H

#include <stddef.h>
#include <stdint.h>

/* Each returns the path, as temporary_path does. */
const char *make_folder(const char *name);
const char *make_file(const char *name, const void *data, size_t size);
const char *make_text(const char *name, const char *text);
const char *make_gzip(const char *name, const void *data, size_t size); /* one gzip member */

/* An IDX file of unsigned bytes: `size` bytes of data behind a header that says `rank` sizes. */
const char *make_idx(const char *name, int rank, const uint32_t *dims, const uint8_t *data, size_t size);
const char *make_idx_labels(const char *name, const uint8_t *labels, uint32_t n);

/* A PNG of h x w x c. */
const char *make_png(const char *name, const uint8_t *pixels, int h, int w, int c);

#endif
