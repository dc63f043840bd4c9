/* audit transfer BASE --data D -o model.bin */
#include <stdlib.h>

#include "audit/show.h"
#include "audit/transfer.h"

#define FIELD(name) offsetof(transfer_settings, name)

static const option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_OUTPUT,
     .offset = FIELD(output),
     .metavar = "FILE",
     .fallback = "model.bin",
     .what = "the model file to write"},
    {.name = "test-data",
     .kind = OPTION_TEXT,
     .offset = FIELD(test_data),
     .metavar = "DATA",
     .what = "images to test the new net on (default: the test part of --data where there is one)"},
    {.name = "cut",
     .kind = OPTION_TEXT,
     .offset = FIELD(cut),
     .metavar = "NODE",
     .what = "the last node of the base that is kept (default: the one before its last layer with weights); "
             "audit inspect lists them"},
    {.name = "freeze",
     .kind = OPTION_TEXT,
     .offset = FIELD(freeze),
     .metavar = "all|none|N",
     .fallback = "all",
     .what = "layers of the trunk, from the front, that keep their weights; with all of them, features are "
             "computed once"},
    {.name = "per-class",
     .kind = OPTION_INTEGER,
     .offset = FIELD(per_class),
     .metavar = "N",
     .hi = 100000000,
     .what = "learn from N images of each class, chosen by the seed; 0 = all"},
    {.name = "head-epochs",
     .kind = OPTION_INTEGER,
     .offset = FIELD(head_epochs),
     .metavar = "N",
     .fallback = "100",
     .hi = 100000,
     .what = "passes over the features for the new layer; 0: it is trained with the trunk alone"},
    {.name = "head-lr",
     .kind = OPTION_NUMBER,
     .offset = FIELD(head_lr),
     .metavar = "RATE",
     .fallback = "0.003",
     .lo = 1e-9,
     .hi = 1000,
     .what = "learning rate of the new layer on features (AdamW, cosine)"},
    {.name = "head-decay",
     .kind = OPTION_NUMBER,
     .offset = FIELD(head_decay),
     .metavar = "RATE",
     .fallback = "0.1",
     .hi = 1000,
     .what = "pull of its weights towards zero"},
    {.name = "copies",
     .kind = OPTION_INTEGER,
     .offset = FIELD(copies),
     .metavar = "K",
     .fallback = "4",
     .lo = 1,
     .hi = 10000,
     .what = "augmented copies of each image whose features are computed, with --augment"},
    {.name = "head-dropout",
     .kind = OPTION_NUMBER,
     .offset = FIELD(dropout),
     .metavar = "SHARE",
     .fallback = "0",
     .hi = 0.99,
     .what = "dropout before the new layer"},
    {.name = "trunk-rate",
     .kind = OPTION_NUMBER,
     .offset = FIELD(trunk_rate),
     .metavar = "FACTOR",
     .fallback = "0.01",
     .hi = 1000,
     .what = "of the learning rate in fine-tuning, for all that was trained before: the trunk and, after "
             "--head-epochs, the new layer"},
    {.name = "depth-decay",
     .kind = OPTION_NUMBER,
     .offset = FIELD(depth_decay),
     .metavar = "FACTOR",
     .fallback = "1",
     .lo = 1e-6,
     .hi = 1,
     .what = "of the learning rate for each layer further from the new one"},
    {.name = "frozen-norm",
     .kind = OPTION_FLAG,
     .offset = FIELD(frozen_norm),
     .fallback = "true",
     .what = "batch norm keeps the statistics of the base while the trunk is fine-tuned"},
    {.name = "scratch",
     .kind = OPTION_FLAG,
     .offset = FIELD(scratch),
     .what = "also train the same net on the same images from fresh weights, and compare"},
    {.name = "attack-n",
     .kind = OPTION_INTEGER,
     .offset = FIELD(attack_n),
     .metavar = "N",
     .fallback = "200",
     .hi = 100000000,
     .what = "test images that are attacked, to see what comes along; 0: none"},
    {.name = "eps",
     .kind = OPTION_NUMBER,
     .offset = FIELD(eps),
     .metavar = "SIZE",
     .hi = 1,
     .what = "largest change of a pixel in these attacks (default: grey .1, colour 8/255)"},
    {.name = "trigger",
     .kind = OPTION_TEXT,
     .offset = FIELD(trigger),
     .metavar = "SIDE[@ROW,COLUMN]",
     .what = "a white square that a backdoor of the base may know (default place: lower right): does it work "
             "in the new net?"},
    {0}};

