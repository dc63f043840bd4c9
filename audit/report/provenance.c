/* How to get the same figures again: commands, hashes, seeds, settings. */
#include <math.h>
#include <string.h>

#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

enum { WORDS_MOST = 100, SETTINGS_MOST = 60 };

static bool is_plain(const char *word) {
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%";
    return *word && strspn(word, harmless) == strlen(word);
}

/* A word as a shell reads it. */
static void word_put(html *h, const char *word) {
    if (is_plain(word)) {
        html_put(h, "%.400s", word);
        return;
    }
    html_put(h, "&#39;");
    while (*word) {
        char part[256];
        size_t length = strcspn(word, "'");
        snprintf(part, sizeof part, "%.*s", (int)(length < sizeof part ? length : sizeof part - 1), word);
        html_put(h, "%s", part);
        word += strlen(part);
        if (*word == '\'') {
            html_put(h, "&#39;\\&#39;&#39;");
            word++;
        }
    }
    html_put(h, "&#39;");
}

static void command_put(html *h, const json *argv) {
    size_t n = json_count(argv);
    if (n == 0) return;
    html_put(h, "<code class=\"block\">");
    for (size_t i = 0; i < n && i < WORDS_MOST; i++) {
        const char *word = json_as_string(json_at(argv, i));
        const char *slash =
            word && i == 0 ? strrchr(word, '/') : NULL; /* where the program lay says nothing */
        if (i > 0) html_put(h, " ");
        if (word) word_put(h, slash ? slash + 1 : word);
    }
    html_put(h, "</code>\n");
}

static void fact(html *h, const char *name, const char *value) {
    if (*value) html_put(h, "<tr><th scope=\"row\">%s</th><td>%.300s</td></tr>\n", name, value);
}

static void model_facts(html *h, const json *model) {
    if (!json_is_object(model)) return;
    html_put(h, "<tr><th scope=\"row\">model</th><td>%.100s, %s parameters<br><code>%.80s</code></td></tr>\n",
             row_text(model, "arch"), figure_count(json_as_int(json_get(model, "parameters"), 0)).text,
             row_text(model, "sha256"));
}

static void data_facts(html *h, const json *data) {
    if (!json_is_object(data)) return;
    html_put(h,
             "<tr><th scope=\"row\">data</th><td>%.120s %.40s, %s images<br><code>%.80s</code></td></tr>\n",
             row_text(data, "name"), row_text(data, "split"), figure_count(row_n(data)).text,
             row_text(data, "sha256"));
}

static void run_facts(html *h, const json *run) {
    if (!json_is_object(run) || !json_count(run)) return;
    html_put(h,
             "<tr><th scope=\"row\">computed by</th><td>audit %.40s, %.60s on %.40s, kernels: %.20s, %lld "
             "threads</td></tr>\n",
             row_text(run, "version"), row_text(run, "blas"), row_text(run, "core"), row_text(run, "kernel"),
             (long long)json_as_int(json_get(run, "threads"), 0));
    if (!json_as_bool(json_get(run, "reproducible"), true))
        fact(h, "reproducible", "no: cut short by a time limit or an interrupt");
}

static void cost_facts(html *h, const json *cost) {
    if (!json_is_object(cost)) return;
    html_put(h,
             "<tr><th scope=\"row\">cost</th><td>%s forward and %s backward passes of one image</td></tr>\n",
             figure_count(json_as_int(json_get(cost, "forward"), 0)).text,
             figure_count(json_as_int(json_get(cost, "backward"), 0)).text);
}

static void value_put(html *h, const json *value, int depth);

/* "steps 40, restarts 1": the members that are not null. */
static void members_put(html *h, const json *object, int depth) {
    int n = 0;
    for (void *i = json_first(object); i && n < SETTINGS_MOST; i = json_next(object, i)) {
        const json *value = json_iterator_value(i);
        if (json_is_null(value)) continue;
        html_put(h, "%s<span class=\"soft\">%.60s</span> ", n++ ? ", " : "", json_iterator_key(i));
        value_put(h, value, depth);
    }
}

static void value_put(html *h, const json *value, int depth) {
    enum { DEPTH = 4 };
    if (json_is_string(value)) {
        html_put(h, "%.400s", json_as_string(value));
    } else if (json_is_bool(value)) {
        html_put(h, "%s", json_as_bool(value, false) ? "yes" : "no");
    } else if (json_is_number(value)) {
        html_put(h, "%.10g", json_as_real(value, NAN));
    } else if (depth < DEPTH && json_is_object(value)) {
        html_put(h, "(");
        members_put(h, value, depth + 1);
        html_put(h, ")");
    } else if (depth < DEPTH) {
        for (size_t i = 0; i < json_count(value) && i < SETTINGS_MOST; i++) {
            if (i > 0) html_put(h, ", ");
            value_put(h, json_at(value, i), depth + 1);
        }
    }
}

static void settings_facts(html *h, const json *settings) {
    if (json_count(settings) == 0) return;
    html_put(h, "<tr><th scope=\"row\">settings</th><td>");
    members_put(h, settings, 0);
    html_put(h, "</td></tr>\n");
}

static void document_put(html *h, const json *document) {
    const json *body = json_get(document, "body"), *run = json_get(document, "run");
    html_put(h, "<h3>audit %.40s</h3>\n", row_text(body, "command"));
    command_put(h, json_get(run, "argv"));
    html_put(h, "<table class=\"facts\"><tbody>\n<tr><th scope=\"row\">seed</th><td>%lld</td></tr>\n",
             (long long)json_as_int(json_get(body, "seed"), 0));
    model_facts(h, json_get(body, "model"));
    data_facts(h, json_get(body, "data"));
    settings_facts(h, json_get(body, "settings"));
    cost_facts(h, json_get(body, "cost"));
    run_facts(h, run);
    html_put(h, "</tbody></table>\n");
}

void provenance_put(html *h, json *const *results, int n) {
    html_put(h, "<p>The same commands with the same files give the same figures, whatever the number of "
                "threads. Hashes are SHA-256.</p>\n");
    for (int i = 0; i < n; i++)
        document_put(h, results[i]);
}

void subject_put(html *h, const json *body) {
    const json *model = json_get(body, "model"), *data = json_get(body, "data");
    html_put(h, "<p class=\"note\">");
    if (json_is_object(model))
        html_put(h, "%.80s, %s parameters%s", row_text(model, "arch"),
                 figure_count(json_as_int(json_get(model, "parameters"), 0)).text,
                 json_is_object(data) ? " \xc2\xb7 " : "");
    if (json_is_object(data))
        html_put(h, "%.80s %.40s, %s images", row_text(data, "name"), row_text(data, "split"),
                 figure_count(row_n(data)).text);
    html_put(h, "</p>\n");
}
