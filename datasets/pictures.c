#include "datasets/pictures_internal.h"

#include <stdlib.h>

#include "datasets/image.h"

enum { LONGEST_SIDE = 1 << 14 };

static status check_options(const open_options *o, err *e) {
    bool sides = o->height >= 0 && o->width >= 0 && o->height <= LONGEST_SIDE && o->width <= LONGEST_SIDE;
    if (sides && (o->channels == 0 || o->channels == 1 || o->channels == 3)) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "images of %dx%dx%d, expected sides up to %d and 1 or 3 channels",
                   o->height, o->width, o->channels, (int)LONGEST_SIDE);
}

/* Decides the common shape by the first image and makes room for all. */
static status plan(const open_options *o, shape first, dataset *d, uint8_t **pixels, err *e) {
    d->image = (shape){o->height ? o->height : first.h, o->width ? o->width : first.w, first.c};
    *pixels = arena_array(&d->memory, (size_t)d->n, shape_size(d->image));
    d->pixels = *pixels;
    return *pixels ? STATUS_OK
                   : err_set(e, STATUS_NO_MEMORY,
                             "out of memory for %d images of %dx%dx%d (a height and width would shrink them)",
                             d->n, d->image.h, d->image.w, d->image.c);
}

status pictures_read(const char *const *paths, const open_options *o, dataset *d, err *e) {
    uint8_t *pixels = NULL;
    status s = check_options(o, e);
    for (int i = 0; i < d->n && s == STATUS_OK; i++) {
        shape found;
        uint8_t *image;
        s = image_read_file(paths[i], i ? d->image.c : o->channels, &found, &image, e);
        if (s == STATUS_OK && i == 0) s = plan(o, found, d, &pixels, e);
        if (s == STATUS_OK) image_resize(image, found, pixels + (size_t)i * shape_size(d->image), d->image);
        free(image);
    }
    return s;
}
