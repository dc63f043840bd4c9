#include "audit/defence_options.h"

#define FIELD(name) offsetof(defence_settings, name)

/* Two tables under one heading. */
static const char title[] = "Defences";

static const char *kind_at(int i, const char **what) {
    const defence *kind = defence_at(i);
    if (what) *what = kind ? kind->title : NULL;
    return kind ? kind->name : NULL;
}

static const option options[] = {
    {.name = "defence",
     .kind = OPTION_TEXT,
     .offset = FIELD(list),
     .metavar = "LIST",
     .choice = kind_at,
     .what = "change images before the model sees them, such as quantize:8,noise:.1: each with its strength, "
             "one after the other"},
    {.name = "votes",
     .kind = OPTION_INTEGER,
     .offset = FIELD(votes),
     .metavar = "N",
     .lo = 1,
     .hi = DEFENCE_MOST_VOTES,
     .what = "the answer of a random defence is the mean of the logits of N draws (default: 10)"},
    {0}};

static const option adaptive_options[] = {
    {.name = "bpda",
     .kind = OPTION_FLAG,
     .offset = FIELD(bpda),
     .what = "gradients pass through defences that have none (quantize, jpeg) as if these changed nothing"},
    {.name = "eot",
     .kind = OPTION_INTEGER,
     .offset = FIELD(eot),
     .metavar = "N",
     .lo = 1,
     .hi = 32,
     .what = "attack the mean over N draws of a random defence, other ones at each step (default: 1)"},
    {0}};

option_set defence_option_set(defence_settings *m) {
    return (option_set){title, options, m};
}

option_set adaptive_option_set(defence_settings *m) {
    return (option_set){title, adaptive_options, m};
}

static status check(const defence_settings *o, const defence_chain *c, err *e) {
    if (o->list && o->bpda && !defence_is_blind(c))
        return err_set(e, STATUS_USAGE, "--bpda: every step of --defence has a gradient of its own");
    const char *idle = !o->list && o->bpda ? "bpda" : o->votes ? "votes" : o->eot ? "eot" : NULL;
    if (!idle || (o->list && defence_is_random(c))) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "--%s: there is no%s --defence", idle,
                   o->bpda && !o->list ? "" : " random");
}

status defence_options_apply(const defence_settings *o, uint64_t seed, model **m, err *e) {
    model *inner = *m;
    defence_chain chain = {0};
    *m = NULL;
    status s = o->list ? defence_parse(o->list, inner->input, &chain, e) : STATUS_OK;
    if (s != STATUS_OK) s = err_prefix(e, s, "--defence");
    if (s == STATUS_OK) s = check(o, &chain, e);
    if (s != STATUS_OK || !o->list) {
        if (s == STATUS_OK)
            *m = inner;
        else
            model_free(inner);
        return s;
    }
    defended_options d = {seed, o->votes ? (int)o->votes : DEFENCE_VOTES, o->bpda};
    return model_defended(inner, &chain, &d, m, e);
}

void defence_options_record(const defence_settings *o, const model *m, bool attacked, result *x) {
    defence_chain chain;
    char text[DEFENCE_TEXT];
    if (!o->list || defence_parse(o->list, m->input, &chain, NULL) != STATUS_OK) return;
    bool random = defence_is_random(&chain);
    json *j = json_new_object();
    bool ok = json_set_string(j, "chain", defence_text(&chain, text)) && json_set_bool(j, "random", random);
    if (random)
        ok = ok && json_set_int(j, "votes", model_votes(m)) &&
             json_set_string(j, "verdict", "mean of the logits over the votes, fresh draws");
    if (attacked) ok = ok && json_set_bool(j, "bpda", o->bpda);
    if (attacked && random) ok = ok && json_set_int(j, "eot", o->eot ? o->eot : 1);
    if (!ok) {
        json_free(j);
        j = NULL;
    }
    result_setting_json(x, "defence", j);
}
