/* Accuracy under attack: what it is, the chart, the table, the contact sheet. */
#include <math.h>

#include "audit/report/evasion_internal.h"
#include "audit/report/figures_internal.h"
#include "audit/report/sections_internal.h"
#include "audit/trust.h"

enum { OPTIONS_MOST = 4 };

/* Steps, step size and starts of one attack, from the settings under its name. */
static void option_put(html *h, const char *name, const json *o) {
    long long steps = json_as_int(json_get(o, "steps"), 0), starts = json_as_int(json_get(o, "restarts"), 1);
    html_put(h, "%s: %lld step%s of %.3g \xce\xb5%s, %lld start%s%s", figure_attack(name).text, steps,
             steps == 1 ? "" : "s", json_as_real(json_get(o, "step_size"), NAN),
             json_as_bool(json_get(o, "falling"), false) ? " on average, falling to 0" : "", starts,
             starts == 1 ? "" : "s", json_as_bool(json_get(o, "random_start"), false) ? " at random" : "");
}

/* What stood before the model, and what the attacks did about it. */
static void defence_put(html *h, const json *defence) {
    const char *chain = json_as_string(json_get(defence, "chain"));
    if (!chain) return;
    html_put(h, "The figures are those of the model behind %s", chain);
    if (json_as_bool(json_get(defence, "random"), false))
        html_put(h, ", judged by the mean of %lld fresh draws, attacked over %lld draws a gradient",
                 (long long)json_as_int(json_get(defence, "votes"), 1),
                 (long long)json_as_int(json_get(defence, "eot"), 1));
    html_put(h, "%s. ", json_as_bool(json_get(defence, "bpda"), false) ? ", with BPDA" : "");
}

static void options_put(html *h, const attacked *a) {
    const json *settings = json_get(a->body, "settings");
    html_put(h, "<p class=\"note\">");
    if (a->n > OPTIONS_MOST + 1)
        html_put(h, "Steps and starts of the attacks stand <a href=\"#provenance\">below</a>. ");
    for (int i = 0; i < a->n && a->n <= OPTIONS_MOST + 1; i++) {
        const json *o = json_get(settings, a->list[i].name);
        if (!json_is_object(o)) continue;
        option_put(h, a->list[i].name, o);
        html_put(h, ". ");
    }
    defence_put(h, json_get(settings, "defence"));
    html_put(h, "The attacker knows the model (white box).</p>\n");
}

void evasion_put(html *h, const json *document) {
    attacked a = attacked_of(json_get(document, "body"));
    const char *problem = trust_problem(a.body);
    if (!a.any) {
        html_put(h, "<p>The result has no attacked figures.</p>\n");
        return;
    }
    if (a.targeted)
        html_put(h, "<p>Share of the images that were right and that the attack drove to the class it "
                    "wants. A better attack may drive more: success is a <b>lower</b> bound of what is "
                    "possible.</p>\n");
    else
        html_put(h,
                 "<p>How often the model is still right when images are changed a little to mislead it. "
                 "Images that are wrong unchanged count as broken. A better attack may break more: accuracy "
                 "under attack is an <b>upper</b> bound of robust accuracy.</p>\n");
    if (problem)
        html_put(h,
                 "<div class=\"alarm\"><p><b>Not to be trusted.</b> Warning %s says that the attack could "
                 "not do its work.</p></div>\n",
                 problem);
    if (a.clean && !a.targeted)
        html_put(h, "<p>Unchanged it is right <b>%s</b> of the time.</p>\n", figure_share(a.clean).text);
    attacked_chart_put(h, &a);
    attacked_table_put(h, &a);
    options_put(h, &a);
    evasion_rounded_put(h, a.body);
    evasion_classes_put(h, a.body, a.targeted);
    evasion_pushed_put(h, a.body);
    evasion_distances_put(h, a.body);
    contact_sheet_put(h, document);
}
