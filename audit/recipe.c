#include "audit/recipe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nets/model_file.h"

/* A model file begins with the length of its header, eight bytes of which the last are zero. A text has no zeros. */
static status is_model_file(const char *path, bool *out, err *e) {
    char head[8];
    *out = false;
    FILE *f = fopen(path, "rb");
    if (!f) return err_set(e, STATUS_IO, "%s: cannot open: %s", path, strerror(errno));
    size_t n = fread(head, 1, sizeof head, f);
    bool failed = ferror(f);
    fclose(f);
    if (failed) return err_set(e, STATUS_IO, "%s: cannot read", path);
    *out = memchr(head, 0, n) != NULL;
    return STATUS_OK;
}

static status stored_recipe(const char *path, json **out, err *e) {
    bool model = false;
    *out = NULL;
    status s = is_model_file(path, &model, e);
    if (s != STATUS_OK) return s;
    if (!model) return json_parse_file(path, out, e);
    model_file file;
    s = model_file_read(path, &file, e);
    if (s != STATUS_OK) return s;
    *out = json_share(file.recipe);
    model_file_free(&file);
    return STATUS_OK;
}

static bool is_option(const char *key) {
    return strcmp(key, "data") != 0 && strcmp(key, "finished") != 0 && strcmp(key, "transfer") != 0;
}

status recipe_read(const char *path, json **out, err *e) {
    json *stored;
    *out = NULL;
    status s = stored_recipe(path, &stored, e);
    if (s != STATUS_OK) return s;
    if (!json_is_object(stored)) s = err_set(e, STATUS_BAD_FILE, "%s: expected an object", path);
    json *options = json_new_object();
    bool ok = options != NULL;
    for (void *i = json_first(stored); ok && i; i = json_next(stored, i))
        if (is_option(json_iterator_key(i)))
            ok = json_set(options, json_iterator_key(i), json_share(json_iterator_value(i)));
    json_free(stored);
    if (s == STATUS_OK && !ok) s = err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK)
        *out = options;
    else
        json_free(options);
    return s;
}
