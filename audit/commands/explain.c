/* audit explain MODEL --data D */
#include <math.h>
#include <string.h>

#include "audit/class_choice.h"
#include "audit/explain/explanation.h"
#include "audit/rows.h"
#include "audit/show.h"
#include "nets/cut.h"
#include "nets/model_file.h"
#include "nets/predict.h"
#include "nets/train.h"

typedef struct explain_settings {
    choice_list methods;
    const char *class, *layer, *output;
    int64_t noisy, patch, stride, steps, channels;
    double sigma;
} explain_settings;

#define FIELD(name) offsetof(explain_settings, name)

static const char *method_at(int i, const char **what) {
#define METHOD(code, name, about) {name, about},
    static const struct {
        const char *name, *what;
    } methods[] = {
        EXPLAIN_LIST(METHOD){"filters", "weights of the first convolution, as pictures"},
        {"features", "channels of maps of the first image"},
        {"visualise", "images that raise a class or channel most, by gradient ascent (Olah et al. 2017)"}};
#undef METHOD
    bool inside = i >= 0 && i < EXPLAIN_ALL;
    if (what) *what = inside ? methods[i].what : NULL;
    return inside ? methods[i].name : NULL;
}

static const option options[] = {
    {.name = "methods",
     .letter = 'm',
     .kind = OPTION_CHOICES,
     .offset = FIELD(methods),
     .fallback = "gradient,smoothgrad,gradcam,occlusion,filters,features,visualise",
     .choice = method_at,
     .what = "what to make"},
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_TEXT,
     .offset = FIELD(output),
     .metavar = "DIR|FILE.png",
     .fallback = "explain",
     .what = "a folder for one picture each, or a file for all of them"},
    {.name = "class",
     .kind = OPTION_TEXT,
     .offset = FIELD(class),
     .metavar = "CLASS",
     .what = "explain this class, by name or number (default: the one that the model gives)"},
    {.name = "layer",
     .kind = OPTION_TEXT,
     .offset = FIELD(layer),
     .metavar = "NODE",
     .what = "the map of gradcam, features and visualise, as `audit inspect` names it (default: the last "
             "convolution's; for features also the first's)"},
    {.name = "noisy",
     .kind = OPTION_INTEGER,
     .offset = FIELD(noisy),
     .metavar = "N",
     .fallback = "50",
     .lo = 1,
     .hi = 10000,
     .what = "noisy copies of smoothgrad"},
    {.name = "sigma",
     .kind = OPTION_NUMBER,
     .offset = FIELD(sigma),
     .metavar = "S",
     .fallback = ".1",
     .lo = 0,
     .hi = 10,
     .what = "standard deviation of their noise; pixels are 0 to 1"},
    {.name = "patch",
     .kind = OPTION_INTEGER,
     .offset = FIELD(patch),
     .metavar = "PIXELS",
     .hi = 4096,
     .what = "side of what occlusion covers (default: about a fifth of the image)"},
    {.name = "stride",
     .kind = OPTION_INTEGER,
     .offset = FIELD(stride),
     .metavar = "PIXELS",
     .hi = 4096,
     .what = "distance of occlusions (default: a fortieth of the image, at least 1)"},
    {.name = "steps",
     .kind = OPTION_INTEGER,
     .offset = FIELD(steps),
     .metavar = "N",
     .fallback = "200",
     .lo = 1,
     .hi = 100000,
     .what = "steps of visualise"},
    {.name = "show-channels",
     .kind = OPTION_INTEGER,
     .offset = FIELD(channels),
     .metavar = "N",
     .fallback = "16",
     .lo = 0,
     .hi = 32,
     .what = "channels that visualise shows besides the classes"},
    {0}};

static status plan_of(const explain_settings *o, const net *n, const dataset *d, explanation_plan *p,
                      err *e) {
    int longest = d->image.h > d->image.w ? d->image.h : d->image.w;
    float std[4];
    *p = (explanation_plan){.node = -1,
                            .class = -1,
                            .steps = (int)o->steps,
                            .channels = (int)o->channels,
                            .options = {.noisy = (int)o->noisy,
                                        .sigma = o->sigma,
                                        .patch = o->patch > 0 ? (int)o->patch : (longest + 4) / 5,
                                        .stride = o->stride > 0      ? (int)o->stride
                                                  : longest / 40 > 1 ? longest / 40
                                                                     : 1}};
    for (int i = 0; i < o->methods.n; i++)
        p->wanted[o->methods.values[i]] = true;
    dataset_channel_moments(d, p->options.fill, std);
    status s = o->class ? class_parse("class", o->class, d, &p->class, e) : STATUS_OK;
    if (s != STATUS_OK || !o->layer) return s;
    s = net_node_named(n, o->layer, &p->node, e);
    shape map = s == STATUS_OK ? n->nodes[p->node].out : (shape){0};
    if (s == STATUS_OK && (p->node == 0 || map.h * map.w < 2))
        s = err_set(e, STATUS_USAGE, "--layer %s gives %d x %d x %d: no map", o->layer, map.h, map.w, map.c);
    if (s == STATUS_OK && p->wanted[EXPLAIN_GRADCAM] && !net_is_waist(n, p->node))
        s = err_set(
            e, STATUS_USAGE,
            "--layer %s: values pass by it, so that gradcam cannot read it; choose another or leave gradcam "
            "out of --methods",
            o->layer);
    return s;
}

