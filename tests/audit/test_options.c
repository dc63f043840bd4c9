#include "audit/options.h"

#include <math.h>

#include "audit/command.h"
#include "tests/support/test.h"

typedef struct values {
    bool flag, on;
    const char *text;
    int64_t whole;
    double number;
    number_list numbers;
    int choice;
    choice_list choices;
} values;

static const char *colour(int i, const char **what) {
    static const char *const names[] = {"red", "green", "blue"};
    if (what) *what = NULL;
    return i < 3 ? names[i] : NULL;
}

#define FIELD(name) offsetof(values, name)
static const option rules[] = {
    {.name = "flag", .letter = 'f', .kind = OPTION_FLAG, .offset = FIELD(flag), .what = "w"},
    {.name = "on", .kind = OPTION_FLAG, .offset = FIELD(on), .fallback = "yes", .what = "w"},
    {.name = "text", .letter = 't', .kind = OPTION_TEXT, .offset = FIELD(text), .what = "w"},
    {.name = "threads",
     .kind = OPTION_INTEGER,
     .offset = FIELD(whole),
     .fallback = "7",
     .lo = 1,
     .hi = 64,
     .environment = "AUDIT_TEST_THREADS",
     .what = "w"},
    {.name = "rate", .kind = OPTION_NUMBER, .offset = FIELD(number), .fallback = "1/2", .what = "w"},
    {.name = "eps", .kind = OPTION_NUMBERS, .offset = FIELD(numbers), .lo = 0, .hi = 10, .what = "w"},
    {.name = "colour",
     .kind = OPTION_CHOICE,
     .offset = FIELD(choice),
     .fallback = "green",
     .choice = colour,
     .what = "w"},
    {.name = "colours", .kind = OPTION_CHOICES, .offset = FIELD(choices), .choice = colour, .what = "w"},
    {0}};

enum { MOST = 16 };

typedef struct parsed {
    values v;
    const char *arguments[MOST];
    int n_arguments;
    arena memory;
    json *config, *recipe;
    err e;
} parsed;

/* Words separated by blanks in `line` (changed), a configuration or NULL, a recipe or NULL. */
static status parse_all(parsed *p, char *line, const char *config, const char *recipe) {
    char *words[MOST];
    int n = 0;
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        words[n++] = word;
    *p = (parsed){0};
    if (config) assert_ok(json_parse(config, strlen(config), &p->config, &p->e), p->e);
    if (recipe) assert_ok(json_parse(recipe, strlen(recipe), &p->recipe, &p->e), p->e);
    option_set set = {"Options", rules, &p->v};
    option_sources s = {.sets = &set,
                        .n_sets = 1,
                        .command = "help",
                        .known = &set,
                        .n_known = 1,
                        .config = p->config,
                        .config_path = "c.json",
                        .argc = n,
                        .argv = words,
                        .recipe = p->recipe,
                        .recipe_path = "r.json",
                        .recipe_sets = &set,
                        .n_recipe_sets = 1};
    return options_resolve(&s, &p->memory, p->arguments, &p->n_arguments, &p->e);
}

static status parse(parsed *p, char *line, const char *config) {
    return parse_all(p, line, config, NULL);
}

static void release(parsed *p) {
    arena_free(&p->memory);
    json_free(p->recipe);
    json_free(p->config);
}

static void assert_usage(const char *line, const char *config, const char *message) {
    char words[256];
    snprintf(words, sizeof words, "%s", line);
    parsed p;
    status s = parse(&p, words, config);
    if (s == STATUS_OK || !strstr(p.e.message, message))
        fail_msg("%s: status %d, \"%s\", expected \"%s\"", line, s, p.e.message, message);
    release(&p);
}

static void forms(void **state) {
    (void)state;
    char line[] =
        "model.bin -f --no-on --text=a=b -tlast --eps .05,1e-1,8/255 --colours blue,red -- --flag -";
    parsed p;
    assert_ok(parse(&p, line, NULL), p.e);
    assert_true(p.v.flag);
    assert_false(p.v.on);
    assert_string_equal(p.v.text, "last");
    assert_int_equal(p.v.whole, 7);
    assert_near(p.v.number, 0.5, 0);
    assert_int_equal(p.v.numbers.n, 3);
    assert_near(p.v.numbers.values[2], 8.0 / 255, 0);
    assert_int_equal(p.v.choice, 1);
    assert_int_equal(p.v.choices.n, 2);
    assert_int_equal(p.v.choices.values[0], 2);
    assert_int_equal(p.n_arguments, 3);
    assert_string_equal(p.arguments[0], "model.bin");
    assert_string_equal(p.arguments[1], "--flag");
    assert_string_equal(p.arguments[2], "-");
    release(&p);
}

