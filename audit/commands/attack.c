/* audit attack MODEL --data D */
#include <stdlib.h>

#include "audit/class_choice.h"
#include "audit/evasion_corpus.h"
#include "audit/evasion_details.h"
#include "audit/show.h"
#include "audit/trust.h"
#include "nets/predict.h"

typedef struct attack_settings {
    choice_list attacks;
    int norm;
    number_list eps;
    int64_t steps, restarts;
    double step_size;
    const char *targeted, *sheet, *save, *corpus;
    int64_t time_budget;
    bool no_drop, full_auto, uint8, no_panel;
} attack_settings;

#define FIELD(name) offsetof(attack_settings, name)

static const option options[] = {
    {.name = "attack",
     .letter = 'a',
     .kind = OPTION_CHOICES,
     .offset = FIELD(attacks),
     .fallback = "fgsm,pgd",
     .choice = evasion_method_choice,
     .what = "the attacks"},
    {.name = "norm",
     .kind = OPTION_CHOICE,
     .offset = FIELD(norm),
     .fallback = "linf",
     .choice = evasion_norm_choice,
     .what = "how the size of a perturbation is measured"},
    {.name = "eps",
     .kind = OPTION_NUMBERS,
     .offset = FIELD(eps),
     .metavar = "LIST",
     .hi = 1000,
     .what = "largest sizes of the perturbation, in units of pixels from 0 to 1, such as .05,.1,8/255 "
             "(default: grey .05,.1, "
             "colour 4/255,8/255; with l2: grey 1,2, colour .5,1; with l1: grey 5,10, colour 6,12; with l0, "
             "whose eps is a number of values: 10,20)"},
    {.name = "steps",
     .kind = OPTION_INTEGER,
     .offset = FIELD(steps),
     .metavar = "N",
     .lo = 1,
     .hi = 100000,
     .what = "iterations (default: the attack's own; pgd 40)"},
    {.name = "step-size",
     .kind = OPTION_NUMBER,
     .offset = FIELD(step_size),
     .metavar = "SHARE",
     .lo = 1e-9,
     .hi = 100,
     .what = "length of a step as a share of eps (default: the attack's own)"},
    {.name = "restarts",
     .kind = OPTION_INTEGER,
     .offset = FIELD(restarts),
     .metavar = "N",
     .lo = 1,
     .hi = 1000,
     .what = "random starts; an image is broken when one of them breaks it"},
    {.name = "targeted",
     .kind = OPTION_TEXT,
     .offset = FIELD(targeted),
     .metavar = "CLASS|next",
     .what = "drive images to this class (name or number), or each to the class behind its own"},
    {.name = "no-drop",
     .kind = OPTION_FLAG,
     .offset = FIELD(no_drop),
     .what = "run every step for every image and judge the last iterate, as other tools do; slower, for "
             "comparison"},
    {.name = "full-auto",
     .kind = OPTION_FLAG,
     .offset = FIELD(full_auto),
     .what = "--attack auto with every step of every stage for what earlier stages left, as AutoAttack runs "
             "it; slower, for comparison"},
    {.name = "no-panel",
     .kind = OPTION_FLAG,
     .offset = FIELD(no_panel),
     .what = "do not look at 64 of the images for signs that the attacks or the gradients fail"},
    {.name = "sheet",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(sheet),
     .metavar = "FILE.png",
     .what = "write a contact sheet of the last attack: original, perturbation magnified, adversarial image"},
    {.name = "save",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(save),
     .metavar = "FILE.npz",
     .what = "write the images of the last attack: images, originals, labels, ids, predictions, distances, "
             "broken"},
    {.name = "uint8",
     .kind = OPTION_FLAG,
     .offset = FIELD(uint8),
     .what = "--save writes images of 256 levels, of which only those that still break the model count"},
    {.name = "corpus",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(corpus),
     .metavar = "FILE.npz",
     .what =
         "try the examples of this file first, attack what they leave, and keep the nearest example of each "
         "image in it; it is made where there is none"},
    {.name = "time-budget",
     .kind = OPTION_INTEGER,
     .offset = FIELD(time_budget),
     .metavar = "SECONDS",
     .lo = 1,
     .hi = 8640000,
     .what =
         "stop the attacks after this time and report the bounds they reached; how tight they are depends on "
         "the machine (--budget does not)"},
    {0}};