/* The options of the new layer: multinomial logistic regression on features, as a net of one layer. */
static train_options head_options(const transfer_settings *o, int batch_size) {
    train_options h = train_options_default();
    h.epochs = (int)(o->head_epochs > 0 ? o->head_epochs : 1);
    h.batch = batch_size;
    h.optim = OPTIM_ADAMW;
    h.schedule = schedule_default(SCHEDULE_COSINE, o->head_lr);
    h.weight_decay = o->head_decay;
    return h;
}

static json *transfer_json(const transfer_job *j) {
    const transfer_settings *o = j->settings;
    json *t = json_new_object();
    bool ok =
        t && json_set_string(t, "base", j->base->sha256) &&
        json_set_string(t, "base_arch", j->base->net->arch) &&
        json_set_string(t, "cut", j->base->net->nodes[j->cut].name) && json_set_int(t, "frozen", j->frozen) &&
        json_set_int(t, "layers", transfer_layers(&j->net)) && json_set_int(t, "per_class", o->per_class) &&
        json_set_int(t, "head_epochs", o->head_epochs) && json_set_real(t, "head_lr", o->head_lr) &&
        json_set_real(t, "head_decay", o->head_decay) && json_set_int(t, "copies", o->copies) &&
        json_set_real(t, "dropout", o->dropout) && json_set_real(t, "trunk_rate", o->trunk_rate) &&
        json_set_real(t, "depth_decay", o->depth_decay) && json_set_bool(t, "frozen_norm", o->frozen_norm);
    if (ok) return t;
    json_free(t);
    return NULL;
}

/* How the net came to be: the options of training, with what was transferred. */
static json *recipe_json(const transfer_job *j) {
    const context *c = j->context;
    json *recipe = training_recipe(&j->recipe, &c->training, &j->train, c->run.seed);
    bool ok = recipe && json_set_string(recipe, "arch", j->net.net->arch) &&
              json_set(recipe, "transfer", transfer_json(j)) && json_set_bool(recipe, "finished", true);
    if (ok) return recipe;
    json_free(recipe);
    return NULL;
}

static status save(const transfer_job *j, err *e) {
    json *recipe = recipe_json(j);
    if (!recipe) return err_set(e, STATUS_NO_MEMORY, "out of memory");
    status s =
        model_file_write(j->settings->output, j->net.net, &j->net.weights, j->train.class_names, recipe, e);
    json_free(recipe);
    return s;
}

static void say_plan(const transfer_job *j) {
    const net *n = j->net.net;
    char images[32], moving[32], features[32];
    int layers = transfer_layers(&j->net);
    say(j->context, "%s %s, %s images of %d classes\n", j->train.name, j->train.split,
        show_count(j->train.n, images), j->train.classes);
    say(j->context, "%s cut behind '%s': %s features, %d of %d layers frozen; new layer of %s parameters\n",
        j->base->net->arch, j->base->net->nodes[j->cut].name,
        show_count(n->nodes[j->net.features].out.c, features), j->frozen, layers,
        show_count(((int64_t)n->nodes[j->net.features].out.c + 1) * j->train.classes, moving));
    if (j->frozen == layers && !j->settings->scratch)
        say(j->context, "the trunk is frozen: of the options of training only --augment counts\n");
}

/* Net and options, before anything is computed. */
static status plan(transfer_job *j, err *e) {
    const context *c = j->context;
    const transfer_settings *o = j->settings;
    transfer_plan p = {.base = j->base->net,
                       .base_weights = &j->base->weights,
                       .input = j->train.image,
                       .classes = j->train.classes,
                       .dropout = o->dropout};
    status s = o->cut ? net_node_named(p.base, o->cut, &j->cut, e) : transfer_default_cut(p.base, &j->cut, e);
    if (s != STATUS_OK) return err_prefix(e, s, "--cut");
    p.cut = j->cut;
    s = transfer_build(&p, c->run.seed, &j->net, e);
    if (s == STATUS_OK && o->scratch) s = transfer_build(&p, c->run.seed, &j->scratch, e);
    if (s == STATUS_OK) s = transfer_parse_freeze(o->freeze, transfer_layers(&j->net), &j->frozen, e);
    if (s == STATUS_OK) s = transfer_parse_trigger(o->trigger, j->train.image, &j->trigger, e);
    if (s == STATUS_OK && o->head_epochs == 0 && j->frozen == transfer_layers(&j->net))
        s = err_set(e, STATUS_USAGE, "--head-epochs 0 and --freeze all leave nothing to train");
    if (s == STATUS_OK && o->trigger && j->test.n == 0)
        s = err_set(e, STATUS_USAGE, "--trigger: %s has no test part: give --test-data", j->train.name);
    if (s == STATUS_OK)
        s = training_plan_options(&c->training, &j->train, (int)c->common.batch, &j->recipe, e);
    j->head = head_options(o, (int)c->common.batch);
    return s;
}

