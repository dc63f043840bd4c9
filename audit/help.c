#include "audit/help.h"

#include <string.h>

enum { WIDTH = 100, COMMAND_COLUMN = 19, OPTION_COLUMN = 28 };

/* Text from column `at` on, its lines broken at blanks and indented to `indent`. */
static void put_wrapped(FILE *out, const char *text, int at, int indent) {
    while (*text) {
        int length = (int)strcspn(text, " \n");
        if (at > indent && at + 1 + length > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", length, text);
        at += length;
        text += length;
        if (*text == '\n') {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        }
        if (*text) text++;
    }
    fputc('\n', out);
}

void help_overview(FILE *out) {
    fprintf(out, "usage: audit COMMAND [options]\n\nWhat is the catch? Robustness and bias audits of image "
                 "classifiers.\n\n");
    const command *k;
    for (int i = 0; (k = command_at(i)); i++) {
        fprintf(out, "  %-*s", COMMAND_COLUMN - 2, k->name);
        put_wrapped(out, k->what, COMMAND_COLUMN, COMMAND_COLUMN);
    }
    fprintf(out,
            "\n`audit COMMAND --help` tells more about one.\n"
            "Exit codes: 0 done; 1 a gate failed; 2 usage, configuration or a bad file; 3 not evaluable;\n"
            "4 inconclusive under --strict; 130 interrupted.\n");
}

static bool choices_have_descriptions(const option *o) {
    const char *what = NULL;
    return o->choice && o->choice(0, &what) && what;
}

static void put_choices(FILE *out, const option *o) {
    const char *name, *what = NULL;
    for (int i = 0; (name = o->choice(i, &what)); i++) {
        fprintf(out, "%*s%-16s ", OPTION_COLUMN + 2, "", name);
        put_wrapped(out, what ? what : "", OPTION_COLUMN + 19, OPTION_COLUMN + 19);
    }
}

/* "(one of: a b c; default: a)", for what the phrase itself does not say. */
static void describe(const option *o, char *text, size_t size) {
    size_t used = (size_t)snprintf(text, size, "%s", o->what);
    const char *name;
    if (o->choice && !choices_have_descriptions(o)) {
        for (int i = 0; (name = o->choice(i, NULL)) && used < size; i++)
            used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "; one of: ", name);
    }
    if (o->kind == OPTION_CHOICES && used < size)
        used += (size_t)snprintf(text + used, size - used, "; a list");
    bool said = !o->fallback || strcmp(o->fallback, "-1") == 0;
    if (!said && used < size)
        used += (size_t)snprintf(text + used, size - used, " (default: %s)", o->fallback);
    if (o->environment && used < size) snprintf(text + used, size - used, " [$%s]", o->environment);
}

static const char *value_name(const option *o) {
    if (o->kind == OPTION_FLAG) return "";
    if (o->metavar) return o->metavar;
    return o->kind == OPTION_CHOICES ? "LIST" : "NAME";
}

static void put_option(FILE *out, const option *o) {
    char text[1024];
    bool reversed = o->kind == OPTION_FLAG && o->fallback && strcmp(o->fallback, "yes") == 0;
    int at = o->letter ? fprintf(out, "  -%c, ", o->letter) : fprintf(out, "      ");
    at += fprintf(out, "--%s%s %s", reversed ? "[no-]" : "", o->name, value_name(o));
    if (at >= OPTION_COLUMN) {
        fputc('\n', out);
        at = 0;
    }
    fprintf(out, "%*s", OPTION_COLUMN - at, "");
    describe(o, text, sizeof text);
    put_wrapped(out, text, OPTION_COLUMN, OPTION_COLUMN);
    if (choices_have_descriptions(o)) put_choices(out, o);
}

/* `before`: the heading that stands above already, or NULL. */
static void put_set(FILE *out, option_set set, const char *before) {
    if (!set.options->name) return;
    if (!before || strcmp(before, set.title) != 0) fprintf(out, "\n%s:\n", set.title);
    for (const option *o = set.options; o && o->name; o++)
        put_option(out, o);
}

void help_command(FILE *out, const command *k) {
    fprintf(out, "usage: audit %s%s%s%s [options]\n\n", k->name, *k->arguments ? " " : "", k->arguments,
            k->reads_data ? " --data DATA" : "");
    put_wrapped(out, k->about, 0, 0);
    option_set sets[OPTION_SETS_MOST];
    int n = command_option_sets(k, NULL, NULL, sets);
    for (int i = 0; i < n; i++)
        put_set(out, sets[i], i > 0 ? sets[i - 1].title : NULL);
}

static void put_words_of(FILE *out, const command *k) {
    option_set sets[OPTION_SETS_MOST];
    int n = command_option_sets(k, NULL, NULL, sets);
    for (int i = 0; i < n; i++)
        for (const option *o = sets[i].options; o && o->name; o++)
            fprintf(out, " --%s", o->name);
    fprintf(out, " --help");
}

/* One case for every option with a closed list of values. */
static void put_value_cases(FILE *out, const command *k) {
    option_set sets[OPTION_SETS_MOST];
    int n = command_option_sets(k, NULL, NULL, sets);
    for (int i = 0; i < n; i++)
        for (const option *o = sets[i].options; o && o->name; o++) {
            if (!o->choice) continue;
            fprintf(out, "    %s:--%s) words='", k->name, o->name);
            const char *name;
            for (int j = 0; (name = o->choice(j, NULL)); j++)
                fprintf(out, "%s%s", j ? " " : "", name);
            fprintf(out, "' ;;\n");
        }
}

void help_completion_bash(FILE *out) {
    const command *k;
    fprintf(out, "# bash completion of audit: source <(audit completion bash)\n"
                 "_audit() {\n"
                 "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} "
                 "command=${COMP_WORDS[1]} words=\n"
                 "  COMPREPLY=()\n"
                 "  if [ \"$COMP_CWORD\" = 1 ]; then\n    words='--help --version");
    for (int i = 0; (k = command_at(i)); i++)
        fprintf(out, " %s", k->name);
    fprintf(out, "'\n  else\n    case $command:$before in\n");
    for (int i = 0; (k = command_at(i)); i++)
        put_value_cases(out, k);
    fprintf(out, "    esac\n    if [ -z \"$words\" ] && [[ $word == -* ]]; then case $command in\n");
    for (int i = 0; (k = command_at(i)); i++) {
        fprintf(out, "    %s) words='", k->name);
        put_words_of(out, k);
        fprintf(out, "' ;;\n");
    }
    fprintf(out, "    esac; fi\n  fi\n"
                 "  [ -z \"$words\" ] || COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
                 "}\ncomplete -o default -F _audit audit\n");
}
