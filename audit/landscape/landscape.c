#include "audit/landscape/landscape.h"

#include <math.h>
#include <stdlib.h>

#include "nets/loss.h"
#include "nets/predict.h"

status landscape_open(const net *n, const weights *centre, const dataset *d, const run *r, landscape *out,
                      err *e) {
    *out = (landscape){.net = n, .centre = centre, .data = d, .run = *r};
    out->run.progress = NULL;
    out->logits = malloc((size_t)d->n * (size_t)d->classes * sizeof *out->logits);
    out->losses = malloc((size_t)d->n * sizeof *out->losses);
    status s = out->logits && out->losses ? weights_copy(centre, &out->moved, e)
                                          : err_set(e, STATUS_NO_MEMORY, "no memory for %d images", d->n);
    if (s == STATUS_OK) s = model_of_net(n, &out->moved, false, &out->run, &out->model, e);
    if (s != STATUS_OK) landscape_close(out);
    return s;
}

void landscape_close(landscape *l) {
    model_free(l->model);
    weights_free(&l->moved);
    free(l->logits);
    free(l->losses);
    *l = (landscape){0};
}

static void move(landscape *l, double a, const float *first, double b, const float *second) {
    for (size_t i = 0; i < l->net->n_trainable; i++) {
        double step = a * (double)first[i] + (second ? b * (double)second[i] : 0);
        l->moved.data[i] = (float)((double)l->centre->data[i] + step);
    }
    l->moved.version++;
}

status landscape_at(landscape *l, double a, const float *first, double b, const float *second, double *loss,
                    double *accuracy, err *e) {
    const dataset *d = l->data;
    double sum = 0;
    int correct = 0;
    move(l, a, first, b, second);
    status s = predict_logits(l->model, d, &l->run, "landscape", l->logits, e);
    if (s != STATUS_OK) return s;
    for (int i = 0; i < d->n; i++) {
        const float *z = l->logits + (size_t)i * (size_t)d->classes;
        l->losses[i] = (double)cross_entropy(z, d->classes, d->labels[i], NULL);
        sum += l->losses[i];
        correct += logits_correct(z, d->classes, d->labels[i]);
    }
    *loss = sum / d->n;
    *accuracy = (double)correct / d->n;
    return STATUS_OK;
}

/* Weights of filter f are every `outputs`-th of a convolution (HWIO), and a row of a linear layer. */
static void fit_filter(const float *own, size_t stride, size_t count, float *noise) {
    double length = 0, wanted = 0;
    for (size_t i = 0; i < count; i++) {
        length += (double)noise[i * stride] * (double)noise[i * stride];
        wanted += (double)own[i * stride] * (double)own[i * stride];
    }
    double scale = length > 0 ? sqrt(wanted / length) : 0;
    for (size_t i = 0; i < count; i++)
        noise[i * stride] = (float)(scale * (double)noise[i * stride]);
}

void random_direction(const net *n, const weights *w, uint64_t seed, int index, float *out) {
    for (size_t i = 0; i < n->n_trainable; i++)
        out[i] = 0;
    for (int k = 0; k < n->n_params; k++) {
        const net_param *p = &n->params[k];
        if (p->info.kind != PARAM_WEIGHT || p->info.rank < 2) continue;
        rng noise = rng_stream(seed, "landscape", (uint32_t)index, (uint32_t)k, 0, 0);
        for (size_t i = 0; i < p->size; i++)
            out[p->offset + i] = rng_normal(&noise);
        bool conv = p->info.rank == 4;
        size_t filters = (size_t)p->info.dims[conv ? 3 : 0], count = p->size / filters;
        for (size_t f = 0; f < filters; f++) {
            size_t begin = p->offset + (conv ? f : f * count);
            fit_filter(w->data + begin, conv ? filters : 1, count, out + begin);
        }
    }
}

json *numbers_json(const double *values, int n) {
    json *list = json_new_array();
    for (int i = 0; i < n; i++)
        json_append(list, json_new_real(values[i]));
    return list;
}