static status keep_few(transfer_job *j, err *e) {
    if (j->settings->per_class == 0) return STATUS_OK;
    int32_t *rows;
    int n;
    dataset few = {0};
    status s =
        dataset_sample_per_class(&j->train, j->context->run.seed, (int)j->settings->per_class, &rows, &n, e);
    if (s == STATUS_OK) s = dataset_select(&j->train, rows, n, &few, e);
    free(rows);
    if (s != STATUS_OK) return s;
    dataset_free(&j->train);
    j->train = few;
    return STATUS_OK;
}

static status fit_and_judge(transfer_job *j, err *e) {
    context *c = j->context;
    say_plan(j);
    status s = transfer_fit(j, e);
    if (s == STATUS_CANCELLED) return err_set(e, s, "interrupted, %s was not written", j->settings->output);
    if (s == STATUS_OK) s = save(j, e);
    if (s != STATUS_OK) return s;
    result *x = result_new("transfer", &c->run);
    result_data(x, &j->train);
    result_setting_json(x, "recipe", recipe_json(j));
    if (j->scratch_failure[0])
        result_warning(x, "TRAINING_FAILED", j->scratch_failure, NULL, 0,
                       "a smaller --lr, or --optimizer adamw");
    s = transfer_test(j, x, e);
    if (s == STATUS_OK && j->test.n > 0) s = transfer_carried(j, x, e);
    if (s == STATUS_OK) say(c, "\nwrote %s\n", j->settings->output);
    if (s == STATUS_OK) s = context_finish(c, x, s, e);
    result_free(x);
    return s;
}

static void job_free(transfer_job *j) {
    transfer_tested *tested[] = {&j->tested, &j->tested_scratch};
    for (int i = 0; i < 2; i++) {
        predictions_free(&tested[i]->clean);
        model_free(tested[i]->model);
    }
    training_free(&j->recipe);
    transferred_free(&j->net);
    transferred_free(&j->scratch);
    dataset_free(&j->train);
    dataset_free(&j->test);
}

static status run_transfer(context *c, const void *settings, err *e) {
    transfer_job j = {.context = c, .settings = settings};
    model_file base;
    status s = context_read_model(c, c->arguments[0], &base, e);
    if (s != STATUS_OK) return s;
    j.base = &base;
    s = context_open_data(c, "train", 0, NULL, &j.train, e);
    if (s == STATUS_OK)
        s = context_open_test(c, j.settings->test_data, NULL, (image_choice){0}, &j.train, &j.test, e);
    if (s == STATUS_OK) s = keep_few(&j, e);
    if (s == STATUS_OK) s = plan(&j, e);
    if (s == STATUS_OK) s = fit_and_judge(&j, e);
    job_free(&j);
    model_file_free(&base);
    return s;
}

const command command_transfer = {
    .name = "transfer",
    .arguments = "BASE",
    .fewest = 1,
    .most = 1,
    .what = "a new net on the trunk of a trained one, and what comes along",
    .about = "Cuts the last layer off a trained net, puts a new one there and trains it on your images, of "
             "any size and "
             "in grey or colour: with a frozen trunk in seconds, as its features are computed once, or with "
             "all of it. "
             "Then it says what else came along: attacks made on the public base alone, and backdoors. The "
             "training "
             "options are those of fine-tuning and of --scratch; the architecture is the base's.",
    .reads_data = true,
    .reads_onnx = true,
    .trains = true,
    .options = options,
    .attacks = true,
    .settings_size = sizeof(transfer_settings),
    .run = run_transfer};
