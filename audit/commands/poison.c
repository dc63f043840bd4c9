/* audit poison --data D */
#include <stdlib.h>
#include <string.h>

#include "audit/class_choice.h"
#include "audit/dose_response.h"
#include "audit/show.h"

typedef struct poison_settings {
    int kind;
    number_list doses;
    int64_t seeds, train_n, patch;
    const char *source, *target, *group, *test_data, *test_groups, *manifest;
} poison_settings;

#define FIELD(name) offsetof(poison_settings, name)

static const char *kind_at(int i, const char **what) {
    static const char *const kinds[][2] = {
#define KIND(code, name, what) {name, what},
        POISON_LIST(KIND)
#undef KIND
    };
    bool inside = i >= 0 && i < (int)(sizeof kinds / sizeof *kinds);
    if (what) *what = inside ? kinds[i][1] : NULL;
    return inside ? kinds[i][0] : NULL;
}

static const option options[] = {
    {.name = "poison",
     .letter = 'p',
     .kind = OPTION_CHOICE,
     .offset = FIELD(kind),
     .fallback = "badnets",
     .choice = kind_at,
     .what = "what the attacker does to the training data"},
    {.name = "doses",
     .kind = OPTION_NUMBERS,
     .offset = FIELD(doses),
     .metavar = "LIST",
     .fallback = "0,.01,.05,.1",
     .hi = 1,
     .what = "poisoned shares: of all images, for pairflip and groupflip of those that can be poisoned; 0 is "
             "always among them"},
    {.name = "seeds",
     .kind = OPTION_INTEGER,
     .offset = FIELD(seeds),
     .metavar = "N",
     .fallback = "5",
     .lo = 1,
     .hi = DOSE_SEEDS_MOST,
     .what = "nets per dose, each with its own weights, order and poisoned images"},
    {.name = "train-n",
     .kind = OPTION_INTEGER,
     .offset = FIELD(train_n),
     .metavar = "N",
     .fallback = "5000",
     .hi = 100000000,
     .what = "training images, chosen by the seed; 0 = all"},
    {.name = "source",
     .kind = OPTION_TEXT,
     .offset = FIELD(source),
     .metavar = "CLASS",
     .what = "poison only images of this class (badnets, pairflip)"},
    {.name = "target",
     .kind = OPTION_TEXT,
     .offset = FIELD(target),
     .metavar = "CLASS",
     .what = "the class that the attacker wants (badnets: default the first one; pairflip with --source; "
             "groupflip)"},
    {.name = "subgroup",
     .kind = OPTION_TEXT,
     .offset = FIELD(group),
     .metavar = "COLUMN=VALUE",
     .what = "the subgroup that groupflip poisons"},
    {.name = "patch",
     .kind = OPTION_INTEGER,
     .offset = FIELD(patch),
     .metavar = "PIXELS",
     .fallback = "3",
     .lo = 1,
     .hi = 1024,
     .what = "side of the trigger of badnets, a white square"},
    {.name = "test-data",
     .kind = OPTION_TEXT,
     .offset = FIELD(test_data),
     .metavar = "DATA",
     .what = "images to test on (default: the test part of --data)"},
    {.name = "test-groups",
     .kind = OPTION_FILE,
     .offset = FIELD(test_groups),
     .metavar = "FILE.csv",
     .what = "group columns of the test images, for groupflip"},
    {.name = "manifest",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(manifest),
     .metavar = "FILE.json",
     .what = "write which images were poisoned for each net, and how"},
    {0}};

static status parse_classes(const poison_settings *o, const dataset *d, poison *p, err *e) {
    p->source = -1;
    p->target = p->kind == POISON_BADNETS ? 0 : -1;
    status s = o->source ? class_parse("source", o->source, d, &p->source, e) : STATUS_OK;
    if (s == STATUS_OK && o->target) s = class_parse("target", o->target, d, &p->target, e);
    if (s == STATUS_OK && p->kind == POISON_PAIRFLIP && p->source >= 0 && p->target < 0)
        p->target = (p->source + 1) % d->classes;
    return s;
}

/* "column=value" into the two texts of `p`, which live in `memory`. */
static status parse_subgroup(const char *text, poison *p, arena *memory, err *e) {
    if (p->kind != POISON_GROUPFLIP) return STATUS_OK;
    const char *equals = text ? strchr(text, '=') : NULL;
    if (!equals || equals == text || !equals[1])
        return err_set(e, STATUS_USAGE, "--subgroup: groupflip needs COLUMN=VALUE, such as sex=f");
    p->group_column = arena_strndup(memory, text, (size_t)(equals - text));
    p->group_value = equals + 1;
    return p->group_column ? STATUS_OK : err_set(e, STATUS_NO_MEMORY, "out of memory");
}

