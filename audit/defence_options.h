/* Options of commands that can put defences before a model (attacks/defence.h), and what attacks do about these. */
#ifndef AUDIT_DEFENCE_OPTIONS_H
#define AUDIT_DEFENCE_OPTIONS_H

#include "attacks/defence.h"
#include "audit/options.h"
#include "audit/result.h"

typedef struct defence_settings {
    const char *list; /* or NULL */
    int64_t votes;    /* 0 = DEFENCE_VOTES */
    int64_t eot;      /* draws; 0 = 1 */
    bool bpda;
} defence_settings;

/* The tables of these options: --defence and --votes, and --bpda and --eot for commands that attack. `m` may be NULL where only names matter. */
option_set defence_option_set(defence_settings *m);
option_set adaptive_option_set(defence_settings *m);

/* Puts the defences before *m. STATUS_USAGE also for options that have no use without them, and for --votes and --eot where nothing is random. On
 * failure *m is freed and NULL. */
MUST_CHECK status defence_options_apply(const defence_settings *o, uint64_t seed, model **m, err *e);

/* The setting `defence` of a result on model m: chain, whether it is random, how verdicts are made, and with `attacked` how gradients are. Nothing
 * without defences. */
void defence_options_record(const defence_settings *o, const model *m, bool attacked, result *x);

#endif
