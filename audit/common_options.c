/* The options that commands share. */
#include "audit/command.h"

#define FIELD(name) offsetof(run_settings, name)

static const char *kernel_at(int i, const char **what) {
    static const char *const names[] = {
#define NAME(code, name) name,
        KERNEL_LIST(NAME)
#undef NAME
    };
    if (what) *what = NULL;
    return i < (int)(sizeof names / sizeof *names) ? names[i] : NULL;
}

/* What a recipe has besides the options of training. */
static const option step_options[] = {
    {.name = "seed",
     .kind = OPTION_INTEGER,
     .offset = FIELD(seed),
     .metavar = "N",
     .fallback = "0",
     .hi = 9007199254740992,
     .environment = "AUDIT_SEED",
     .what = "seed of everything random: the same seed gives the same result"},
    {.name = "batch",
     .kind = OPTION_INTEGER,
     .offset = FIELD(batch),
     .metavar = "N",
     .fallback = "128",
     .lo = 1,
     .hi = 4096,
     .environment = "AUDIT_BATCH",
     .what = "images of a training step; in attacks, images in flight, on which results do not depend"},
    {0}};

static const option run_options[] = {
    {.name = "threads",
     .letter = 'j',
     .kind = OPTION_INTEGER,
     .offset = FIELD(threads),
     .metavar = "N",
     .hi = 1024,
     .environment = "AUDIT_THREADS",
     .what = "threads; results do not depend on it (default: every processor this process may use)"},
    {.name = "kernel",
     .kind = OPTION_CHOICE,
     .offset = FIELD(kernel),
     .fallback = "auto",
     .choice = kernel_at,
     .environment = "AUDIT_KERNEL",
     .what = "how convolutions and products are computed; portable gives the same bits on every x86-64"},
    {.name = "time-limit",
     .kind = OPTION_INTEGER,
     .offset = FIELD(time_limit),
     .metavar = "SECONDS",
     .hi = 8640000,
     .what = "stop after this time; marks the result as not reproducible"},
    {.name = "json",
     .kind = OPTION_OUTPUT,
     .offset = FIELD(json),
     .metavar = "FILE",
     .what = "write the result as JSON; - is standard output"},
    {.name = "config",
     .kind = OPTION_FILE,
     .offset = FIELD(config),
     .metavar = "FILE",
     .environment = "AUDIT_CONFIG",
     .what = "JSON file with options: {\"threads\": 2, \"attack\": {\"eps\": \"8/255\"}}"},
    {.name = "quiet",
     .letter = 'q',
     .kind = OPTION_FLAG,
     .offset = FIELD(quiet),
     .what = "print warnings and errors only"},
    {0}};

/* Of commands that attack. */
static const option budget_options[] = {
    {.name = "budget",
     .kind = OPTION_INTEGER,
     .offset = FIELD(budget),
     .metavar = "N",
     .hi = 9007199254740992,
     .what = "stop after the cost of N forward passes of one image (replays exactly)"},
    {0}};

#undef FIELD
#define FIELD(name) offsetof(data_settings, name)

static const option data_options[] = {
    {.name = "data",
     .letter = 'd',
     .kind = OPTION_TEXT,
     .offset = FIELD(data),
     .metavar = "DATA",
     .what =
         "images and labels: fashion-mnist, mnist, idx:DIR, cifar10:DIR, cifar100:DIR, folder:DIR, npz:FILE, "
         "manifest:FILE.csv, synth:shapes"},
    {.name = "split",
     .kind = OPTION_TEXT,
     .offset = FIELD(split),
     .metavar = "train|test",
     .what = "part of the data (default: train for training, else test)"},
    {.name = "n",
     .letter = 'n',
     .kind = OPTION_INTEGER,
     .offset = FIELD(n),
     .metavar = "N",
     .fallback = "-1",
     .lo = -1,
     .hi = 100000000,
     .what = "use N images, chosen at random by the seed; 0 = all"},
    {.name = "first",
     .kind = OPTION_INTEGER,
     .offset = FIELD(first),
     .metavar = "N",
     .lo = 1,
     .hi = 100000000,
     .what = "use the first N images instead, in the order of the files: as other tools count them"},
    {.name = "groups",
     .letter = 'g',
     .kind = OPTION_FILE,
     .offset = FIELD(groups),
     .metavar = "FILE.csv",
     .what = "group columns, matched by a column row, id, file or path, else by order"},
    {.name = "properties",
     .kind = OPTION_FLAG,
     .offset = FIELD(properties),
     .what = "add group columns made of the images themselves: brightness, coverage, contrast"},
    {.name = "labels",
     .kind = OPTION_FILE,
     .offset = FIELD(labels),
     .metavar = "FILE",
     .what = "labels (IDX, or CSV with a column label) instead of those found with the images"},
    {.name = "size",
     .kind = OPTION_TEXT,
     .offset = FIELD(size),
     .metavar = "HxW",
     .what = "bring images of folder and manifest to this size (default: the model's, or the first image's)"},
    {0}};

/* For commands that read a model and no images. */
static const option size_options[] = {
    {.name = "size",
     .kind = OPTION_TEXT,
     .offset = FIELD(size),
     .metavar = "HxW",
     .what = "rows and columns of an ONNX model's images, where the file leaves them open"},
    {0}};

static option_set data_set(context *c) {
    return (option_set){"Data", data_options, c ? &c->data : NULL};
}

/* Tables under one heading. */
static const char running[] = "Running";

static option_set step_set(context *c) {
    return (option_set){running, step_options, c ? &c->common : NULL};
}

static option_set budget_set(context *c) {
    return (option_set){running, budget_options, c ? &c->common : NULL};
}

static option_set run_set(context *c) {
    return (option_set){running, run_options, c ? &c->common : NULL};
}

int command_option_sets(const command *k, context *c, void *settings, option_set sets[OPTION_SETS_MOST]) {
    int n = 0;
    if (k->options) sets[n++] = (option_set){"Options", k->options, settings};
    if (k->trains) {
        sets[n++] = recipe_set(c ? &c->training : NULL);
        n += training_option_sets(c ? &c->training : NULL, sets + n);
    }
    if (k->reads_data) sets[n++] = data_set(c);
    if (k->reads_onnx && !k->reads_data)
        sets[n++] = (option_set){"Images", size_options, c ? &c->data : NULL};
    if (k->reads_model) sets[n++] = model_option_set(c ? &c->model : NULL);
    if (k->reads_answers) sets[n++] = dropout_option_set(c ? &c->model : NULL);
    if (k->defends) sets[n++] = defence_option_set(c ? &c->defence : NULL);
    if (k->defends && k->attacks) sets[n++] = adaptive_option_set(c ? &c->defence : NULL);
    if (k->reads_model || k->reads_onnx) sets[n++] = input_option_set(c ? &c->input : NULL);
    sets[n++] = step_set(c);
    if (k->attacks) sets[n++] = budget_set(c);
    sets[n++] = run_set(c);
    return n;
}

int recipe_option_sets(context *c, option_set sets[OPTION_SETS_MOST]) {
    int n = training_option_sets(c ? &c->training : NULL, sets);
    sets[n++] = step_set(c);
    return n;
}

int common_option_sets(option_set sets[OPTION_SETS_MOST]) {
    const command everything = {.trains = true,
                                .reads_data = true,
                                .reads_model = true,
                                .reads_answers = true,
                                .attacks = true,
                                .defends = true};
    return command_option_sets(&everything, NULL, NULL, sets);
}
