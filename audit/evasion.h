/* Several evasion attacks on the same images, and what is reported about them. */
#ifndef AUDIT_EVASION_H
#define AUDIT_EVASION_H

#include "attacks/runner.h"
#include "audit/command.h"
#include "audit/diagnosis/diagnosis.h"

enum { EVASION_METHODS = 40 };

typedef struct evasion_plan {
    const attack *methods[EVASION_METHODS];
    int n_methods;
    norm norm;
    const double *eps; /* n_eps values, ascending */
    int n_eps;
    attack_options options;
    const int32_t *targets; /* one per row, or NULL */
    bool no_drop;
    bool cascade;      /* each method goes on after the one before: its figures are those of all up to it */
    bool to_the_end;   /* of a cascade: every walk runs all its steps */
    int batch;
    const float *const *stored; /* of a corpus: one image a row, or NULL where there is none; NULL: no corpus. Every method goes on after it */
    double seconds;             /* the attacks stop after this time, with what they have; 0 = they run to their end */
    bool keep_best;             /* fill `best` */
    int eot;           /* see attack_plan */
    bool stand_in;     /* see diagnosis_plan */
    bool random;       /* the model: the cascade is then that for random models */
} evasion_plan;

/* The standard cascade of AutoAttack (Croce and Hein 2020, section 4: apgd-ce, apgd-t, fab-t, square), those methods of it that have the norm of
 * the plan; without classes enough for a target, the same. For a random model its version "rand": apgd-ce and apgd-dlr. STATUS_USAGE where the plan has options or targets, which belong to one method. */
MUST_CHECK status evasion_cascade(evasion_plan *p, err *e);

typedef struct evasion {
    int n_done; /* methods that ran to their end, in the order of the plan; the last of them keeps its examples */
    attack_result results[EVASION_METHODS];
    attack_result base; /* with a corpus or limited time, what was known before the first method: clean answers and stored examples; else n = 0 */
    attack_result best; /* of the plan's keep_best: per image the nearest example of all methods and the corpus, else n = 0 */
    uint64_t later_forwards, later_backwards; /* that others spent on these results, for the cost of all */
    bool out_of_time;   /* the plan's time was over before its methods */
    bool cut_short;     /* the last of n_done was stopped by that: what it did not finish counts as survived */
} evasion;

/* Methods as the functions below count them: 0.. of the plan, or one of these. */
enum { EVASION_UNION = -1, EVASION_CORPUS = -2 };

/* Runs the methods one after the other. When cancelled, the methods that were finished stay valid and the others are dropped; where the plan's time is over,
 * so does the one that was running. */
MUST_CHECK status evasion_run(model *m, const dataset *d, const evasion_plan *p, const run *r, evasion *out,
                              err *e);
void evasion_free(evasion *v);

/* Merges a result that has its examples into `best`, which starts as {0}: per image the one broken at the smaller eps, then the nearer one; of equals the
 * first. An image is finished where all that were merged finished it. */
MUST_CHECK status evasion_take_best(attack_result *best, const attack_result *a, const dataset *d, err *e);

/* Outcomes at eps index i: 1 = correct under attack. EVASION_UNION: under every method, per image. `out` has n bytes; returns their sum. */
int64_t evasion_correct(const evasion *v, int method, int i, uint8_t *out);

/* The rows that were right unchanged. */
int64_t evasion_clean(const evasion *v);

/* What stands for all that was tried: the union where there are several methods, else the only one. */
int evasion_overall(const evasion *v);

/* Clean and attacked rows with outcomes, settings, cost, and warnings about the attacks and the model. With several methods also their
 * per-image union, named "union". Targeted attacks give `target_success` among images that were correct. */
void evasion_record(result *x, const dataset *d, const evasion_plan *p, const evasion *v);

/* What results call a method of the plan: its name, behind "auto/" in a cascade, behind "corpus+" where it goes on after a corpus; "corpus" the replay of one;
 * "union" all together, or "auto" for the whole cascade. Fills and returns `buffer`, or a constant. */
enum { EVASION_NAME = 48 };
const char *evasion_name(const evasion_plan *p, int method, char buffer[EVASION_NAME]);

/* Of a random model: extra.verdicts_of_draws, how many candidates of each method were refused and overturned (see attack_run), and the warning NO_EOT
 * where gradients are those of one draw. The same for the terminal. Nothing for other models. */
void evasion_record_random(result *x, const evasion_plan *p, const evasion *v);
void evasion_print_random(const context *c, const evasion_plan *p, const evasion *v);

/* The warnings about one attack: what makes its figures doubtful. */
void evasion_warn(result *x, const attack *method, const attack_result *a);

/* Those of every attack, and of weak ones that did better than strong ones. evasion_record calls it. */
void evasion_warnings(result *x, const dataset *d, const evasion_plan *p, const evasion *v);

/* The panel for a run of attacks: at the eps that tells most, where the accuracy under all of them is nearest to half the clean one. Not run
 * (0 images) where there is no gradient, a random model, no eps above 0, or a budget, which is for the attacks. */
MUST_CHECK status evasion_diagnose(model *m, const dataset *d, const evasion_plan *p, const evasion *v, const run *r,
                                   diagnosis *out, err *e);

/* The table, and what it does and does not say. `body` of the result: for the grades of trust of its rows. */
void evasion_print(const context *c, const dataset *d, const evasion_plan *p, const evasion *v, const json *body);

/* The contact sheet of the last method, written to `path` (NULL = to no file) and as body.extra.sheet of the result; the
 * warning NO_SHEET where a file was wanted and nothing was broken. */
MUST_CHECK status evasion_sheet(result *x, const dataset *d, const evasion_plan *p, const evasion *v,
                                const char *path, err *e);

/* Writes an attack's kept examples as npz: images, originals, labels, ids, predictions (of `images`; -1 = none), distances, broken. With `uint8`
 * images and originals are bytes: the examples must be rounded (evasion_round). */
MUST_CHECK status evasion_save(const char *path, const dataset *d, const attack_result *a, bool uint8, err *e);

/* Sizes to try when none are given: smaller ones for colour, larger ones for the L2 norm. *n gets their number. */
const double *evasion_default_eps(norm k, int channels, int *n);

/* What was given, or those where nothing was: ascending and without repetition, as attacks want them. */
void evasion_complete_eps(number_list *eps, norm k, int channels);

/* For option tables: name i and its description, NULL past the end; the index is that of attack_at, with "auto", the cascade, behind the last;
 * or the norm. */
const char *evasion_method_choice(int i, const char **what);
bool evasion_choice_is_cascade(int i);
const char *evasion_norm_choice(int i, const char **what);

#endif
