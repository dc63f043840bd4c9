/* audit demo */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/show.h"
#include "core/clock.h"
#include "datasets/open.h"

typedef struct demo_settings {
    const char *out, *data;
} demo_settings;

#define FIELD(name) offsetof(demo_settings, name)

static const option options[] = {{.name = "out",
                                  .letter = 'o',
                                  .kind = OPTION_TEXT,
                                  .offset = FIELD(out),
                                  .metavar = "DIR",
                                  .fallback = "audit-demo",
                                  .what = "folder for the model, the results and the report"},
                                 {.name = "data",
                                  .letter = 'd',
                                  .kind = OPTION_TEXT,
                                  .offset = FIELD(data),
                                  .metavar = "DATA",
                                  .what = "other images than the default"},
                                 {0}};

/* The demo is these command lines; %D is the folder, %I the images. A command line that a reader can repeat says more than a
 * function call. */
static const struct {
    const char *title, *words;
} steps[] = {
    {"Train a net", "train --data %I -o %D/model.bin --json %D/train.json --arch small --epochs 8"},
    {"How good is it?", "eval %D/model.bin --data %I --json %D/eval.json"},
    {"How little does it take to fool it?", "attack %D/model.bin --data %I -n 1000 --eps .01,.02,.05,.1 "
                                            "--sheet %D/adversarial.png --json %D/attack.json"},
    {"Who bears the errors, before and under attack?",
     "fairness %D/model.bin --data %I -n 1000 --properties --attack pgd --eps .02 --json %D/fairness.json"},
    {"What if somebody poisons the training data?",
     "poison --data %I --doses 0,.005,.02,.1 --seeds 5 --train-n 3000 -n 2000 --epochs 4 --json "
     "%D/poison.json"},
    {"One page about all of it",
     "report %D/train.json %D/eval.json %D/attack.json %D/fairness.json %D/poison.json -o %D/report.html"},
};

enum { STEPS = sizeof steps / sizeof *steps, WORDS = 48 };

/* A word with %D and %I filled in. */
static char *fill_word(arena *memory, const char *word, size_t length, const char *folder,
                       const char *images) {
    char *text = arena_strdup(memory, "");
    for (size_t i = 0; text && i < length; i++) {
        bool place = word[i] == '%' && i + 1 < length;
        if (!place)
            text = arena_printf(memory, "%s%c", text, word[i]);
        else
            text = arena_printf(memory, "%s%s", text, word[++i] == 'D' ? folder : images);
    }
    return text;
}

/* "audit", the words of a step, and the common options that the demo was given. Returns their number, 0 when memory is out. */
static int step_words(const context *c, const char *line, const char *folder, const char *images,
                      arena *memory, char *words[WORDS]) {
    int n = 0;
    words[n++] = arena_strdup(memory, "audit");
    for (; *line; line += strspn(line, " ")) {
        size_t length = strcspn(line, " ");
        words[n++] = fill_word(memory, line, length, folder, images);
        line += length;
    }
    words[n++] = arena_printf(memory, "--seed=%lld", (long long)c->common.seed);
    words[n++] = arena_printf(memory, "--threads=%d", c->run.threads);
    words[n++] = arena_printf(memory, "--kernel=%s", kernel_choice_name(c->run.kernel));
    if (c->common.quiet) words[n++] = arena_strdup(memory, "--quiet");
    for (int i = 0; i < n; i++)
        if (!words[i]) return 0;
    return n;
}

static void print_step(const context *c, int step, char *const *words, int n) {
    say(c, "\n== %d of %d: %s\n$", step + 1, STEPS, steps[step].title);
    for (int i = 0; i < n; i++)
        if (strncmp(words[i], "--seed=", 7) != 0 && strncmp(words[i], "--threads=", 10) != 0 &&
            strncmp(words[i], "--kernel=", 9) != 0)
            say(c, " %s", words[i]);
    say(c, "\n\n");
}

static const char *choose_images(const context *c, const demo_settings *o) {
    if (o->data) return o->data;
    if (dataset_available("fashion-mnist")) {
        say(c, "Images: Fashion-MNIST, which was found on this machine.\n");
        return "fashion-mnist";
    }
    say(c, "Images: synth:shapes, generated, because Fashion-MNIST was not found (on Debian: apt install "
           "dataset-fashion-mnist).\n");
    return "synth:shapes";
}

static void run_steps(context *c, const char *folder, const char *images, json *done) {
    for (int i = 0; i < STEPS; i++) {
        arena memory = {0};
        char *words[WORDS] = {0};
        int n = step_words(c, steps[i].words, folder, images, &memory, words);
        if (n) print_step(c, i, words, n);
        c->verdict = n ? command_line(n, words) : 2;
        arena_free(&memory);
        json_append(done, json_new_string(steps[i].title));
        if (c->verdict) return; /* the step has said why */
    }
}

static status run_demo(context *c, const void *settings, err *e) {
    const demo_settings *o = settings;
    if (mkdir(o->out, 0777) != 0 && errno != EEXIST)
        return err_set(e, STATUS_IO, "%s: cannot make the folder: %s", o->out, strerror(errno));
    json *done = json_new_array();
    double began = clock_seconds();
    run_steps(c, o->out, choose_images(c, o), done);
    result *x = result_new("demo", &c->run);
    result_extra(x, "steps", done);
    if (c->verdict == 0)
        say(c, "\nDone in %.0f s. Open %s/report.html in a browser; %s/adversarial.png shows the attack.\n",
            clock_seconds() - began, o->out, o->out);
    status s = context_finish(c, x, STATUS_OK, e);
    result_free(x);
    return s;
}

const command command_demo = {
    .name = "demo",
    .arguments = "",
    .what = "all of it in a few minutes: train, attack, poison, errors per group, report",
    .about = "Shows what this program is for: trains a net, attacks it, counts errors per group, poisons "
             "others, and writes a "
             "report. Every step is a command line that is printed and can be repeated.",
    .options = options,
    .settings_size = sizeof(demo_settings),
    .run = run_demo};