static evasion_plan plan_of(const context *c, const attack_settings *o, const model *m,
                            const number_list *eps, const int32_t *targets) {
    evasion_plan p = {
        .norm = (norm)o->norm,
        .eps = eps->values,
        .n_eps = eps->n,
        .options = {.steps = (int)o->steps, .step_size = o->step_size, .restarts = (int)o->restarts},
        .targets = targets,
        .no_drop = o->no_drop,
        .seconds = (double)o->time_budget,
        .keep_best = true,
        .batch = (int)c->common.batch,
        .eot = (int)c->defence.eot,
        .stand_in = c->defence.bpda,
        .random = model_is_random(m)};
    for (int i = 0; i < o->attacks.n && i < EVASION_METHODS; i++)
        p.methods[p.n_methods++] = attack_at(o->attacks.values[i]);
    return p;
}

/* Whether the cascade was asked for, which stands alone. */
static status choose_cascade(const attack_settings *o, evasion_plan *p, err *e) {
    bool cascade = false;
    for (int i = 0; i < o->attacks.n; i++)
        cascade |= evasion_choice_is_cascade(o->attacks.values[i]);
    if (!cascade && o->full_auto) return err_set(e, STATUS_USAGE, "--full-auto belongs to --attack auto");
    if (!cascade) return STATUS_OK;
    if (o->attacks.n > 1)
        return err_set(e, STATUS_USAGE, "--attack: auto stands alone, it is a list of attacks itself");
    p->to_the_end = o->full_auto;
    return evasion_cascade(p, e);
}

/* Options that do not go together. */
static status check_together(const attack_settings *o, const dataset *d, err *e) {
    const char *first = o->corpus ? "--corpus" : o->time_budget ? "--time-budget" : NULL;
    if (first && o->no_drop)
        return err_set(e, STATUS_USAGE, "%s goes on with what is not broken yet: leave --no-drop out", first);
    if (o->corpus && o->targeted)
        return err_set(e, STATUS_USAGE, "--corpus keeps untargeted examples: leave --targeted out");
    if (o->uint8 && !o->save)
        return err_set(e, STATUS_USAGE, "--uint8 is how --save writes: give --save FILE.npz");
    if (o->uint8 && !d->pixels)
        return err_set(e, STATUS_USAGE, "--uint8: %s has float values, expected images of 256 levels",
                       d->name);
    return STATUS_OK;
}

/* One run of the command. */
typedef struct job {
    context *c;
    const attack_settings *settings;
    model *m;
    const dataset *d;
    evasion_plan plan;
    evasion found;
    evasion_corpus corpus;
    diagnosis panel;
    attack_result rounded; /* the best examples as images of 256 levels, where the data has such */
} job;

/* The images of the last attack, which are not the best ones where there are several. */
static status save_last(job *j, err *e) {
    const attack_settings *o = j->settings;
    const attack_result *last = &j->found.results[j->found.n_done - 1];
    bool only = j->found.n_done == 1 && !j->found.base.n && j->rounded.n; /* the best ones are its own */
    if (!o->save || !last->examples || (o->uint8 && run_cancelled(&j->c->run))) return STATUS_OK;
    if (o->uint8 && only) return evasion_save(o->save, j->d, &j->rounded, true, e);
    if (!o->uint8) return evasion_save(o->save, j->d, last, false, e);
    attack_result rounded;
    status s = evasion_round(j->m, j->d, &j->plan, last, &j->c->run, &rounded, e);
    if (s == STATUS_OK) s = evasion_save(o->save, j->d, &rounded, true, e);
    attack_result_free(&rounded);
    return s;
}

static status write_files(job *j, result *x, err *e) {
    status s = evasion_sheet(x, j->d, &j->plan, &j->found, j->settings->sheet, e);
    if (s == STATUS_OK) s = save_last(j, e);
    if (s == STATUS_OK && j->settings->corpus)
        s = evasion_corpus_close(&j->corpus, j->c, x, j->d, &j->found, e);
    return s;
}

