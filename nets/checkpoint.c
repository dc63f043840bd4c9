/* Checkpoints: all that a training goes on from, in one safetensors file.
 *
 *   weights    F32 [n_floats], parameters and buffers in the order and layout of memory (nets/net.h)
 *   optimizer  F32, its arrays one after the other
 *   average    F32 [n_floats], with EMA or SWA     best   F32 [n_floats], with patience
 *   slow       F32 [n_trainable], with lookahead   goal   F32, the objective's state
 *   progress   I64, the numbers of train_progress in the order of progress_slot; real numbers as the bits of their doubles
 *
 * and in the metadata the settings (checkpoint_settings.c), of which none may differ when training goes on, and a hash of all values. */
#include "nets/checkpoint_internal.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "audit-checkpoint/1"

typedef enum progress_slot {
    AT_EPOCH,
    AT_INDEX,
    AT_SEEN,
    AT_LOSS,
    AT_CORRECT,
    AT_RATE,
    AT_PLATEAU_FACTOR,
    AT_PLATEAU_BEST,
    AT_PLATEAU_WAITED,
    AT_AVERAGED,
    AT_BEST,
    AT_WAITED,
    AT_STOPPED,
    AT_CLEAN_SEEN,
    AT_CLEAN_CORRECT,
    PROGRESS_SLOTS
} progress_slot;

