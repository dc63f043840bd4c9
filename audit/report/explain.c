/* What nets look at, and what classic kernels make of an image: pictures, and the test with random weights. */
#include <math.h>
#include <string.h>

#include "audit/report/sections_internal.h"
#include "audit/rows.h"

/* What a picture of `audit explain` shows, by its name. */
static const struct {
    const char *name, *caption;
} captions[] = {
    {"maps", "Images beside what each method finds important for the class; bright or red speaks for it, "
             "blue against. "
             "Under the name of a method, the rank correlation of its maps with those of random weights."},
    {"filters", "Filters of the first convolution."},
    {"features", "Channels of the layer for the first image."},
    {"features-first", "Channels behind the first convolution for the first image: edges and areas."},
    {"features-last",
     "Channels of the last convolution's map for the first image: what is left of the image."},
    {"classes",
     "Images made by gradient ascent to raise the logit of a class, with the probability that the net gives "
     "them. They show what the net wants, not what the class looks like."},
    {"channels", "Images made to raise the mean of one channel."}};

static const char *caption_of(const char *name) {
    for (size_t i = 0; i < sizeof captions / sizeof *captions; i++)
        if (strcmp(captions[i].name, name) == 0) return captions[i].caption;
    return "";
}

static void correlations_put(html *h, const json *body) {
    row_query q = {.metric = "rank_correlation_random", .eps = NAN};
    const json *row;
    if (!row_find(body, &q)) return;
    html_table_open(
        h,
        "Does the map depend on what was learned? Rank correlation with the map of the same net with "
        "fresh random weights: near 0 is good, near 1 the map shows the image alone (mean over images, "
        "95 % t interval)",
        "method|>images|>rank correlation|>95 % interval");
    for (size_t at = 0; (row = row_next(body, &q, &at));) {
        const char *name = strchr(row_text(row, "group"), '=');
        html_put(h, "<tr><th scope=\"row\">%.40s</th>", name ? name + 1 : "");
        html_n_cell(h, row);
        if (isnan(row_value(row)))
            html_put(h, "<td class=\"n\" colspan=\"2\">%.80s</td></tr>\n", row_text(row, "reason"));
        else
            html_put(h, "<td class=\"n\">%.2f</td><td class=\"n\">[%.2f, %.2f]</td></tr>\n", row_value(row),
                     row_interval(row).lo, row_interval(row).hi);
    }
    html_table_close(h);
}

void explain_put(html *h, const json *document) {
    const json *body = json_get(document, "body"), *sheets = json_get(json_get(body, "extra"), "sheets");
    html_put(
        h, "<p>Pictures of a few images: they suggest questions, and prove nothing about the others.</p>\n");
    correlations_put(h, body);
    for (size_t i = 0; i < json_count(sheets) && i < 16; i++) {
        const json *one = json_at(sheets, i);
        const char *caption = caption_of(row_text(one, "name"));
        png_put(h, row_text(one, "uri"), caption, caption);
    }
}

void kernels_put(html *h, const json *document) {
    const char *uri = row_text(json_get(json_get(document, "body"), "extra"), "sheet");
    png_put(h, uri, "An image and what classic convolution kernels make of it, each above its kernel",
            "Classic kernels, applied by the convolution layer that nets are made of. Signed answers are "
            "shown around "
            "grey. First filters of trained nets often resemble some of them.");
}
