#include "audit/picture_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/contact_sheet.h"
#include "core/outfile.h"
#include "datasets/image.h"

void picture_set_add(picture_set *s, const char *name, picture *p) {
    if (!p->pixels || s->n == PICTURES_MOST) {
        picture_free(p);
        return;
    }
    s->names[s->n] = name;
    s->list[s->n++] = *p;
    *p = (picture){0};
}

static bool is_file(const char *path) {
    size_t n = strlen(path);
    return n > 4 && strcmp(path + n - 4, ".png") == 0;
}

status picture_set_check(const char *path, err *e) {
    if (is_file(path)) return outfile_check(path, e);
    struct stat there;
    if (mkdir(path, 0777) == 0 || (stat(path, &there) == 0 && S_ISDIR(there.st_mode))) return STATUS_OK;
    return err_set(e, STATUS_IO, "%s: cannot make the folder: %s", path, strerror(errno));
}

static status write_one(const picture *p, const char *path, err *e) {
    return image_write_png(path, p->pixels, (shape){p->height, p->width, 3}, e);
}

static status write_stacked(const picture_set *s, const char *path, err *e) {
    picture all;
    status ok = pictures_stack(s->list, s->n, &all, e);
    if (ok == STATUS_OK) ok = write_one(&all, path, e);
    picture_free(&all);
    return ok;
}

status picture_set_write(const picture_set *s, const char *path, err *e) {
    if (is_file(path)) return write_stacked(s, path, e);
    size_t room = strlen(path) + 64;
    char *file = malloc(room);
    if (!file) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status ok = STATUS_OK;
    for (int i = 0; i < s->n && ok == STATUS_OK; i++) {
        snprintf(file, room, "%s/%s.png", path, s->names[i]);
        ok = write_one(&s->list[i], file, e);
    }
    free(file);
    return ok;
}

status picture_set_record(const picture_set *s, result *x, err *e) {
    json *list = json_new_array();
    status ok = STATUS_OK;
    for (int i = 0; i < s->n && ok == STATUS_OK; i++) {
        char *uri;
        ok = picture_data_uri(&s->list[i], &uri, e);
        json *one = json_new_object();
        if (ok == STATUS_OK) json_set_string(one, "name", s->names[i]);
        if (ok == STATUS_OK) json_set_string(one, "uri", uri);
        json_append(list, one);
        free(uri);
    }
    result_extra(x, "sheets", list);
    return ok;
}

void picture_set_free(picture_set *s) {
    for (int i = 0; i < s->n; i++)
        picture_free(&s->list[i]);
    *s = (picture_set){0};
}