static int64_t bits_of(double x) {
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double real_of(int64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void progress_to_slots(const train_progress *at, int64_t slots[PROGRESS_SLOTS]) {
    slots[AT_EPOCH] = at->epoch;
    slots[AT_INDEX] = at->index;
    slots[AT_SEEN] = at->seen;
    slots[AT_LOSS] = bits_of(at->loss);
    slots[AT_CORRECT] = bits_of(at->correct);
    slots[AT_RATE] = bits_of(at->rate);
    slots[AT_PLATEAU_FACTOR] = bits_of(at->plateau.factor);
    slots[AT_PLATEAU_BEST] = bits_of(at->plateau.best);
    slots[AT_PLATEAU_WAITED] = at->plateau.waited;
    slots[AT_AVERAGED] = at->averaged;
    slots[AT_BEST] = bits_of(at->best);
    slots[AT_WAITED] = at->waited;
    slots[AT_STOPPED] = at->stopped;
    slots[AT_CLEAN_SEEN] = at->clean_seen;
    slots[AT_CLEAN_CORRECT] = bits_of(at->clean_correct);
}

static bool within(int64_t x, int64_t hi) {
    return x >= 0 && x <= hi;
}

/* Only what a training of these options can have come to. */
static bool progress_possible(const trainer *t, const int64_t s[PROGRESS_SLOTS]) {
    const train_options *o = t->options;
    int64_t epoch = s[AT_EPOCH], index = s[AT_INDEX];
    double factor = real_of(s[AT_PLATEAU_FACTOR]), lowest = real_of(s[AT_PLATEAU_BEST]),
           best = real_of(s[AT_BEST]);
    bool place = within(epoch, o->epochs) && within(index, epoch < o->epochs ? t->steps_per_epoch : 0) &&
                 within(s[AT_SEEN], index * o->batch) && (s[AT_SEEN] > 0) == (index > 0);
    bool sums = isfinite(real_of(s[AT_LOSS])) && real_of(s[AT_CORRECT]) >= 0 &&
                real_of(s[AT_CORRECT]) <= (double)s[AT_SEEN] && real_of(s[AT_RATE]) >= 0 &&
                isfinite(real_of(s[AT_RATE])) && within(s[AT_CLEAN_SEEN], s[AT_SEEN]) &&
                real_of(s[AT_CLEAN_CORRECT]) >= 0 && real_of(s[AT_CLEAN_CORRECT]) <= (double)s[AT_CLEAN_SEEN];
    bool slowed = factor >= 0 && factor <= 1 && lowest >= -INFINITY && within(s[AT_PLATEAU_WAITED], epoch);
    bool judged = best >= -1 && best <= 1 && within(s[AT_WAITED], epoch) && within(s[AT_STOPPED], 1);
    return place && sums && slowed && judged && within(s[AT_AVERAGED], epoch + 1);
}

static void progress_from_slots(const int64_t s[PROGRESS_SLOTS], train_progress *at) {
    *at = (train_progress){.epoch = (int)s[AT_EPOCH],
                           .index = (int)s[AT_INDEX],
                           .seen = (int)s[AT_SEEN],
                           .loss = real_of(s[AT_LOSS]),
                           .correct = real_of(s[AT_CORRECT]),
                           .rate = real_of(s[AT_RATE]),
                           .plateau = {.factor = real_of(s[AT_PLATEAU_FACTOR]),
                                       .best = real_of(s[AT_PLATEAU_BEST]),
                                       .waited = (int)s[AT_PLATEAU_WAITED]},
                           .averaged = (int)s[AT_AVERAGED],
                           .best = real_of(s[AT_BEST]),
                           .waited = (int)s[AT_WAITED],
                           .stopped = s[AT_STOPPED] == 1,
                           .clean_seen = (int)s[AT_CLEAN_SEEN],
                           .clean_correct = real_of(s[AT_CLEAN_CORRECT])};
}

/* The arrays of floats that there are, under their names; weights last, so that a reader changes them when all else was fine. */
typedef struct part {
    const char *name;
    float *data;
    size_t n;
} part;

enum { MOST_PARTS = 6 };

static int parts_of(const trainer *t, part out[MOST_PARTS]) {
    const part all[MOST_PARTS] = {{"optimizer", t->optim.state, t->optim.n_state},
                                  {"average", t->average.data, t->average.n},
                                  {"best", t->best.data, t->best.n},
                                  {"slow", t->slow, t->slow ? t->net->n_trainable : 0},
                                  {"goal", t->goal->state, t->goal->n_state},
                                  {"weights", t->w->data, t->w->n}};
    int n = 0;
    for (int i = 0; i < MOST_PARTS; i++) {
        if (all[i].n > 0) out[n++] = all[i];
    }
    return n;
}

/* The bytes of a tensor. */
typedef struct span {
    const void *data;
    size_t size;
} span;

/* Of all tensors in the order of parts_of, then the progress. */
static void hash_values(const span *values, int n, char hex[SHA256_HEX]) {
    sha256 hash;
    sha256_init(&hash);
    for (int i = 0; i < n; i++)
        sha256_update(&hash, values[i].data, values[i].size);
    sha256_hex(&hash, hex);
}

static json *metadata_of(const trainer *t, const char *hash) {
    json *settings = checkpoint_settings(t), *metadata = json_new_object();
    char *text = settings ? json_text(settings, 0) : NULL;
    bool ok = metadata && text && json_set_string(metadata, "format", FORMAT) &&
              json_set_string(metadata, "settings", text) && json_set_string(metadata, "sha256", hash);
    json_free(settings);
    free(text);
    if (ok) return metadata;
    json_free(metadata);
    return NULL;
}

#define EPOCH_MARK "{epoch}"

/* {epoch} in the pattern becomes its number. False when the name does not fit. */
static bool path_of_epoch(const char *pattern, int epoch, char *out, size_t room) {
    const char *mark = strstr(pattern, EPOCH_MARK);
    int length = mark ? snprintf(out, room, "%.*s%d%s", (int)(mark - pattern), pattern, epoch,
                                 mark + strlen(EPOCH_MARK))
                      : snprintf(out, room, "%s", pattern);
    return length >= 0 && (size_t)length < room;
}

status checkpoint_write(const trainer *t, err *e) {
    char path[PATH_MAX];
    part parts[MOST_PARTS];
    st_entry entries[MOST_PARTS + 1];
    span values[MOST_PARTS + 1];
    char hash[SHA256_HEX];
    int64_t slots[PROGRESS_SLOTS];
    int n = parts_of(t, parts), epoch = t->at.epoch + (t->at.index > 0);
    if (!path_of_epoch(t->options->checkpoint, epoch, path, sizeof path))
        return err_set(e, STATUS_USAGE, "%.100s...: this name of a checkpoint is too long",
                       t->options->checkpoint);
    progress_to_slots(&t->at, slots);
    for (int i = 0; i < n; i++) {
        entries[i] = (st_entry){
            .name = parts[i].name, .rank = 1, .dims = {(int64_t)parts[i].n}, .data = parts[i].data};
        values[i] = (span){parts[i].data, parts[i].n * sizeof *parts[i].data};
    }
    entries[n] = (st_entry){.name = "progress", .rank = 1, .dims = {PROGRESS_SLOTS}, .ints = slots};
    values[n] = (span){slots, sizeof slots};
    hash_values(values, n + 1, hash);
    json *metadata = metadata_of(t, hash);
    status s = metadata ? safetensors_write_file(path, entries, n + 1, metadata, e)
                        : err_set(e, STATUS_NO_MEMORY, "no memory for a checkpoint");
    json_free(metadata);
    return s;
}

static status read_settings(const safetensors *file, json **out, err *e) {
    const char *format = safetensors_metadata(file, "format"), *text = safetensors_metadata(file, "settings");
    *out = NULL;
    if (!format || strcmp(format, FORMAT) != 0 || !text) {
        return err_set(e, STATUS_BAD_FILE,
                       "no checkpoint of a training: its format is '%.32s', expected '%s'",
                       format ? format : "unknown", FORMAT);
    }
    status s = json_parse(text, strlen(text), out, e);
    return s == STATUS_OK ? s : err_prefix(e, STATUS_BAD_FILE, "'settings' in its metadata");
}

status checkpoint_check(const trainer *t, const safetensors *file, err *e) {
    json *there, *here = checkpoint_settings(t);
    if (!here) return err_set(e, STATUS_NO_MEMORY, "no memory for the settings");
    status s = read_settings(file, &there, e);
    if (s == STATUS_OK) s = checkpoint_compare(there, here, e);
    if (s != STATUS_OK) s = STATUS_BAD_FILE;
    json_free(there);
    json_free(here);
    return s;
}

static status check_tensor(const st_tensor *found, const char *name, const char *dtype, size_t n, err *e) {
    if (!found) return err_set(e, STATUS_BAD_FILE, "tensor '%s' is not there", name);
    if (strcmp(found->dtype, dtype) == 0 && found->rank == 1 && (uint64_t)found->count == n) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE,
                   "tensor '%s': %s with %d dimensions and %lld values, expected %s with 1 and %zu", name,
                   found->dtype, found->rank, (long long)found->count, dtype, n);
}

static status check_finite(const st_tensor *found, err *e) {
    for (int64_t i = 0; i < found->count; i++) {
        float x;
        memcpy(&x, found->data + (size_t)i * sizeof x, sizeof x);
        if (!isfinite(x)) {
            return err_set(e, STATUS_BAD_FILE, "tensor '%s': value %lld is not finite", found->name,
                           (long long)i);
        }
    }
    return STATUS_OK;
}

static status read_progress(const trainer *t, const safetensors *file, train_progress *out, err *e) {
    const st_tensor *found = safetensors_find(file, "progress");
    status s = check_tensor(found, "progress", "I64", PROGRESS_SLOTS, e);
    if (s != STATUS_OK) return s;
    int64_t slots[PROGRESS_SLOTS];
    reader numbers = reader_of(found->data, found->size);
    for (int i = 0; i < PROGRESS_SLOTS; i++) {
        slots[i] = (int64_t)reader_u64le(&numbers);
    }
    if (!progress_possible(t, slots)) {
        return err_set(e, STATUS_BAD_FILE, "its progress is not one of a training of %d epochs of %d steps",
                       t->options->epochs, t->steps_per_epoch);
    }
    progress_from_slots(slots, out);
    return STATUS_OK;
}

/* `found`: n tensors that are there; the progress is too. */
static status check_hash(const safetensors *file, const st_tensor *const *found, int n, err *e) {
    const st_tensor *progress = safetensors_find(file, "progress");
    const char *expected = safetensors_metadata(file, "sha256");
    span values[MOST_PARTS + 1];
    char hash[SHA256_HEX];
    for (int i = 0; i < n; i++)
        values[i] = (span){found[i]->data, found[i]->size};
    values[n] = (span){progress->data, progress->size};
    hash_values(values, n + 1, hash);
    if (expected && strcmp(expected, hash) == 0) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "damaged: its values have the SHA-256 %.12s..., expected %.12s...",
                   hash, expected ? expected : "none");
}

