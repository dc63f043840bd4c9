#include "datasets/open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "datasets/groups.h"
#include "datasets/listing_internal.h"
#include "datasets/named_internal.h"
#include "datasets/open_internal.h"

typedef struct data_source {
    const char *prefix, *example;
    status (*load)(const char *argument, const open_options *o, dataset *out, err *e);
} data_source;

static const data_source sources[] = {
#define DATA_SOURCE_ROW(prefix, what, example, loader) {prefix, example, loader},
    DATA_SOURCE_LIST(DATA_SOURCE_ROW)
#undef DATA_SOURCE_ROW
};

enum { SOURCES = sizeof sources / sizeof sources[0] };

status open_split(const open_options *o, const char **split, err *e) {
    const char *asked = o->split ? o->split : "test";
    *split = strcmp(asked, "validation") == 0 ? "val" : asked;
    if (strcmp(*split, "train") == 0 || strcmp(*split, "test") == 0 || strcmp(*split, "val") == 0)
        return STATUS_OK;
    return err_set(e, STATUS_USAGE, "split \"%s\", expected train, test or val", asked);
}

status open_name(dataset *d, const char *prefix, const char *argument, const char *split, err *e) {
    const char *base = argument ? path_base(&d->memory, argument) : "";
    d->name = base ? arena_printf(&d->memory, "%s%s%s", prefix, argument ? ":" : "", base) : NULL;
    d->split = arena_strdup(&d->memory, split);
    return d->name && d->split ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
}

status open_finish(const open_options *o, dataset *d, err *e) {
    status s = o->labels ? labels_read(d, o->labels, e) : STATUS_OK;
    return s == STATUS_OK ? dataset_finish(d, e) : s;
}

static status unknown_source(const char *specification, const char *prefix, err *e) {
    char known[256] = "";
    suggestion near = suggest_for(prefix);
    for (int i = 0; i < SOURCES; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", sources[i].example);
        suggest_offer(&near, sources[i].prefix);
    }
    if (is_folder(specification) || is_file(specification))
        return err_set(e, STATUS_USAGE,
                       "data \"%s\" is a path: say what it holds, as in folder:%s (known: %s)", specification,
                       specification, known);
    return err_set(e, STATUS_USAGE, "unknown data \"%s\"%s (known: %s)", specification, suggest_text(&near),
                   known);
}

/* Finds the source of "name" or "prefix:argument"; *argument is NULL for a name. */
static status find_source(const char *specification, const data_source **source, const char **argument,
                          err *e) {
    char prefix[32];
    size_t length = strcspn(specification, ":");
    snprintf(prefix, sizeof prefix, "%.*s", (int)(length < sizeof prefix ? length : sizeof prefix - 1),
             specification);
    *argument = specification[length] ? specification + length + 1 : NULL;
    *source = NULL;
    for (int i = 0; i < SOURCES; i++)
        if (strcmp(sources[i].prefix, prefix) == 0) *source = &sources[i];
    if (!*source) return unknown_source(specification, prefix, e);
    bool wants_argument = strchr((*source)->example, ':') != NULL, has_argument = *argument && **argument;
    if (wants_argument != has_argument)
        return err_set(e, STATUS_USAGE, "data \"%s\", expected %s", specification, (*source)->example);
    return STATUS_OK;
}

/* The rows that the options ask for, malloc'ed. */
static status choose_rows(const open_options *o, const dataset *d, int32_t **rows, int *count, err *e) {
    if (!o->first) return dataset_sample_rows(d, o->seed, o->n, rows, count, e);
    status s = dataset_sample_rows(d, o->seed, 0, rows, count, e); /* all, in their order */
    if (s == STATUS_OK && o->first < *count) *count = o->first;
    return s;
}

static status keep_rows(const open_options *o, dataset *d, err *e) {
    int32_t *rows;
    int count;
    status s = choose_rows(o, d, &rows, &count, e);
    if (s != STATUS_OK || count == d->n) {
        free(rows);
        return s;
    }
    dataset kept;
    s = dataset_select(d, rows, count, &kept, e);
    free(rows);
    if (s != STATUS_OK) return s;
    dataset_free(d);
    *d = kept;
    return STATUS_OK;
}

status dataset_open(const char *specification, const open_options *o, dataset *out, err *e) {
    const open_options defaults = {0};
    const data_source *source;
    const char *argument;
    *out = (dataset){0};
    if (!o) o = &defaults;
    if (o->first < 0 || (o->first && o->n))
        return err_set(e, STATUS_USAGE, "the first %d rows and a sample of %d, expected one of them",
                       o->first, o->n);
    status s = find_source(specification, &source, &argument, e);
    if (s != STATUS_OK) return s;
    open_options loading = *o;
    if (o->first) loading.n = o->first; /* what is generated is as long as it is wanted */
    s = source->load(argument, &loading, out, e);
    if (s == STATUS_OK && o->groups) s = groups_add_csv(out, o->groups, e);
    if (s == STATUS_OK) s = keep_rows(o, out, e);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}

bool dataset_available(const char *name) {
    return named_available(name);
}
