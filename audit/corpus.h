/* A corpus: adversarial images that are kept between runs and tried first by the next one, so that what was broken once is looked at again
 * for the price of a forward pass, by any model. */
#ifndef AUDIT_CORPUS_H
#define AUDIT_CORPUS_H

#include "attacks/runner.h"
#include "core/npy.h"

enum { CORPUS_HASH = 64 }; /* hexadecimal digits, without a terminator */

/* One example an image. An image is its row id in the whole data set and the SHA-256 of its pixels (as float32) and label. Sorted by both, each
 * once. */
typedef struct corpus {
    int n;
    shape image; /* of all; zeros while there are none */
    norm norm;   /* in which the examples are near */
    int32_t *ids;
    char *hashes;  /* n x CORPUS_HASH */
    float *images; /* n x h x w x c in [0, 1] */
    char sha256[SHA256_HEX]; /* of the file that was read, "" where there was none */
} corpus;

/* Reads a .npz with the arrays images (float32 n, h, w, c), ids (int32 n), hashes (uint8 n, 64) and norm (its name as uint8); a file that is
 * not there is an empty corpus of `norm`. STATUS_BAD_FILE for anything else, STATUS_USAGE for examples of another norm or image shape than that of
 * d; then *out is empty. */
MUST_CHECK status corpus_read(const char *path, const dataset *d, norm k, corpus *out, err *e);

/* The same of an archive in memory, without a look at what the run needs. `name` stands at the head of messages. */
MUST_CHECK status corpus_parse(const npz *z, const char *name, corpus *out, err *e);

/* Points stored[row] at the example of each image of d, NULL where there is none (d->n pointers into *c); *found is their number. STATUS_USAGE
 * where row ids are the same and not one image is: the corpus is of other data. */
MUST_CHECK status corpus_match(const corpus *c, const char *name, const dataset *d, const float **stored,
                               int *found, err *e);

/* Takes over the example of every image that `a`, which has its examples, broke within its eps and that has none, or one further away in the norm. *changed is
 * their number. */
MUST_CHECK status corpus_update(corpus *c, const dataset *d, const attack_result *a, int *changed, err *e);

/* Writes it whole or not at all. */
MUST_CHECK status corpus_write(const corpus *c, const char *path, err *e);

void corpus_free(corpus *c);

#endif
