/* audit attack MODEL --data D */
#include <stdlib.h>
#include <string.h>

#include "audit/class_choice.h"
#include "audit/evasion.h"
#include "audit/show.h"
#include "audit/trust.h"
#include "nets/predict.h"

typedef struct attack_settings {
    choice_list attacks;
    int norm;
    number_list eps;
    int64_t steps, restarts;
    double step_size;
    const char *targeted, *sheet, *save;
    bool no_drop, full_auto, no_panel;
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
    {0}};

static evasion_plan plan_of(const context *c, const attack_settings *o, const number_list *eps,
                            const int32_t *targets) {
    evasion_plan p = {
        .norm = (norm)o->norm,
        .eps = eps->values,
        .n_eps = eps->n,
        .options = {.steps = (int)o->steps, .step_size = o->step_size, .restarts = (int)o->restarts},
        .targets = targets,
        .no_drop = o->no_drop,
        .batch = (int)c->common.batch};
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

static status write_outputs(const attack_settings *o, result *x, const dataset *d, const evasion_plan *p,
                            const evasion *v, err *e) {
    status s = evasion_sheet(x, d, p, v, o->sheet, e);
    if (s == STATUS_OK && o->save && v->n_done == p->n_methods)
        s = evasion_save(o->save, d, &v->results[v->n_done - 1], e);
    return s;
}

static status attack_all(context *c, const attack_settings *o, model *m, const dataset *d,
                         const int32_t *targets, err *e) {
    number_list eps = o->eps;
    evasion_complete_eps(&eps, (norm)o->norm, d->image.c);
    evasion_plan p = plan_of(c, o, &eps, targets);
    status chosen = choose_cascade(o, &p, e);
    if (chosen != STATUS_OK) return chosen;
    evasion v;
    diagnosis panel = {0};
    status ran = evasion_run(m, d, &p, &c->run, &v, e);
    if (v.n_done == 0) return ran;
    if (ran == STATUS_OK && !o->no_panel) ran = evasion_diagnose(m, d, &p, &v, &c->run, &panel, e);
    result *x = result_new("attack", &c->run);
    context_record_model(c, x, m);
    result_data(x, d);
    result_setting_text(x, "targeted", o->targeted);
    evasion_record(x, d, &p, &v);
    diagnosis_record(x, &panel);
    result_setting_json(x, "panel", json_new_bool(panel.images > 0));
    json *body = json_get(result_json(x), "body");
    bool stamped = trust_stamp(body, ran != STATUS_OK);
    say_subject(c, d, m);
    evasion_print(c, d, &p, &v, body);
    status s = stamped ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK) s = write_outputs(o, x, d, &p, &v, e);
    if (s == STATUS_OK) s = context_finish(c, x, ran, e);
    result_free(x);
    evasion_free(&v);
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
                                .options = options,
                                .attacks = true,
                                .settings_size = sizeof(attack_settings),
                                .run = run_attack};
