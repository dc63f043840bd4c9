#include "audit/report/sections_internal.h"
#include "audit/rows.h"

enum { SAMPLES = 8, MOST = 100 };

static void rows_put(html *h, const json *samples) {
    size_t n = json_count(samples), shown = n < SAMPLES ? n : SAMPLES;
    if (n == 0) return;
    html_put(h, "<p class=\"note\">Rows of the data:");
    for (size_t i = 0; i < shown; i++)
        html_put(h, "%s %lld", i ? "," : "", (long long)json_as_int(json_at(samples, i), -1));
    html_put(h, n > shown ? " and more</p>\n" : "</p>\n");
}

static void warning_put(html *h, const json *body, const json *warning) {
    html_put(h, "<div class=\"alarm\"><p><b>%.60s</b> (audit %.30s): %.600s.</p>\n",
             row_text(warning, "code"), row_text(body, "command"), row_text(warning, "message"));
    rows_put(h, json_get(warning, "samples"));
    if (*row_text(warning, "next"))
        html_put(h, "<p>Next: <code>%.300s</code></p>\n", row_text(warning, "next"));
    html_put(h, "</div>\n");
}

void warnings_put(html *h, json *const *results, int n) {
    int total = 0;
    for (int i = 0; i < n; i++) {
        const json *body = json_get(results[i], "body"), *list = json_get(body, "warnings");
        for (size_t k = 0; k < json_count(list); k++)
            if (total++ < MOST) warning_put(h, body, json_at(list, k));
    }
    if (total == 0) html_put(h, "<p>None was raised.</p>\n");
    if (total > MOST) html_put(h, "<p>%d more are in the results.</p>\n", total - MOST);
}