/* A net without maps still has gradients. */
static void leave_out_gradcam(const net *n, explanation_plan *p, result *x) {
    if (!p->wanted[EXPLAIN_GRADCAM] || p->node >= 0 || explain_last_map(n) >= 0) return;
    p->wanted[EXPLAIN_GRADCAM] = false;
    result_warning(x, "NO_MAP",
                   "the net has no convolution whose map everything goes through: gradcam was left out", NULL,
                   0, NULL);
}

static void print_correlations(const context *c, result *x) {
    const json *body = json_get(result_json(x), "body"), *row;
    row_query q = {.metric = "rank_correlation_random", .eps = NAN};
    text_table t = text_table_new("method|>images|>rank correlation with random weights|95 % interval");
    int n = 0;
    for (size_t at = 0; (row = row_next(body, &q, &at)); n++) {
        interval i = row_interval(row);
        text_table_cell(&t, "%s", row_text(row, "group") + strlen("method="));
        text_table_cell(&t, "%d", (int)row_n(row));
        if (isnan(row_value(row)))
            text_table_cell(&t, "-");
        else
            text_table_cell(&t, "%.2f", row_value(row));
        if (isnan(row_value(row)))
            text_table_cell(&t, "%s", row_text(row, "reason"));
        else if (isnan(i.lo))
            text_table_cell(&t, "-");
        else
            text_table_cell(&t, "[%.2f, %.2f]", i.lo, i.hi);
    }
    if (n > 0) {
        text_table_print(&t, context_out(c));
        say(c, "\nA map that does not change when the weights are random explains nothing that was learned: "
               "near 0 is "
               "good.\n");
    }
    text_table_free(&t);
}

static void record_settings(result *x, const explain_settings *o, const explanation_plan *p, const net *n) {
    int node = p->node >= 0 ? p->node : explain_last_map(n);
    result_setting_text(x, "class", o->class);
    result_setting_text(x, "layer", node >= 0 ? n->nodes[node].name : NULL);
    result_setting_number(x, "noisy", p->options.noisy);
    result_setting_number(x, "sigma", p->options.sigma);
    result_setting_number(x, "patch", p->options.patch);
    result_setting_number(x, "stride", p->options.stride);
    result_setting_number(x, "steps", p->steps);
}

static status explain(context *c, const explain_settings *o, const loaded_model *m, const dataset *d,
                      err *e) {
    explanation_plan p;
    picture_set pictures = {0};
    const net *n = m->file->net;
    status s = model_accepts(m->model, d, e);
    if (s == STATUS_OK) s = plan_of(o, n, d, &p, e);
    if (s == STATUS_OK) s = picture_set_check(o->output, e);
    if (s != STATUS_OK) return s;
    result *x = result_new("explain", &c->run);
    result_model(x, m->model);
    result_data(x, d);
    record_settings(x, o, &p, n);
    leave_out_gradcam(n, &p, x);
    say_subject(c, d, m->model);
    s = explanation_make(n, &m->file->weights, d, &p, &c->run, x, &pictures, e);
    if (s == STATUS_OK) s = picture_set_write(&pictures, o->output, e);
    if (s == STATUS_OK) s = picture_set_record(&pictures, x, e);
    if (s == STATUS_OK) {
        print_correlations(c, x);
        say(c, "wrote %s: %d picture%s\n", o->output, pictures.n, pictures.n == 1 ? "" : "s");
        s = context_finish(c, x, s, e);
    }
    result_free(x);
    picture_set_free(&pictures);
    return s;
}

static status run_explain(context *c, const void *settings, err *e) {
    loaded_model loaded;
    dataset d = {0};
    status s = context_open_model(c, c->arguments[0], true, &loaded, e);
    if (s == STATUS_OK) s = context_open_data(c, "test", 8, &loaded.model->input, &d, e);
    if (s == STATUS_OK && d.n > 256)
        s = err_set(e, STATUS_USAGE, "%d images are more than a picture holds: --n takes 1 to 256", d.n);
    if (s == STATUS_OK) s = explain(c, settings, &loaded, &d, e);
    dataset_free(&d);
    loaded_model_free(&loaded);
    return s;
}

const command command_explain = {
    .name = "explain",
    .arguments = "MODEL",
    .fewest = 1,
    .most = 1,
    .what = "what a net looks at: saliency, Grad-CAM, occlusion, filters, features, as pictures",
    .about =
        "Draws what parts of an image a net's answer depends on, in several ways, what its filters and "
        "feature maps look like, and which images its classes and channels like best. Every map is compared "
        "with that of the same net with fresh random weights (Adebayo et al. 2018): one that hardly changes "
        "shows the image, not what was learned. Without --n, 8 images are explained.",
    .reads_data = true,
    .reads_onnx = true,
    .options = options,
    .settings_size = sizeof(explain_settings),
    .run = run_explain};
