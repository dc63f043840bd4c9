/* Several evasion attacks on the same images, and what is reported about them. */
#ifndef AUDIT_EVASION_H
#define AUDIT_EVASION_H

#include "attacks/runner.h"
#include "audit/command.h"
#include "audit/diagnosis/diagnosis.h"

enum { EVASION_METHODS = 24 };

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
} evasion_plan;

/* The standard cascade of AutoAttack (Croce and Hein 2020, section 4: apgd-ce, apgd-t, fab-t, square), those methods of it that have the norm of
 * the plan; without classes enough for a target, the same. STATUS_USAGE where the plan has options or targets, which belong to one method. */
MUST_CHECK status evasion_cascade(evasion_plan *p, err *e);

typedef struct evasion {
    int n_done; /* methods that ran to their end, in the order of the plan */
    attack_result results[EVASION_METHODS];
} evasion;

/* Runs the methods one after the other; the last one keeps its examples. When cancelled, the methods that were finished stay valid and the
 * others are dropped. */
MUST_CHECK status evasion_run(model *m, const dataset *d, const evasion_plan *p, const run *r, evasion *out,
                              err *e);
void evasion_free(evasion *v);

/* Outcomes at eps index i: 1 = correct under attack. `method` < 0: under every method, per image. `out` has n bytes; returns their sum. */
int64_t evasion_correct(const evasion *v, int method, int i, uint8_t *out);

/* Clean and attacked rows with outcomes, settings, cost, and warnings about the attacks and the model. With several methods also their
 * per-image union, named "union". Targeted attacks give `target_success` among images that were correct. */
void evasion_record(result *x, const dataset *d, const evasion_plan *p, const evasion *v);

/* What results call a method of the plan: its name, behind "auto/" in a cascade; < 0: "union", or "auto" for the whole cascade. Fills and returns
 * `buffer`, or a constant. */
enum { EVASION_NAME = 48 };
const char *evasion_name(const evasion_plan *p, int method, char buffer[EVASION_NAME]);

/* The warnings about one attack: what makes its figures doubtful. */
void evasion_warn(result *x, const attack *method, const attack_result *a);

/* Those of every attack, and of weak ones that did better than strong ones. evasion_record calls it. */
void evasion_warnings(result *x, const dataset *d, const evasion_plan *p, const evasion *v);

/* The panel for a run of attacks: at the eps that tells most, where the accuracy under all of them is nearest to half the clean one. Not run
 * (0 images) where there is no gradient, no eps above 0, or a budget, which is for the attacks. */
MUST_CHECK status evasion_diagnose(model *m, const dataset *d, const evasion_plan *p, const evasion *v, const run *r,
                                   diagnosis *out, err *e);

/* The table, and what it does and does not say. `body` of the result: for the grades of trust of its rows. */
void evasion_print(const context *c, const dataset *d, const evasion_plan *p, const evasion *v, const json *body);

/* The contact sheet of the last method, written to `path` (NULL = to no file) and as body.extra.sheet of the result; the
 * warning NO_SHEET where a file was wanted and nothing was broken. */
MUST_CHECK status evasion_sheet(result *x, const dataset *d, const evasion_plan *p, const evasion *v,
                                const char *path, err *e);

/* Writes an attack's kept examples as npz: images, originals, labels, ids, predictions (of `images`; -1 = none), distances, broken. */
MUST_CHECK status evasion_save(const char *path, const dataset *d, const attack_result *a, err *e);

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
