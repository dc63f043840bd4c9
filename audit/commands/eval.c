/* audit eval MODEL --data D */
#include <math.h>

#include "audit/predictions.h"
#include "audit/show.h"

static void print_classes(const context *c, const dataset *d, const predictions *p) {
    text_table t = text_table_new("class|>n|>accuracy|95 % interval");
    for (int class = 0; class < d->classes; class ++) {
        int64_t n = 0, correct = 0;
        for (int i = 0; i < p->n; i++) {
            n += d->labels[i] == class;
            correct += d->labels[i] == class && p->correct[i];
        }
        text_table_cell(&t, "%s", d->class_names[class]);
        cell_share(&t, correct, n);
    }
    text_table_cell(&t, "all");
    cell_share(&t, p->counts.correct, p->n);
    text_table_print(&t, context_out(c));
    text_table_free(&t);
    say(c, "\nIntervals: 95 %% Wilson; they cover sampling only.\n");
}

static status evaluate(context *c, model *m, const dataset *d, err *e) {
    predictions p;
    status s = predictions_make(m, d, &c->run, &p, e);
    if (s != STATUS_OK) return s;
    result *x = result_new("eval", &c->run);
    result_model(x, m);
    result_data(x, d);
    predictions_record(x, d, &p);
    say_subject(c, d, m);
    print_classes(c, d, &p);
    s = context_finish(c, x, STATUS_OK, e);
    result_free(x);
    predictions_free(&p);
    return s;
}

static status run_eval(context *c, const void *settings, err *e) {
    (void)settings;
    loaded_model loaded;
    dataset d = {0};
    status s = context_open_model(c, c->arguments[0], false, &loaded, e);
    if (s == STATUS_OK) s = context_open_data(c, "test", 0, &loaded.model->input, &d, e);
    if (s == STATUS_OK) s = evaluate(c, loaded.model, &d, e);
    dataset_free(&d);
    loaded_model_free(&loaded);
    return s;
}

const command command_eval = {.name = "eval",
                              .arguments = "MODEL",
                              .fewest = 1,
                              .most = 1,
                              .what = "accuracy of a model, overall and per class, with intervals",
                              .about = "Counts how often the model is right, overall and per class, with 95 "
                                       "% Wilson intervals. An answer is right when "
                                       "all logits are finite and the label's is above every other: ties and "
                                       "NaN count as wrong and are warned about.",
                              .reads_data = true,
                              .run = run_eval};
