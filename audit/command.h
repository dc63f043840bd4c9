/* Commands: a static table, and what every command is given. */
#ifndef AUDIT_COMMAND_H
#define AUDIT_COMMAND_H

#include <stdio.h>

#include "audit/defence_options.h"
#include "audit/input_options.h"
#include "audit/model_options.h"
#include "audit/options.h"
#include "audit/progress.h"
#include "audit/result.h"
#include "audit/training.h"
#include "core/run.h"
#include "datasets/dataset.h"
#include "nets/model.h"

/* Options that every command takes. */
typedef struct run_settings {
    int64_t seed, threads, batch, budget,
        time_limit; /* threads, budget, time_limit: 0 = automatic, none, none */
    int kernel;
    const char *json, *config;
    bool quiet;
} run_settings;

/* Options of commands that read images. */
typedef struct data_settings {
    const char *data, *split, *groups, *labels, *size;
    int64_t n;       /* -1: not given */
    int64_t first;   /* images in the order of the files; 0: not given */
    bool properties; /* add image properties as groups */
} data_settings;

typedef struct command command;

typedef struct context {
    const command *command;
    int argc; /* the whole command line, for the record */
    char *const *argv;
    const char *const *arguments; /* words that are no options */
    int n_arguments;
    run_settings common;
    data_settings data;
    training_settings training;
    model_settings model;
    input_settings input;
    defence_settings defence;
    run run; /* made of `common`; cancelled by Ctrl-C and the time limit */
    progress progress;
    double began; /* clock_seconds at the start */
    bool cut_short; /* by the clock, as the command was told: the result is valid, but another run may give another one */
    bool payload; /* a file that the command writes goes to standard output: no text may stand among it */
    int verdict;  /* exit code of a command that did its work: 0, or 1 when a gate failed, ... */
} context;

struct command {
    const char *name;
    const char *arguments; /* usage of the words: "MODEL", "FILE...", "" */
    int fewest, most;      /* number of them; most < 0 = any number */
    const char *what;      /* one line for the list of commands */
    const char *about;     /* a paragraph or more for its help */
    bool reads_data;       /* takes the data options */
    bool reads_model;      /* takes the options of how a model is asked, which context_open_model obeys */
    bool reads_onnx;       /* takes only the options that context_read_model obeys: what ONNX files do not say */
    bool reads_answers;    /* and of dropout at test time, which predictions_of obeys */
    bool trains;           /* takes the training options */
    bool attacks;          /* takes a budget, which attacks obey */
    bool defends;          /* takes defences, which context_open_model puts before the model; with `attacks` also how to get round them */
    const option *options; /* its own, or NULL */
    size_t settings_size;  /* of the struct that they fill */
    status (*run)(context *c, const void *settings, err *e);
};

const command *command_at(int i); /* in the order of commands.def, NULL past the end */
const command *command_find(const char *name);

/* The tables of options that a command takes, its own first; returns how many. They fill `settings` and *c; both may be NULL where only
 * names matter. */
enum { OPTION_SETS_MOST = 24 };
int command_option_sets(const command *k, context *c, void *settings, option_set sets[OPTION_SETS_MOST]);

/* The tables that commands share, for names; returns how many. */
int common_option_sets(option_set sets[OPTION_SETS_MOST]);

/* The tables whose options make a recipe: those of training, the seed and the batch size. */
int recipe_option_sets(context *c, option_set sets[OPTION_SETS_MOST]);

/* Runs a command line and returns the exit code. Prints errors to standard error. */
int command_line(int argc, char *const *argv);

/* --- for commands
 * ------------------------------------------------------------------------------------------------------ */

/* Where tables and sentences go; NULL when --quiet, or when an output goes to standard output. */
FILE *context_out(const context *c);

/* A line or part of one to context_out. */
void say(const context *c, const char *format, ...) PRINTF_LIKE(2, 3);

/* Which images: a random sample of n, or the first so many; zeros are all. */
typedef struct image_choice {
    int n, first;
} image_choice;

/* Those of --n or --first, `n` where neither is given; STATUS_USAGE where both are. */
MUST_CHECK status context_choice(const context *c, int n, image_choice *out, err *e);

/* Opens --data; `split` is used when --split is not given, `n` when --n is not (0 = all), and `shape` (or
 * NULL) is the size that folders of images are brought to when --size is not given. */
MUST_CHECK status context_open_data(const context *c, const char *split, int n, const shape *size,
                                    dataset *out, err *e);

/* Opens images to test a net on that was trained on `trained`: `test_data` where it is not NULL, else the test part of --data, and
 * nothing (*out empty) when the training data is not the training part of something. `groups`: CSV or NULL. */
MUST_CHECK status context_open_test(const context *c, const char *test_data, const char *groups,
                                    image_choice chosen, const dataset *trained, dataset *out, err *e);

/* Opens `train_n` images to train on (0 = all) and those to test on, which --n or --first choose here. STATUS_USAGE where there are none to
 * test on. Both must be freed. */
MUST_CHECK status context_open_both(context *c, int64_t train_n, const char *test_data, const char *test_groups,
                                    dataset *train_part, dataset *test, err *e);

/* --size HxW; zeros where it is not given. */
MUST_CHECK status context_size(const context *c, int *height, int *width, err *e);

/* Reads a model.bin or an ONNX file, found out by its content, with the input options; these are an error for a model.bin, which has its
 * preprocessing. Free with model_file_free. */
struct model_file;
MUST_CHECK status context_read_model(const context *c, const char *path, struct model_file *out, err *e);

/* A model file with everything that must live as long as its model. Starts as {0}. */
typedef struct loaded_model {
    struct model_file *file;
    model *model;
} loaded_model;

/* Opens a model file, asked as the model options say; `gradient` makes attacks possible. Its warnings-free shape is in out->model->input. */
MUST_CHECK status context_open_model(const context *c, const char *path, bool gradient, loaded_model *out,
                                     err *e);
void loaded_model_free(loaded_model *m);

/* Records the model in a result, and how it was asked where that is not plainly. */
void context_record_model(const context *c, result *x, const model *m);

/* Ends a command: prints the result's warnings on standard error, marks it when the time limit cut it short,
 * and writes --json. `s` is how the work ended: STATUS_OK, or STATUS_CANCELLED when the result holds what was
 * finished; it is returned. */
MUST_CHECK status context_finish(const context *c, result *x, status s, err *e);

#endif
