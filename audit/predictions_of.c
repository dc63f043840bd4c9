#include "audit/predictions_of.h"

#include "nets/model_file.h"

status predictions_of(const context *c, loaded_model *m, const dataset *d, predictions *out, err *e) {
    int passes = (int)c->model.mc_dropout;
    *out = (predictions){0};
    if (passes == 0) return predictions_make(m->model, d, &c->run, out, e);
    status s = c->defence.list ? err_set(e, STATUS_USAGE, "not together with --defence")
                               : model_accepts(m->model, d, e);
    if (s == STATUS_OK)
        s = predictions_make_dropout(m->file->net, &m->file->weights, d, passes, &c->run, out, e);
    return s == STATUS_OK ? s : err_prefix(e, s, "--mc-dropout");
}
