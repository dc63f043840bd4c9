/* The settings of a training that a checkpoint belongs to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nets/checkpoint_internal.h"

static bool set_hash(json *j, const char *key, sha256 *hash) {
    char hex[SHA256_HEX];
    sha256_hex(hash, hex);
    return json_set_string(j, key, hex);
}

/* Images and labels, and the row ids that name the random numbers. */
static void add_dataset(sha256 *hash, const dataset *d) {
    sha256_update(hash, d->sha256, strlen(d->sha256));
    sha256_update(hash, d->ids, (size_t)d->n * sizeof *d->ids);
}

static bool set_data(const trainer *t, json *j) {
    sha256 hash;
    sha256_init(&hash);
    add_dataset(&hash, t->data);
    for (int i = 0; t->batches.groups && i < t->data->n; i++) {
        int32_t code = t->batches.groups->codes[i];
        sha256_update(&hash, &code, sizeof code);
    }
    return set_hash(j, "data", &hash);
}

static bool set_validation(const trainer *t, json *j) {
    if (!t->options->validation) return json_set(j, "validation", json_new_null());
    sha256 hash;
    sha256_init(&hash);
    add_dataset(&hash, t->options->validation);
    return set_hash(j, "validation", &hash);
}

static bool set_rates(const trainer *t, json *j) {
    if (!t->options->rates) return json_set(j, "rates", json_new_null());
    sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, t->options->rates, (size_t)t->net->n_params * sizeof *t->options->rates);
    return set_hash(j, "rates", &hash);
}

bool checkpoint_net_hash(const net *n, char hex[SHA256_HEX]) {
    json *graph = net_to_json(n);
    char *text = graph ? json_text(graph, 0) : NULL;
    json_free(graph);
    if (!text) return false;
    sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, text, strlen(text));
    sha256_hex(&hash, hex);
    free(text);
    return true;
}

static bool set_net(const trainer *t, json *j) {
    char hex[SHA256_HEX];
    return checkpoint_net_hash(t->net, hex) && json_set_string(j, "net", hex);
}

json *checkpoint_settings(const trainer *t) {
    json *j = train_options_to_json(t->options);
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)t->run->seed);
    bool ok = j && json_set_string(j, "seed", seed) &&
              json_set_string(j, "kernel", kernel_choice_name(t->run->kernel)) &&
              json_set_string(j, "objective", t->goal->name) && set_data(t, j) && set_validation(t, j) &&
              set_net(t, j) && set_rates(t, j) && json_set_string(j, "first weights", t->begun_with);
    if (ok) return j;
    json_free(j);
    return NULL;
}

static status compare_member(const char *key, const json *there, const json *here, err *e) {
    char *text_there = there ? json_text(there, 0) : NULL, *text_here = here ? json_text(here, 0) : NULL;
    status s = STATUS_OK;
    if (!text_there || !text_here || strcmp(text_there, text_here) != 0)
        s = err_set(e, STATUS_BAD_FILE,
                    "made with another \"%.40s\": %.140s there, %.140s now; go on with the same settings, or "
                    "begin anew",
                    key, text_there ? text_there : "none", text_here ? text_here : "none");
    free(text_there);
    free(text_here);
    return s;
}

status checkpoint_compare(const json *there, const json *here, err *e) {
    status s = STATUS_OK;
    for (void *i = json_first(here); s == STATUS_OK && i; i = json_next(here, i)) {
        const char *key = json_iterator_key(i);
        s = compare_member(key, json_get(there, key), json_iterator_value(i), e);
    }
    if (s == STATUS_OK && json_count(there) != json_count(here))
        s = err_set(e, STATUS_BAD_FILE, "%zu settings, expected %zu", json_count(there), json_count(here));
    return s;
}