static status report(job *j, status ran, err *e) {
    context *c = j->c;
    result *x = result_new("attack", &c->run);
    context_record_model(c, x, j->m);
    result_data(x, j->d);
    result_setting_text(x, "targeted", j->settings->targeted);
    evasion_record(x, j->d, &j->plan, &j->found);
    evasion_record_details(x, j->d, &j->plan, &j->found, &j->rounded);
    diagnosis_record(x, &j->panel);
    result_setting_json(x, "panel", json_new_bool(j->panel.images > 0));
    json *body = json_get(result_json(x), "body");
    bool stamped = trust_stamp(body, ran != STATUS_OK);
    say_subject(c, j->d, j->m);
    evasion_print(c, j->d, &j->plan, &j->found, body);
    evasion_print_details(c, j->d, &j->plan, &j->found, &j->rounded);
    status s = stamped ? write_files(j, x, e) : err_set(e, STATUS_NO_MEMORY, "out of memory");
    c->cut_short = j->found.out_of_time;
    if (s == STATUS_OK) s = context_finish(c, x, ran, e);
    result_free(x);
    return s;
}

static status run_job(job *j, err *e) {
    const attack_settings *o = j->settings;
    status s = choose_cascade(o, &j->plan, e);
    if (s == STATUS_OK) s = check_together(o, j->d, e);
    if (s == STATUS_OK && o->corpus) s = evasion_corpus_open(&j->corpus, o->corpus, j->d, j->plan.norm, e);
    if (s != STATUS_OK) return s;
    j->plan.stored = j->corpus.stored;
    status ran = evasion_run(j->m, j->d, &j->plan, &j->c->run, &j->found, e);
    if (j->found.n_done == 0) return ran;
    if (ran == STATUS_OK && j->d->pixels)
        s = evasion_round(j->m, j->d, &j->plan, &j->found.best, &j->c->run, &j->rounded, e);
    j->found.later_forwards = j->rounded.forwards;
    j->found.later_backwards = j->rounded.backwards;
    if (s == STATUS_OK && ran == STATUS_OK && !o->no_panel && !j->found.out_of_time)
        s = evasion_diagnose(j->m, j->d, &j->plan, &j->found, &j->c->run, &j->panel, e);
    if (s == STATUS_CANCELLED) ran = s;
    return s == STATUS_OK || s == STATUS_CANCELLED ? report(j, ran, e) : s;
}

static status attack_all(context *c, const attack_settings *o, model *m, const dataset *d,
                         const int32_t *targets, err *e) {
    number_list eps = o->eps;
    evasion_complete_eps(&eps, (norm)o->norm, d->image.c);
    job j = {.c = c, .settings = o, .m = m, .d = d, .plan = plan_of(c, o, m, &eps, targets)};
    status s = run_job(&j, e);
    evasion_corpus_free(&j.corpus);
    attack_result_free(&j.rounded);
    evasion_free(&j.found);
    return s;
}

static status run_attack(context *c, const void *settings, err *e) {
    const attack_settings *o = settings;
    loaded_model loaded;
    dataset d = {0};
    int32_t *targets = NULL;
    status s = context_open_model(c, c->arguments[0], true, &loaded, e);
    if (s == STATUS_OK) s = context_open_data(c, "test", 1000, &loaded.model->input, &d, e);
    if (s == STATUS_OK) s = model_accepts(loaded.model, &d, e);
    if (s == STATUS_OK) s = targets_make(o->targeted, &d, &targets, e);
    if (s == STATUS_OK) s = attack_all(c, o, loaded.model, &d, targets, e);
    free(targets);
    dataset_free(&d);
    loaded_model_free(&loaded);
    return s;
}

const command command_attack = {.name = "attack",
                                .arguments = "MODEL",
                                .fewest = 1,
                                .most = 1,
                                .what = "accuracy under evasion attacks, over sizes of the perturbation",
                                .about = "Changes images a little until the model is wrong, and counts how "
                                         "often that works. The attacker knows the model "
                                         "(white box). Every adversarial image is checked again, in float32 "
                                         "and inside its ball, before it counts; images "
                                         "that are misclassified unchanged count as broken. Accuracy under "
                                         "attack is an upper bound of robust accuracy. "
                                         "Without --n, 1,000 images are attacked.",
                                .reads_data = true,
                                .reads_model = true,
                                .defends = true,
                                .options = options,
                                .attacks = true,
                                .settings_size = sizeof(attack_settings),
                                .run = run_attack};
