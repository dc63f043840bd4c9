/* Option tables. One table says everything about the options of a command: parsing, ranges, defaults, help,
 * completion and the names in configuration files all come from it.
 *
 * Where a value comes from, strongest first: the command line, the environment (options with a variable), the
 * configuration file, the recipe, the default. */
#ifndef AUDIT_OPTIONS_H
#define AUDIT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/status.h"

/* What an option's value is, and the type of the field it is stored in. */
typedef enum option_kind {
    OPTION_FLAG,    /* bool; --name, or --no-name to take it back */
    OPTION_TEXT,    /* const char *, NULL when not given */
    OPTION_FILE,    /* const char *, as text; completion offers files */
    OPTION_OUTPUT,  /* the same, a file to write: that it can be written is asked before the work */
    OPTION_INTEGER, /* int64_t */
    OPTION_NUMBER,  /* double: 0.05, 5e-2 or a fraction 8/255 */
    OPTION_NUMBERS, /* number_list: .05,.1,8/255 */
    OPTION_CHOICE,  /* int: index of the name in `choice` */
    OPTION_CHOICES, /* choice_list */
} option_kind;

enum { LIST_MOST = 32 };

typedef struct number_list {
    int n;
    double values[LIST_MOST];
} number_list;

typedef struct choice_list {
    int n;
    int values[LIST_MOST];
} choice_list;

typedef struct option {
    const char *name; /* without the dashes */
    char letter;      /* short form, or 0 */
    option_kind kind;
    size_t offset;        /* of the field in the struct of values */
    const char *metavar;  /* what help calls the value; NULL for flags and choices */
    const char *fallback; /* the default, written as on the command line; NULL leaves zero */
    double lo, hi;        /* numbers: least and largest value; lo = hi means any */
    /* Name i of a choice, NULL past the end; *what (may be NULL) gets a description or NULL. Of a text: the usual values, for help
     * and completion. */
    const char *(*choice)(int i, const char **what);
    const char *environment; /* a variable that sets it, or NULL */
    const char *what;        /* for help: a phrase without a full stop */
} option;

/* A table, ended by an option without a name, and the struct that its offsets point into. */
typedef struct option_set {
    const char *title; /* heading in the help */
    const option *options;
    void *values;
} option_set;

typedef struct option_sources {
    const option_set *sets;
    int n_sets;
    const char *command;     /* section of the configuration file */
    const option_set *known; /* every table whose options may stand at the top of a configuration file */
    int n_known;
    const json *config; /* {"threads": 2, "attack": {"eps": "8/255"}} or NULL; must outlive the values */
    const char *config_path;
    int argc; /* words behind the command */
    char *const *argv;
    const json *recipe; /* {"epochs": 5, "lr": 0.05} or NULL; must outlive the values */
    const char *recipe_path;
    const option_set *recipe_sets; /* the only tables whose options a recipe may have */
    int n_recipe_sets;
} option_sources;

/* Fills the values of all sets. Words that are no options go to arguments[0..*n_arguments) (room for argc).
 * `memory` owns texts that come from numbers in the configuration. Messages name the option, variable or key.
 */
MUST_CHECK status options_resolve(const option_sources *s, arena *memory, const char **arguments,
                                  int *n_arguments, err *e);

/* Stores one value; the message does not name the option. For the three sources and for tests. */
MUST_CHECK status option_assign(const option *o, void *values, const char *text, err *e);

/* A decimal number or a fraction of two; finite. False when `text` is anything else. */
bool number_parse(const char *text, double *out);

/* The members of a configuration file that these sets have. */
MUST_CHECK status options_from_config(const option_sources *s, arena *memory, err *e);

/* The members of a recipe, each of which must be an option of recipe_sets. */
MUST_CHECK status options_from_recipe(const option_sources *s, arena *memory, err *e);

/* Adds every option that has a value to a JSON object, such that options_from_recipe gives the very same values back. Options
 * without a default that are zero, and those that are -1 for "not given", are left out. False when memory is out. */
bool options_to_json(const option_set *sets, int n_sets, json *object);

const option *option_find(const option_set *sets, int n_sets, const char *name, const option_set **owner);

#endif
