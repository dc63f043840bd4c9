/* Several pictures of one command: PNG files in a folder, or all in one file, and in the result. */
#ifndef AUDIT_PICTURE_SET_H
#define AUDIT_PICTURE_SET_H

#include "audit/picture.h"
#include "audit/result.h"

enum { PICTURES_MOST = 16 };

typedef struct picture_set {
    int n;
    const char *names[PICTURES_MOST]; /* of files without ".png"; literals */
    picture list[PICTURES_MOST];
} picture_set;

/* Takes a picture over; an empty one, or one too many, is dropped. */
void picture_set_add(picture_set *s, const char *name, picture *p);

/* STATUS_USAGE or STATUS_IO unless `path` can be written: a file that ends in .png, or a folder that is there or can be made. */
MUST_CHECK status picture_set_check(const char *path, err *e);

/* Writes NAME.png into the folder `path`, or all of them, one below the other, as the file `path` if it ends in .png. */
MUST_CHECK status picture_set_write(const picture_set *s, const char *path, err *e);

/* Adds body.extra.sheets: [{"name", "uri"}]. */
MUST_CHECK status picture_set_record(const picture_set *s, result *x, err *e);

void picture_set_free(picture_set *s);

#endif
