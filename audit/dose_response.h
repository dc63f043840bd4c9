/* Poisoning as a dose-response experiment: nets trained on clean and poisoned data, over doses and seeds. */
#ifndef AUDIT_DOSE_RESPONSE_H
#define AUDIT_DOSE_RESPONSE_H

#include "attacks/poison.h"
#include "audit/command.h"

enum { DOSES_MOST = 16, DOSE_SEEDS_MOST = 100 };

typedef struct dose_plan {
    poison poison;
    int n_doses, n_seeds;
    double doses[DOSES_MOST]; /* ascending, the first is 0: the clean twin */
    const training_settings *training;
    int batch;
    const dataset *train, *test; /* uint8 images */
} dose_plan;

/* One net. */
typedef struct dose_net {
    double accuracy; /* on clean test images */
    double success;  /* of the poison, NAN where it is not defined: see dose_success_name */
    int64_t success_n;
    int poisoned, candidates;
} dose_net;

typedef struct dose_response {
    int n_seeds; /* those whose nets are all trained */
    dose_net nets[DOSE_SEEDS_MOST][DOSES_MOST];
    json *manifests; /* [{"seed", "dose", ...}], what was poisoned for each net */
} dose_response;

/* Trains n_doses nets per seed. All nets of a seed begin with the same weights and see their rows in the same order, so that
 * differences are the poison's; which rows are poisoned is drawn from another stream than training. When cancelled, the seeds that
 * were finished stay valid. *out is large: do not put it on a small stack. */
MUST_CHECK status dose_response_run(const dose_plan *p, const run *r, dose_response *out, err *e);
void dose_response_free(dose_response *o);

/* What `success` counts: badnets: triggered images that are not of the target class and are taken for it; pairflip: images of flipped
 * classes taken for the new class; groupflip: wrong images of the subgroup. NULL for flip, which has no such measure. */
const char *dose_success_name(const poison *p);

/* Mean over seeds and its t-interval of a figure at dose i, or of its difference to the clean twin of the same seed. */
typedef enum dose_figure {
    DOSE_ACCURACY,
    DOSE_ACCURACY_CHANGE,
    DOSE_SUCCESS,
    DOSE_SUCCESS_CHANGE
} dose_figure;
double dose_mean(const dose_response *o, dose_figure f, int i, interval *ci);

/* Rows with group "dose=0.05" and n = seeds, and body.extra.nets with every net. */
void dose_response_record(result *x, const dose_plan *p, const dose_response *o);
void dose_response_print(const context *c, const dose_plan *p, const dose_response *o);

#endif
