/* audit certify MODEL --data D --eps LIST */
#include <string.h>

#include "audit/certification.h"
#include "audit/show.h"
#include "nets/model_file.h"
#include "nets/predict.h"

typedef struct certify_settings {
    int method, slopes;
    number_list eps;
    bool no_clip, real;
    double sigma, alpha;
    int64_t selections, samples, steps, restarts;
} certify_settings;

#define FIELD(name) offsetof(certify_settings, name)

static const option options[] = {
    {.name = "method",
     .kind = OPTION_CHOICE,
     .offset = FIELD(method),
     .fallback = "crown",
     .choice = certification_method_choice,
     .what = "how robustness is proven"},
    {.name = "eps",
     .kind = OPTION_NUMBERS,
     .offset = FIELD(eps),
     .metavar = "LIST",
     .hi = 1000,
     .what =
         "radii to certify, in units of pixels from 0 to 1, such as .05,.1,8/255 (default: those of audit "
         "attack for the norm)"},
    {.name = "no-clip",
     .kind = OPTION_FLAG,
     .offset = FIELD(no_clip),
     .what =
         "certify the whole box [x - eps, x + eps], as published figures do, not only its part within [0, "
         "1]; crown and ibp"},
    {.name = "real",
     .kind = OPTION_FLAG,
     .offset = FIELD(real),
     .what = "certify the net in real arithmetic, as published figures do, with no allowance for its "
             "roundings in "
             "float32; crown and ibp"},
    {.name = "slopes",
     .kind = OPTION_CHOICE,
     .offset = FIELD(slopes),
     .fallback = "adaptive",
     .choice = certification_slopes_choice,
     .what = "lower lines of unstable rectifiers; crown"},
    {.name = "sigma",
     .kind = OPTION_NUMBER,
     .offset = FIELD(sigma),
     .metavar = "NOISE",
     .fallback = ".25",
     .lo = 1e-6,
     .hi = 1000,
     .what = "standard deviation of the noise; smoothing"},
    {.name = "samples",
     .kind = OPTION_INTEGER,
     .offset = FIELD(samples),
     .metavar = "N",
     .fallback = "1000",
     .lo = 1,
     .hi = 100000000,
     .what = "noisy copies of an image that estimate the share of its class, 100000 in the paper; smoothing"},
    {.name = "selections",
     .kind = OPTION_INTEGER,
     .offset = FIELD(selections),
     .metavar = "N",
     .fallback = "100",
     .lo = 1,
     .hi = 100000000,
     .what = "other noisy copies that choose the class; smoothing"},
    {.name = "alpha",
     .kind = OPTION_NUMBER,
     .offset = FIELD(alpha),
     .metavar = "CHANCE",
     .fallback = ".001",
     .lo = 1e-12,
     .hi = .5,
     .what = "largest chance that a certificate is wrong, per image; smoothing"},
    {.name = "steps",
     .kind = OPTION_INTEGER,
     .offset = FIELD(steps),
     .metavar = "N",
     .lo = 1,
     .hi = 100000,
     .what =
         "iterations of the attack, pgd, that stands beside the certificates (default 40); crown and ibp"},
    {.name = "restarts",
     .kind = OPTION_INTEGER,
     .offset = FIELD(restarts),
     .metavar = "N",
     .lo = 1,
     .hi = 1000,
     .what = "its random starts; crown and ibp"},
    {0}};

static certification plan_of(const context *c, const certify_settings *o, const number_list *eps) {
    const certificate *method = certificate_at(o->method);
    certification k = {.plan = {.method = method,
                                .eps = eps->values,
                                .n_eps = eps->n,
                                .no_clip = o->no_clip,
                                .real = o->real,
                                .slopes = (slopes)o->slopes,
                                .sigma = o->sigma,
                                .alpha = o->alpha,
                                .selections = (int)o->selections,
                                .samples = (int)o->samples},
                       .attack = {.methods = {attack_find("pgd")},
                                  .n_methods = certificate_is_exact(method),
                                  .norm = certificate_norm(method),
                                  .eps = eps->values,
                                  .n_eps = eps->n,
                                  .options = {.steps = (int)o->steps, .restarts = (int)o->restarts},
                                  .batch = (int)c->common.batch}};
    return k;
}

