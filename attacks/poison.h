/* Poisoning: functions from (data set, seed) to a data set, with a manifest that replays byte for byte. */
#ifndef ATTACKS_POISON_H
#define ATTACKS_POISON_H

#include "core/json.h"
#include "core/run.h"
#include "datasets/dataset.h"

/* X(code, name, what): */
#define POISON_LIST(X)                                                                                                 \
    X(POISON_FLIP, "flip", "labels of random images become another class at random")                                   \
    X(POISON_PAIRFLIP, "pairflip", "labels of one class (or of every class c) become one other (or c + 1)")            \
    X(POISON_GROUPFLIP, "groupflip", "labels inside one subgroup become another class: label bias")                    \
    X(POISON_BADNETS, "badnets", "a patch is stamped and the label becomes the target (Gu et al. 2017)")

typedef enum poison_kind {
#define POISON_ENUM(code, name, what) code,
    POISON_LIST(POISON_ENUM)
#undef POISON_ENUM
} poison_kind;

typedef struct poison {
    poison_kind kind;
    int source;               /* pairflip: only this class, -1 = every class; badnets: only images of this class, -1 = all but the target;
                                 else -1 */
    int target;               /* badnets: the class wanted; pairflip with a source: the new class; groupflip: the new class, -1 = random;
                                 else -1 */
    const char *group_column, *group_value; /* groupflip */
    int patch;                /* badnets: side of the white square at the bottom right, one pixel off the border; 0 = 3 */
} poison;

/* X-macro names; STATUS_USAGE with the list when unknown. */
MUST_CHECK status poison_parse(const char *name, poison_kind *out, err *e);
const char *poison_name(poison_kind k);

/* What was done. Arrays belong to it. */
typedef struct poison_manifest {
    int n;                    /* poisoned rows */
    int candidates;           /* rows that could be poisoned: the class, the subgroup, ... */
    int32_t *ids;             /* original row ids, ascending */
    int32_t *old_labels, *new_labels;
} poison_manifest;

/* Poisons a share `dose` in [0, 1] of ALL rows of d (flip, badnets), or of the candidates (pairflip, groupflip), rounded to the nearest count. A row's
 * turn and its new label are drawn from (seed, original row id) alone, so sets are nested: the rows poisoned at a dose are among those of every
 * larger dose with the same seed, with the same labels. A label never becomes itself. STATUS_USAGE when there are fewer candidates than the dose needs,
 * and for classes, groups or patches that the data does not have. */
MUST_CHECK status poison_apply(const dataset *d, const poison *p, double dose, uint64_t seed, dataset *out, poison_manifest *manifest, err *e);
void poison_manifest_free(poison_manifest *m);

/* {kind, dose, seed (decimal text), source, target, group_column, group_value, patch, n, candidates, before, after (hashes of the data), ids,
 * old_labels, new_labels}. NULL when memory is out. */
json *poison_manifest_json(const poison *p, double dose, uint64_t seed, const poison_manifest *m, const dataset *before, const dataset *after);

/* Does to d what a manifest says was done. STATUS_BAD_FILE when it is malformed, speaks of other data than d (hash, ids, old labels), or the
 * outcome does not have the hash that it names. */
MUST_CHECK status poison_replay(const dataset *d, const json *manifest, dataset *out, err *e);

/* Stamps the trigger on every image of d (labels kept): for the attack success rate on images that are not of the target class. */
MUST_CHECK status poison_trigger(const dataset *d, const poison *p, dataset *out, err *e);

#endif
