/* audit eval MODEL --data D */
#include "audit/predictions_of.h"
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

/* Nats of dropout at test time: of images that are wrong, they should be more. */
static void print_spread(const context *c, const predictions *p) {
    double entropy[2] = {0}, information[2] = {0};
    int n[2] = {0};
    for (int i = 0; p->entropy && i < p->n; i++) {
        n[p->correct[i]]++;
        entropy[p->correct[i]] += (double)p->entropy[i];
        information[p->correct[i]] += (double)p->information[i];
    }
    for (int right = 1; right >= 0; right--)
        if (n[right])
            say(c, "%s answers: mean entropy %.3f nats, mutual information %.4f\n", right ? "right" : "wrong",
                entropy[right] / n[right], information[right] / n[right]);
}

static status evaluate(context *c, loaded_model *loaded, const dataset *d, err *e) {
    const model *m = loaded->model;
    predictions p;
    status s = predictions_of(c, loaded, d, &p, e);
    if (s != STATUS_OK) return s;
    result *x = result_new("eval", &c->run);
    context_record_model(c, x, m);
    result_data(x, d);
    predictions_record(x, d, &p);
    predictions_record_spread(x, &p);
    say_subject(c, d, m);
    print_classes(c, d, &p);
    print_spread(c, &p);
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
    if (s == STATUS_OK) s = evaluate(c, &loaded, &d, e);
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
                              .reads_model = true,
                              .defends = true,
                              .reads_answers = true,
                              .run = run_eval};
