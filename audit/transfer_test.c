/* Both nets on the test images. */
#include <inttypes.h>
#include <math.h>

#include "audit/transfer.h"

static status open_net(transfer_job *j, const transferred *t, transfer_tested *out, err *e) {
    const run *r = &j->context->run;
    status s = model_of_net(t->net, &t->weights, j->settings->attack_n > 0, r, &out->model, e);
    if (s == STATUS_OK && j->test.n > 0) s = model_accepts(out->model, &j->test, e);
    if (s == STATUS_OK && j->test.n > 0) s = predictions_make(out->model, &j->test, r, &out->clean, e);
    return s == STATUS_OK ? s : err_prefix(e, s, "test data");
}

static void say_accuracy(const context *c, const char *what, const predictions *p) {
    interval i = wilson(p->counts.correct, p->n, 0.95);
    say(c, "%s %.2f %%, 95 %% interval [%.2f, %.2f], %" PRId64 " of %d images\n", what,
        100.0 * (double)p->counts.correct / p->n, 100 * i.lo, 100 * i.hi, p->counts.correct, p->n);
}

static void compare(transfer_job *j, result *x) {
    const predictions *new = &j->tested.clean, *old = &j->tested_scratch.clean;
    int64_t only_new = 0, only_old = 0;
    for (int i = 0; i < new->n; i++) {
        only_new += new->correct[i] && !old->correct[i];
        only_old += old->correct[i] && !new->correct[i];
    }
    double gain = (double)(only_new - only_old) / new->n;
    interval ci = paired_difference(only_new, only_old, new->n, 0.95);
    result_share(x, (row_key){.metric = "scratch_accuracy", .eps = NAN}, old->counts.correct, old->n);
    result_value(x, (row_key){.metric = "transfer_gain", .eps = NAN}, new->n, gain, ci, "bonett-price", NULL);
    say_accuracy(j->context, "from scratch ", old);
    say(j->context, "transfer adds %.2f points, 95 %% interval [%.2f, %.2f], paired over the images\n",
        100 * gain, 100 * ci.lo, 100 * ci.hi);
}

status transfer_test(transfer_job *j, result *x, err *e) {
    status s = open_net(j, &j->net, &j->tested, e);
    if (s == STATUS_OK) s = sha256_file(j->settings->output, j->tested.model->sha256, e);
    if (s == STATUS_OK) result_model(x, j->tested.model);
    if (s == STATUS_OK && j->scratch.net) s = open_net(j, &j->scratch, &j->tested_scratch, e);
    if (s != STATUS_OK || j->test.n == 0) return s;
    say(j->context, "\n");
    predictions_record(x, &j->test, &j->tested.clean);
    result_setting_text(x, "test_sha256", j->test.sha256);
    say_accuracy(j->context, "test accuracy", &j->tested.clean);
    if (j->scratch.net) compare(j, x);
    return STATUS_OK;
}