/* A contradiction fails the command after the result was written, for whoever looks into it. */
static status report(context *c, const dataset *d, model *m, const certification *k, status ran, err *e) {
    result *x = result_new("certify", &c->run);
    context_record_model(c, x, m);
    result_data(x, d);
    certification_record(x, d, k);
    say_subject(c, d, m);
    certification_print(c, d, k);
    status s = context_finish(c, x, ran, e);
    result_free(x);
    if (s == STATUS_OK && k->n_violations > 0)
        return err_set(e, STATUS_INTERNAL, "CERT_VIOLATION: %d images are broken within a certified radius",
                       k->n_violations);
    return s;
}

static status certify(context *c, const certify_settings *o, const loaded_model *loaded, const dataset *d,
                      err *e) {
    number_list eps = o->eps;
    evasion_complete_eps(&eps, certificate_norm(certificate_at(o->method)), d->image.c);
    certification k = plan_of(c, o, &eps);
    certify_subject subject = {loaded->file->net, &loaded->file->weights, loaded->model};
    status s = certification_run(&subject, d, &c->run, &k, e);
    if (s == STATUS_OK || s == STATUS_CANCELLED) s = report(c, d, loaded->model, &k, s, e);
    certification_free(&k);
    return s;
}

/* What the method has no use for. Options with a number for a default are not asked. */
static status check(const certify_settings *o, err *e) {
    const certificate *method = certificate_at(o->method);
    bool bounds = certificate_is_exact(method), crown = strcmp(certificate_name(method), "crown") == 0;
    const struct {
        bool idle;
        const char *name;
    } given[] = {{!bounds && o->real, "real"},
                 {!bounds && o->no_clip, "no-clip"},
                 {!bounds && o->steps > 0, "steps"},
                 {!bounds && o->restarts > 0, "restarts"},
                 {!crown && o->slopes != SLOPES_ADAPTIVE, "slopes"}};
    int i = 0, n = sizeof given / sizeof *given;
    while (i < n && !given[i].idle)
        i++;
    if (i == n) return STATUS_OK;
    return err_set(e, STATUS_USAGE, "--%s: --method %s has no use for it", given[i].name,
                   certificate_name(method));
}

static status run_certify(context *c, const void *settings, err *e) {
    loaded_model loaded = {0};
    dataset d = {0};
    status s = check(settings, e);
    if (s == STATUS_OK) s = context_open_model(c, c->arguments[0], true, &loaded, e);
    if (s == STATUS_OK) s = context_open_data(c, "test", 1000, &loaded.model->input, &d, e);
    if (s == STATUS_OK) s = model_accepts(loaded.model, &d, e);
    if (s == STATUS_OK) s = certify(c, settings, &loaded, &d, e);
    dataset_free(&d);
    loaded_model_free(&loaded);
    return s;
}

const command command_certify = {.name = "certify",
                                 .arguments = "MODEL",
                                 .fewest = 1,
                                 .most = 1,
                                 .what = "accuracy that no perturbation of a given size can take away",
                                 .about =
                                     "Proves image by image that no change of at most eps makes the model "
                                     "wrong, and sets the share that is proven beside "
                                     "the accuracy under attack: the robust accuracy lies between the "
                                     "two. An image that is broken within a certified radius "
                                     "is an error, CERT_VIOLATION. crown and ibp are about every change of "
                                     "every pixel by at most eps; smoothing about "
                                     "Euclidean lengths, and about the model under noise. Without --n, "
                                     "1,000 images are certified.",
                                 .reads_data = true,
                                 .reads_onnx = true,
                                 .options = options,
                                 .settings_size = sizeof(certify_settings),
                                 .run = run_certify};
