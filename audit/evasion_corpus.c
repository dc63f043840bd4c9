#include "audit/evasion_corpus.h"

#include <stdlib.h>
#include <string.h>

status evasion_corpus_open(evasion_corpus *k, const char *path, const dataset *d, norm which, err *e) {
    *k = (evasion_corpus){.path = path};
    if (strcmp(path, "-") == 0)
        return err_set(e, STATUS_USAGE, "--corpus: \"-\" is read and written, expected a file");
    status s = corpus_read(path, d, which, &k->kept, e);
    if (s != STATUS_OK) return s;
    k->before = k->kept.n;
    k->stored = calloc((size_t)d->n + 1, sizeof *k->stored);
    if (!k->stored) return err_set(e, STATUS_NO_MEMORY, "%s: out of memory", path);
    return corpus_match(&k->kept, path, d, k->stored, &k->found, e);
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void record(const evasion_corpus *k, result *x, int changed) {
    json *read = json_new_object(), *now = json_new_object();
    json *hash = *k->kept.sha256 ? json_new_string(k->kept.sha256) : json_new_null();
    bool ok = json_set_string(read, "name", base_name(k->path)) && json_set(read, "sha256", hash) &&
              json_set_int(read, "examples", k->before) && json_set_int(read, "of_these_images", k->found) &&
              json_set_int(now, "examples", k->kept.n) && json_set_int(now, "changed", changed);
    if (!ok) {
        json_free(read);
        json_free(now);
        read = now = NULL; /* the failure is kept */
    }
    result_setting_json(x, "corpus", read);
    result_extra(x, "corpus", now);
}

/* Images that the replay alone breaks. */
static int broken_by_replay(const attack_result *base) {
    int n = 0;
    for (int row = 0; row < base->n; row++)
        n += base->clean_correct[row] && base->broken_at[row] < base->n_eps;
    return n;
}

status evasion_corpus_close(evasion_corpus *k, const context *c, result *x, const dataset *d,
                            const evasion *v, err *e) {
    int changed;
    status s = corpus_update(&k->kept, d, &v->best, &changed, e);
    if (s == STATUS_OK && changed > 0) s = corpus_write(&k->kept, k->path, e);
    if (s != STATUS_OK) return s;
    record(k, x, changed);
    say(c,
        "corpus %s: %d of its %d examples are of these images, %d break this model; now %d, of which %d new "
        "or nearer\n",
        base_name(k->path), k->found, k->before, broken_by_replay(&v->base), k->kept.n, changed);
    return s;
}

void evasion_corpus_free(evasion_corpus *k) {
    corpus_free(&k->kept);
    free(k->stored);
    *k = (evasion_corpus){0};
}
