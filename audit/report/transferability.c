/* Examples of each model shown to all: heat maps of source by target. */
#include <math.h>

#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/rows.h"

enum { MODELS_MOST = 16, NAME_MOST = 64 };

typedef struct crowd {
    const json *body;
    const char *method;
    int n;
    const char *names[MODELS_MOST];
} crowd;

static crowd crowd_of(const json *body) {
    const json *settings = json_get(body, "settings"), *models = json_get(settings, "models");
    crowd c = {.body = body, .method = row_text(settings, "attack")};
    for (size_t i = 0; i < json_count(models) && c.n < MODELS_MOST; i++)
        c.names[c.n++] = row_text(json_at(models, i), "name");
    return c;
}

/* The row of a source (NULL: no source) and a target. */
static const json *row_of(const crowd *c, const char *metric, const char *attack, const char *source,
                          const char *target) {
    char group[2 * NAME_MOST + 20];
    if (source)
        snprintf(group, sizeof group, "source=%.*s&target=%.*s", NAME_MOST, source, NAME_MOST, target);
    else
        snprintf(group, sizeof group, "target=%.*s", NAME_MOST, target);
    row_query q = {.metric = metric, .attack = attack, .group = group, .eps = NAN};
    return row_find(c->body, &q);
}

/* A share, the darker the more damage: what fooled, or what is left of accuracy. */
static void heat_cell(html *h, const json *row, bool accuracy) {
    double value = row_value(row);
    if (html_heat_open(h, value, row_interval(row), accuracy ? 1 - value : value))
        html_put(h, "<small>n = %s</small>", figure_count(row_n(row)).text);
    html_put(h, "</td>");
}

static void heat_row(html *h, const crowd *c, const char *label, const char *attack, const char *source,
                     bool accuracy) {
    html_put(h, "<tr><th scope=\"row\">%.60s</th>", label);
    for (int k = 0; k < c->n; k++)
        heat_cell(h, row_of(c, accuracy ? "accuracy" : "transfer_rate", attack, source, c->names[k]),
                  accuracy);
    html_put(h, "</tr>\n");
}

static void heat_open(html *h, const crowd *c, const char *caption, const char *corner) {
    html_put(h,
             "<div class=\"wide\"><table class=\"heat\">\n<caption>%s</caption>\n<thead><tr><th "
             "scope=\"col\">%s</th>",
             caption, corner);
    for (int k = 0; k < c->n; k++)
        html_put(h, "<th scope=\"col\">%.60s</th>", c->names[k]);
    html_put(h, "</tr></thead>\n<tbody>\n");
}

static void accuracy_put(html *h, const crowd *c) {
    heat_open(h, c,
              "Accuracy on all images: a row for what they were made on, a column for the model that is "
              "shown them; "
              "the darker, the more is lost. 95 % intervals.",
              "made on \\ shown to");
    heat_row(h, c, "nothing (unchanged)", "none", NULL, true);
    heat_row(h, c, "chance (noise of the same size)", "noise", NULL, true);
    for (int k = 0; k < c->n; k++)
        heat_row(h, c, c->names[k], c->method, c->names[k], true);
    html_table_close(h);
}

static void rate_put(html *h, const crowd *c) {
    heat_open(h, c,
              "Of the images that both models get right unchanged and whose example fools the model of the "
              "row, the "
              "share that fools the model of the column too; the darker, the more. 95 % intervals.",
              "fooled \\ and fooled");
    for (int k = 0; k < c->n; k++)
        heat_row(h, c, c->names[k], c->method, c->names[k], false);
    html_table_close(h);
}

void transferability_put(html *h, const json *document) {
    crowd c = crowd_of(json_get(document, "body"));
    const json *settings = json_get(c.body, "settings");
    const char *uri = json_as_string(json_get(json_get(c.body, "extra"), "sheet"));
    html_put(
        h,
        "<p>Examples made on one model and shown to others: what somebody can do who has no access to the "
        "model, "
        "but a similar one. %s, %s \xce\xb5 = %s, %lld steps, all of which are made. More steps, or several "
        "models together, may transfer better.</p>\n",
        figure_attack(c.method).text, figure_norm(row_text(settings, "norm")).text,
        figure_eps(json_as_real(json_get(settings, "eps"), NAN)).text,
        (long long)json_as_int(json_get(settings, "steps"), 0));
    accuracy_put(h, &c);
    rate_put(h, &c);
    if (uri)
        png_put(h, uri, "Images and the examples that each model gave, with what every model says to each",
                "Images that every model gets right: unchanged at the left, then the example of each model; "
                "below, what "
                "each model (a letter) says, in red where it is wrong.");
}