/* Ascending, without repetition, beginning with 0. */
static status set_doses(const number_list *list, dose_plan *p, err *e) {
    p->doses[p->n_doses++] = 0;
    for (int i = 0; i < list->n; i++) {
        int at = p->n_doses;
        while (at > 0 && p->doses[at - 1] > list->values[i])
            at--;
        if (p->doses[at - 1] == list->values[i]) continue;
        if (p->n_doses == DOSES_MOST)
            return err_set(e, STATUS_USAGE, "--doses: more than %d values", DOSES_MOST - 1);
        memmove(&p->doses[at + 1], &p->doses[at], (size_t)(p->n_doses - at) * sizeof *p->doses);
        p->doses[at] = list->values[i];
        p->n_doses++;
    }
    return STATUS_OK;
}

static void record_settings(result *x, const context *c, const poison_settings *o, const dose_plan *p) {
    json *doses = json_new_array();
    for (int i = 0; i < p->n_doses; i++)
        json_append(doses, json_new_real(p->doses[i]));
    result_data(x, p->train);
    result_setting_text(x, "poison", poison_name(p->poison.kind));
    result_setting_json(x, "doses", doses);
    result_setting_number(x, "seeds", p->n_seeds);
    result_setting_text(x, "source", o->source);
    result_setting_number(x, "target", p->poison.target);
    result_setting_text(x, "subgroup", o->group);
    result_setting_number(x, "patch", p->poison.patch);
    result_setting_text(x, "arch", training_arch(&c->training));
    result_setting_number(x, "epochs", (double)c->training.epochs);
    result_setting_number(x, "batch", p->batch);
    result_setting_number(x, "test_n", p->test->n);
    result_setting_text(x, "test_sha256", p->test->sha256);
}

static status report(context *c, const poison_settings *o, const dose_plan *p, dose_response *found,
                     status ran, err *e) {
    result *x = result_new("poison", &c->run);
    char images[32], tests[32];
    record_settings(x, c, o, p);
    dose_response_record(x, p, found);
    say(c, "%s: %s on %s images of %s, %s test images, %s\n\n", poison_name(p->poison.kind),
        training_arch(&c->training), show_count(p->train->n, images), p->train->name,
        show_count(p->test->n, tests), "the test set stays clean");
    dose_response_print(c, p, found);
    status s = o->manifest ? json_write_file(found->manifests, o->manifest, 1, e) : STATUS_OK;
    if (s == STATUS_OK) s = context_finish(c, x, ran, e);
    result_free(x);
    return s;
}

static status experiment(context *c, const poison_settings *o, const dose_plan *p, err *e) {
    dose_response *found = calloc(1, sizeof *found);
    if (!found) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s = dose_response_run(p, &c->run, found, e);
    if (found->n_seeds > 0) s = report(c, o, p, found, s, e);
    dose_response_free(found);
    free(found);
    return s;
}

static status run_poison(context *c, const void *settings, err *e) {
    const poison_settings *o = settings;
    dataset train_part = {0}, test = {0};
    arena memory = {0};
    dose_plan p = {.poison = {.kind = (poison_kind)o->kind, .patch = (int)o->patch},
                   .n_seeds = (int)o->seeds,
                   .training = &c->training,
                   .batch = (int)c->common.batch,
                   .train = &train_part,
                   .test = &test};
    status s = set_doses(&o->doses, &p, e);
    if (s == STATUS_OK) s = parse_subgroup(o->group, &p.poison, &memory, e);
    if (s == STATUS_OK)
        s = context_open_both(c, o->train_n, o->test_data, o->test_groups, &train_part, &test, e);
    if (s == STATUS_OK) s = parse_classes(o, &train_part, &p.poison, e);
    if (s == STATUS_OK) s = experiment(c, o, &p, e);
    dataset_free(&test);
    dataset_free(&train_part);
    arena_free(&memory);
    return s;
}

const command command_poison = {.name = "poison",
                                .arguments = "",
                                .what = "how much poisoned training data it takes: dose-response over seeds",
                                .about = "Trains nets on clean and on poisoned data, at every dose and for "
                                         "several seeds, and tests them on clean images. Nets of "
                                         "one seed begin with the same weights and see their images in the "
                                         "same order, and the images poisoned at one dose "
                                         "are among those of every larger one, so that what differs is the "
                                         "poison. The seed is the unit of the intervals.",
                                .reads_data = true,
                                .trains = true,
                                .options = options,
                                .settings_size = sizeof(poison_settings),
                                .run = run_poison};