static void numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value; /* NAN: not a number */
    } cases[] = {{"8/255", 8.0 / 255}, {".05", .05}, {"1e-3", 1e-3}, {"-1", -1},  {"0", 0},     {"1/0", NAN},
                 {"nan", NAN},         {"inf", NAN}, {"", NAN},      {"1/", NAN}, {"/2", NAN},  {"0x10", NAN},
                 {"1/2/3", NAN},       {" 1", NAN},  {"1e999", NAN}, {"1 ", NAN}, {"--1", NAN}, {"1,2", NAN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value;
        bool ok = number_parse(cases[i].text, &value);
        if (ok != !isnan(cases[i].value) || (ok && value != cases[i].value))
            fail_msg("\"%s\" gave %d, %.17g", cases[i].text, ok, value);
    }
}

static void precedence(void **state) {
    (void)state;
    static const char config[] =
        "{\"threads\": 3, \"help\": {\"eps\": [0.1, \"8/255\"], \"colour\": \"blue\", \"flag\": true}, "
        "\"completion\": {\"anything\": 1}}";
    parsed p;
    char line1[] = "";
    assert_ok(parse(&p, line1, config), p.e);
    assert_int_equal(p.v.whole, 3);
    assert_int_equal(p.v.choice, 2);
    assert_int_equal(p.v.numbers.n, 2);
    assert_true(p.v.flag);
    release(&p);

    setenv("AUDIT_TEST_THREADS", "4", 1);
    char line2[] = "--no-flag --colour red";
    assert_ok(parse(&p, line2, config), p.e);
    assert_int_equal(p.v.whole, 4);
    assert_int_equal(p.v.choice, 0);
    assert_false(p.v.flag);
    release(&p);

    char line3[] = "--threads 5";
    assert_ok(parse(&p, line3, config), p.e);
    assert_int_equal(p.v.whole, 5);
    release(&p);

    setenv("AUDIT_TEST_THREADS", "0", 1);
    assert_usage("", NULL, "AUDIT_TEST_THREADS: 0 is below 1");
    unsetenv("AUDIT_TEST_THREADS");
}

static void section_wins(void **state) {
    (void)state;
    parsed p;
    char line[] = "";
    assert_ok(parse(&p, line, "{\"help\": {\"threads\": 9}, \"threads\": 3}"), p.e);
    assert_int_equal(p.v.whole, 9);
    release(&p);
}

/* A recipe is weaker than everything but defaults, and knows what it may hold. */
static void recipes(void **state) {
    (void)state;
    parsed p;
    char line[] = "--colour red";
    assert_ok(parse_all(&p, line, "{\"threads\": 3}",
                        "{\"threads\": 9, \"rate\": \"1/3\", \"colour\": \"blue\", \"eps\": [1, 2]}"),
              p.e);
    assert_int_equal(p.v.whole, 3);
    assert_int_equal(p.v.choice, 0);
    assert_near(p.v.number, 1.0 / 3, 0);
    assert_int_equal(p.v.numbers.n, 2);
    release(&p);
    char none[] = "";
    assert_int_equal(parse_all(&p, none, NULL, "{\"colur\": \"red\"}"), STATUS_USAGE);
    assert_string_equal(p.e.message, "r.json: unknown key \"colur\", did you mean \"colour\"?");
    release(&p);
    assert_int_equal(parse_all(&p, none, NULL, "{\"threads\": 65}"), STATUS_USAGE);
    assert_string_equal(p.e.message, "r.json: \"threads\": 65 is above 64");
    release(&p);
}