status checkpoint_load(trainer *t, const safetensors *file, err *e) {
    part parts[MOST_PARTS];
    const st_tensor *found[MOST_PARTS];
    train_progress at;
    int n = parts_of(t, parts);
    status s = read_progress(t, file, &at, e);
    for (int i = 0; s == STATUS_OK && i < n; i++) {
        found[i] = safetensors_find(file, parts[i].name);
        s = check_tensor(found[i], parts[i].name, "F32", parts[i].n, e);
        if (s == STATUS_OK) s = check_finite(found[i], e);
    }
    if (s == STATUS_OK && file->n != n + 1)
        s = err_set(e, STATUS_BAD_FILE, "%d tensors, expected %d", file->n, n + 1);
    if (s == STATUS_OK) s = check_hash(file, found, n, e);
    for (int i = 0; s == STATUS_OK && i < n; i++) {
        s = st_tensor_floats(found[i], parts[i].data, e);
    }
    if (s != STATUS_OK) return s;
    t->at = at;
    t->optim.step = trainer_step(t);
    t->w->version++;
    return STATUS_OK;
}

status checkpoint_read(trainer *t, err *e) {
    safetensors file;
    status s = safetensors_read_file(t->options->resume, &file, e);
    if (s != STATUS_OK) return s;
    s = checkpoint_check(t, &file, e);
    if (s == STATUS_OK) s = checkpoint_load(t, &file, e);
    safetensors_free(&file);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", t->options->resume);
}

