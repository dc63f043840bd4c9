/* What commands share: opening data. */
#include <string.h>

#include "audit/command.h"
#include "core/text.h"
#include "datasets/groups.h"
#include "datasets/open.h"

status context_size(const context *c, int *height, int *width, err *e) {
    *height = *width = 0;
    const char *text = c->data.size;
    if (!text) return STATUS_OK;
    int sides[2];
    if (!text_integers(text, "x", 1, 4096, sides))
        return err_set(e, STATUS_USAGE, "--size: \"%s\", expected HEIGHTxWIDTH such as 32x32", text);
    *height = sides[0];
    *width = sides[1];
    return STATUS_OK;
}

status context_choice(const context *c, int n, image_choice *out, err *e) {
    const data_settings *d = &c->data;
    *out = (image_choice){.n = d->n >= 0 ? (int)d->n : d->first ? 0 : n, .first = (int)d->first};
    if (!d->first || d->n < 0) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "--first and --n both choose images: give one of them");
}

status context_open_data(const context *c, const char *split, int n, const shape *size, dataset *out,
                         err *e) {
    const data_settings *d = &c->data;
    *out = (dataset){0};
    if (!d->data) return err_set(e, STATUS_USAGE, "--data is missing: which images?");
    image_choice chosen;
    status s = context_choice(c, n, &chosen, e);
    if (s != STATUS_OK) return s;
    open_options o = {.split = d->split ? d->split : split,
                      .n = chosen.n,
                      .first = chosen.first,
                      .seed = c->run.seed,
                      .groups = d->groups,
                      .labels = d->labels};
    if (size) {
        o.height = size->h;
        o.width = size->w;
        o.channels = size->c;
    }
    int height, width;
    s = context_size(c, &height, &width, e);
    if (s == STATUS_OK && d->size) {
        o.height = height;
        o.width = width;
    }
    if (s == STATUS_OK) s = dataset_open(d->data, &o, out, e);
    if (s == STATUS_OK && d->properties) s = groups_add_properties(out, e);
    if (s != STATUS_OK) dataset_free(out);
    return s;
}

status context_open_test(const context *c, const char *test_data, const char *groups, image_choice chosen,
                         const dataset *trained, dataset *out, err *e) {
    *out = (dataset){0};
    if (!test_data && strcmp(trained->split, "train") != 0) return STATUS_OK;
    open_options o = {.split = "test",
                      .n = chosen.n,
                      .first = chosen.first,
                      .groups = groups,
                      .seed = c->run.seed,
                      .height = trained->image.h,
                      .width = trained->image.w,
                      .channels = trained->image.c};
    status s = dataset_open(test_data ? test_data : c->data.data, &o, out, e);
    return s == STATUS_OK ? s : err_prefix(e, s, "test data");
}

status context_open_both(context *c, int64_t train_n, const char *test_data, const char *test_groups,
                         dataset *train_part, dataset *test, err *e) {
    data_settings given = c->data;
    image_choice chosen;
    status s = context_choice(c, 0, &chosen, e);
    if (s != STATUS_OK) return s;
    c->data.n = train_n;
    c->data.first = 0;
    s = context_open_data(c, "train", 0, NULL, train_part, e);
    c->data = given;
    if (s == STATUS_OK) s = context_open_test(c, test_data, test_groups, chosen, train_part, test, e);
    if (s == STATUS_OK && test->n == 0)
        s = err_set(e, STATUS_USAGE, "%s has no test part: give --test-data", train_part->name);
    return s;
}
