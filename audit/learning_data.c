#include "audit/learning_data.h"

#include <stdlib.h>
#include <string.h>

#include "nets/predict.h"

/* Some of the rows. */
static status select_some(const dataset *d, const int32_t *rows, int n_rows, image_choice choice,
                          uint64_t seed, dataset *out, err *e) {
    dataset part;
    if (choice.first) return dataset_select(d, rows, choice.first < n_rows ? choice.first : n_rows, out, e);
    int32_t *chosen = NULL;
    int count;
    status s = dataset_select(d, rows, n_rows, &part, e);
    if (s != STATUS_OK) return s;
    s = dataset_sample_rows(&part, seed, choice.n, &chosen, &count, e);
    if (s == STATUS_OK) s = dataset_select(&part, chosen, count, out, e);
    free(chosen);
    dataset_free(&part);
    return s;
}

static status halve(const dataset *all, uint64_t seed, int64_t train_n, image_choice tested, dataset *train,
                    dataset *test, err *e) {
    int32_t *first = NULL, *second = malloc(((size_t)all->n + 1) * sizeof *second);
    int n_first = 0, n_second = 0;
    if (!second) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = all->n < 2 ? err_set(e, STATUS_USAGE, "%s: %d images, expected at least 2 to cut in halves",
                                    all->name, all->n)
                          : dataset_sample_rows(all, seed, all->n / 2, &first, &n_first, e);
    for (int row = 0, at = 0; s == STATUS_OK && row < all->n; row++)
        if (at < n_first && first[at] == row)
            at++;
        else
            second[n_second++] = row;
    if (s == STATUS_OK)
        s = select_some(all, first, n_first, (image_choice){.n = (int)train_n}, seed, train, e);
    if (s == STATUS_OK) s = select_some(all, second, n_second, tested, seed, test, e);
    free(first);
    free(second);
    return s;
}

status learning_data_open(context *c, int64_t train_n, const char *test_data, int test_n, const shape *size,
                          dataset *train, dataset *test, bool *halved, err *e) {
    data_settings given = c->data;
    image_choice chosen;
    dataset all = {0};
    *train = *test = (dataset){0};
    status s = context_choice(c, test_n, &chosen, e);
    if (s != STATUS_OK) return s;
    c->data.n = train_n;
    c->data.first = 0;
    s = context_open_data(c, "train", 0, size, train, e);
    c->data.n = 0;
    *halved = s == STATUS_OK && strcmp(train->split, "train") != 0 && !test_data;
    if (*halved) {
        dataset_free(train);
        s = context_open_data(c, "train", 0, size, &all, e);
        if (s == STATUS_OK) s = halve(&all, c->run.seed, train_n, chosen, train, test, e);
    } else if (s == STATUS_OK) {
        s = context_open_test(c, test_data, NULL, chosen, train, test, e);
    }
    c->data = given;
    dataset_free(&all);
    return s;
}

status learning_open(context *c, const learning_settings *o, learning_subject *out, err *e) {
    *out = (learning_subject){0};
    status s = context_open_model(c, c->arguments[0], true, &out->loaded, e);
    const model *m = out->loaded.model;
    if (s == STATUS_OK)
        s = learning_data_open(c, o->train_n, o->test_data, 1000, &m->input, &out->train, &out->test,
                               &out->halved, e);
    if (s == STATUS_OK) s = model_accepts(m, &out->train, e);
    return s == STATUS_OK ? model_accepts(m, &out->test, e) : s;
}

void learning_close(learning_subject *t) {
    dataset_free(&t->train);
    dataset_free(&t->test);
    loaded_model_free(&t->loaded);
}

void learning_record(result *x, const learn_plan *p, const dataset *train, bool halved) {
    result_setting_number(x, "steps", p->steps);
    result_setting_number(x, "batch", p->batch);
    result_setting_number(x, "step_size", p->step_size);
    result_setting_number(x, "train_n", train->n);
    result_setting_text(x, "train_sha256", train->sha256);
    result_setting_json(x, "halved", json_new_bool(halved));
}