/* Values written as JSON and read back are the same, to the last bit. */
static void values_as_json(void **state) {
    (void)state;
    parsed p, again;
    char line[] =
        "-f --no-on --text a=b --threads 5 --rate 1/30 --eps .05,8/255 --colour blue --colours red,blue";
    assert_ok(parse(&p, line, NULL), p.e);
    option_set set = {"Options", rules, &p.v};
    json *j = json_new_object();
    assert_true(options_to_json(&set, 1, j));
    char *text = json_text(j, 0), none[] = "";
    assert_non_null(text);
    assert_ok(parse_all(&again, none, NULL, text), again.e);
    assert_memory_equal(&again.v.numbers, &p.v.numbers, sizeof p.v.numbers);
    assert_memory_equal(&again.v.choices, &p.v.choices, sizeof p.v.choices);
    assert_near(again.v.number, p.v.number, 0);
    assert_string_equal(again.v.text, "a=b");
    assert_int_equal(again.v.whole, 5);
    assert_int_equal(again.v.choice, 2);
    assert_true(again.v.flag);
    assert_false(again.v.on);
    free(text);
    json_free(j);
    release(&again);
    release(&p);
    char nothing[] = "";
    assert_ok(parse(&p, nothing, NULL), p.e);
    set.values = &p.v;
    j = json_new_object();
    assert_true(options_to_json(&set, 1, j));
    assert_null(json_get(j, "text"));
    assert_null(json_get(j, "eps"));
    assert_non_null(json_get(j, "flag"));
    json_free(j);
    release(&p);
}

static void bad_values(void **state) {
    (void)state;
    assert_usage("--eps -1", NULL, "--eps: -1 is below 0");
    assert_usage("--eps nan", NULL, "--eps: \"nan\" is not a number");
    assert_usage("--eps .1,,.2", NULL, "--eps: an empty value in a list");
    assert_usage("--eps .1,", NULL, "--eps: an empty value in a list");
    assert_usage("--eps 11", NULL, "--eps: 11 is above 10");
    assert_usage("--threads 2.5", NULL, "is not a whole number");
    assert_usage("--threads 99999999999999999999", NULL, "is not a whole number");
    assert_usage("--colour gren", NULL, "--colour: unknown value \"gren\", did you mean \"green\"?");
    assert_usage("--colour xyzzyx", NULL, "expected one of: red green blue");
    assert_usage("--treads 2", NULL, "unknown option --treads, did you mean --threads?");
    assert_usage("--no-threads", NULL, "unknown option --no-threads");
    assert_usage("-x", NULL, "unknown option -x");
    assert_usage("-fy", NULL, "-f takes no value");
    assert_usage("--flag=maybe", NULL, "neither yes nor no");
    assert_usage("--text", NULL, "--text: the value is missing");
    assert_usage("--text=", NULL, "--text: the value is empty");
    assert_usage("", "{\"help\": {\"esp\": 1}}", "c.json: unknown key \"esp\", did you mean \"eps\"?");
    assert_usage("", "{\"treads\": 1}", "c.json: unknown key \"treads\", did you mean \"threads\"?");
    assert_usage("", "{\"threads\": 0}", "c.json: \"threads\": 0 is below 1");
    assert_usage("", "{\"threads\": null}", "c.json: \"threads\": expected");
    assert_usage("", "[1]", "c.json: expected an object");
}

/* Every command's table is sound: names do not collide, defaults parse, and lists of choices can be
 * completed. */
static void command_tables(void **state) {
    (void)state;
    const command *k;
    for (int i = 0; (k = command_at(i)); i++) {
        context c = {0};
        option_set sets[OPTION_SETS_MOST];
        err e;
        void *settings = calloc(1, k->settings_size ? k->settings_size : 1);
        int n = command_option_sets(k, &c, settings, sets);
        for (int s = 0; s < n; s++)
            for (const option *o = sets[s].options; o && o->name; o++) {
                if (option_find(sets, n, o->name, NULL) != o)
                    fail_msg("%s: two options --%s", k->name, o->name);
                if (o->fallback && option_assign(o, sets[s].values, o->fallback, &e) != STATUS_OK)
                    fail_msg("%s: default of --%s: %s", k->name, o->name, e.message);
                bool chooses = o->kind == OPTION_CHOICE || o->kind == OPTION_CHOICES;
                if (o->choice ? !chooses && o->kind != OPTION_TEXT : chooses)
                    fail_msg("%s: --%s: choice and kind disagree", k->name, o->name);
                for (int t = 0; t <= s; t++)
                    for (const option *q = sets[t].options; q->name; q++)
                        if (q != o && q->letter && q->letter == o->letter)
                            fail_msg("%s: --%s and --%s share -%c", k->name, q->name, o->name, o->letter);
            }
        free(settings);
        assert_true(k->run && k->what && k->about && k->arguments);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(forms),      cmocka_unit_test(numbers),
                                       cmocka_unit_test(precedence), cmocka_unit_test(section_wins),
                                       cmocka_unit_test(recipes),    cmocka_unit_test(values_as_json),
                                       cmocka_unit_test(bad_values), cmocka_unit_test(command_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