static status load_weights(const safetensors *file, const net *n, weights *w, err *e) {
    static const char *const names[MOST_PARTS] = {"optimizer", "average", "best",
                                                  "slow",      "goal",    "weights"}; /* as in parts_of */
    const st_tensor *found[MOST_PARTS], *values = safetensors_find(file, "weights"),
                                        *progress = safetensors_find(file, "progress");
    int count = 0;
    for (int i = 0; i < MOST_PARTS; i++) {
        found[count] = safetensors_find(file, names[i]);
        count += found[count] != NULL;
    }
    status s = check_tensor(progress, "progress", "I64", PROGRESS_SLOTS, e);
    if (s == STATUS_OK) s = check_tensor(values, "weights", "F32", n->n_floats, e);
    if (s == STATUS_OK) s = check_finite(values, e);
    if (s == STATUS_OK) s = check_hash(file, found, count, e);
    if (s == STATUS_OK) s = st_tensor_floats(values, w->data, e);
    w->version++;
    return s;
}

status checkpoint_weights(const char *path, const net *n, weights *w, err *e) {
    safetensors file;
    json *settings = NULL;
    char hash[SHA256_HEX];
    status s = safetensors_read_file(path, &file, e);
    if (s != STATUS_OK) return s;
    s = read_settings(&file, &settings, e);
    if (s == STATUS_OK && !checkpoint_net_hash(n, hash)) s = err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) {
        const char *there = json_as_string(json_get(settings, "net"));
        if (!there || strcmp(there, hash) != 0)
            s = err_set(e, STATUS_BAD_FILE, "a checkpoint of another net");
    }
    if (s == STATUS_OK) s = load_weights(&file, n, w, e);
    json_free(settings);
    safetensors_free(&file);
    return s == STATUS_OK ? s : err_prefix(e, s, "%s", path);
}

bool checkpoint_is(const char *path) {
    safetensors file;
    err ignored;
    if (safetensors_read_file(path, &file, &ignored) != STATUS_OK) return false;
    const char *format = safetensors_metadata(&file, "format");
    bool is = format && strcmp(format, FORMAT) == 0;
    safetensors_free(&file);
    return is;
}
