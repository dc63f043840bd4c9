#include "audit/certification.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/show.h"

status certification_run(const certify_subject *s, const dataset *d, const run *r, certification *c, err *e) {
    status st = certify_run(s, d, &c->plan, r, &c->found, e);
    if (st != STATUS_OK || c->attack.n_methods == 0) return st;
    st = evasion_run(s->m, d, &c->attack, r, &c->attacked, e);
    if (st == STATUS_OK)
        c->n_violations =
            certify_violations(&c->found, &c->attacked.results[0], d, c->violations, ATTACK_SAMPLES);
    else if (st != STATUS_CANCELLED)
        certification_free(c);
    return st;
}

void certification_free(certification *c) {
    certify_result_free(&c->found);
    evasion_free(&c->attacked);
}

static int64_t smoothed_correct(const certification *c, const dataset *d, uint8_t *correct) {
    int64_t sum = 0;
    for (int row = 0; row < d->n; row++) {
        bool right = c->found.predicted[row] == d->labels[row];
        if (correct) correct[row] = right;
        sum += right;
    }
    return sum;
}

static int64_t abstained(const certification *c) {
    int64_t sum = 0;
    for (int row = 0; row < c->found.n; row++)
        sum += c->found.finished[row] && c->found.predicted[row] < 0;
    return sum;
}

static bool smoothed(const certification *c) {
    return !certificate_is_exact(c->plan.method);
}

static void record_settings(result *x, const certification *c) {
    const certify_plan *p = &c->plan;
    result_setting_text(x, "method", certificate_name(p->method));
    if (smoothed(c)) {
        json *eps = json_new_array();
        for (int i = 0; i < p->n_eps; i++)
            json_append(eps, json_new_real(p->eps[i]));
        result_setting_text(x, "norm", norm_name(certificate_norm(p->method)));
        result_setting_json(x, "eps", eps);
        result_setting_number(x, "sigma", p->sigma);
        result_setting_number(x, "alpha", p->alpha);
        result_setting_number(x, "selections", p->selections);
        result_setting_number(x, "samples", p->samples);
    } else {
        result_setting_json(x, "no_clip", json_new_bool(p->no_clip));
        if (strcmp(certificate_name(p->method), "crown") == 0)
            result_setting_text(x, "slopes", slopes_name(p->slopes));
        result_setting_json(x, "real", json_new_bool(p->real));
    }
}

static void record_certified(result *x, const certification *c, uint8_t *certified) {
    for (int i = 0; i < c->plan.n_eps; i++) {
        row_key key = {.metric = "certified_accuracy",
                       .attack = certificate_name(c->plan.method),
                       .norm = norm_name(certificate_norm(c->plan.method)),
                       .eps = c->plan.eps[i]};
        for (int row = 0; row < c->found.n; row++)
            certified[row] = c->found.certified[row] > i;
        result_share(x, key, certify_count(&c->found, i), c->found.n);
        result_outcomes(x, key, certified, c->found.n);
    }
}

static void record_smoothed(result *x, const dataset *d, const certification *c, uint8_t *correct) {
    row_key key = {.metric = "smoothed_accuracy", .attack = certificate_name(c->plan.method), .eps = NAN};
    result_share(x, key, smoothed_correct(c, d, correct), d->n);
    result_outcomes(x, key, correct, d->n);
    key.metric = "abstained";
    result_share(x, key, abstained(c), d->n);
}

void certification_record(result *x, const dataset *d, const certification *c) {
    uint8_t *bits = calloc((size_t)d->n + 1, 1);
    if (!bits) {
        result_setting_json(x, "settings", NULL); /* the failure is kept */
        return;
    }
    if (c->attacked.n_done > 0) evasion_record(x, d, &c->attack, &c->attacked);
    record_settings(x, c);
    record_certified(x, c, bits);
    if (smoothed(c)) record_smoothed(x, d, c, bits);
    if (c->n_violations > 0) {
        char text[200];
        int shown = c->n_violations < ATTACK_SAMPLES ? c->n_violations : ATTACK_SAMPLES;
        snprintf(text, sizeof text,
                 "%d images are broken within a radius that %s certified: one of the two is wrong",
                 c->n_violations, certificate_name(c->plan.method));
        result_warning(x, "CERT_VIOLATION", text, c->violations, shown, "audit selftest");
    }
    free(bits);
}

static void table_row(text_table *t, const char *what, const certification *k, double eps, int64_t count) {
    text_table_cell(t, "%s", what);
    text_table_cell(t, "%s", isnan(eps) ? "" : norm_name(certificate_norm(k->plan.method)));
    if (isnan(eps))
        text_table_cell(t, "%s", "");
    else
        text_table_cell(t, "%.4g", eps);
    cell_share(t, count, k->found.n);
}

static void print_table(const context *c, const dataset *d, const certification *k) {
    char attacked[64], certified[64];
    text_table t = text_table_new("answer|norm|>eps|>n|>share|95 % interval");
    snprintf(certified, sizeof certified, "certified by %s", certificate_name(k->plan.method));
    if (smoothed(k)) {
        table_row(&t, "smoothed, right", k, NAN, smoothed_correct(k, d, NULL));
        table_row(&t, "smoothed, abstained", k, NAN, abstained(k));
    }
    const attack_result *a = k->attacked.n_done > 0 ? &k->attacked.results[0] : NULL;
    if (a) {
        int64_t clean = 0;
        for (int row = 0; row < a->n; row++)
            clean += a->clean_correct[row];
        table_row(&t, "right (clean)", k, NAN, clean);
        snprintf(attacked, sizeof attacked, "right under %s", k->attack.methods[0]->name);
    }
    for (int i = 0; i < k->plan.n_eps; i++) {
        if (a) table_row(&t, attacked, k, k->plan.eps[i], attack_survivors(a, i));
        table_row(&t, certified, k, k->plan.eps[i], certify_count(&k->found, i));
    }
    text_table_print(&t, context_out(c));
    text_table_free(&t);
}

void certification_print(const context *c, const dataset *d, const certification *k) {
    print_table(c, d, k);
    if (smoothed(k))
        say(c,
            "\nCertificates are of the SMOOTHED classifier (noise %.4g, %d copies), each wrong with a chance "
            "of at "
            "most %g.\nThey say nothing about the model without noise.\n",
            k->plan.sigma, k->plan.samples, k->plan.alpha);
    else
        say(c, "\nCertified accuracy is a LOWER bound of robust accuracy, accuracy under attack an UPPER "
               "bound: the "
               "truth lies between them.\n");
    say(c, "Intervals: 95 %% Wilson; they cover sampling only.\n");
}

const char *certification_method_choice(int i, const char **what) {
    const certificate *method = certificate_at(i);
    if (what) *what = method ? certificate_title(method) : NULL;
    return method ? certificate_name(method) : NULL;
}

const char *certification_slopes_choice(int i, const char **what) {
    static const char *const names[][2] = {
#define NAME(code, name, what) {name, what},
        SLOPES_LIST(NAME)
#undef NAME
    };
    bool inside = i >= 0 && i < (int)(sizeof names / sizeof *names);
    if (what) *what = inside ? names[i][1] : NULL;
    return inside ? names[i][0] : NULL;
}
