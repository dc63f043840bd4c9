/* Layers that nets of others need: arithmetic with constants, normalisation across channels, values moved. */
#include <math.h>
#include <string.h>

#include "tests/support/reference_internal.h"

double reference_at(const double *x, shape s, int i, int y, int col, int ch) {
    if (y < 0 || y >= s.h || col < 0 || col >= s.w || ch < 0 || ch >= s.c) return 0;
    return x[(((size_t)i * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)col) * (size_t)s.c + (size_t)ch];
}

static double affine_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    return reference_at(x, v->in, i, y, col, ch) * v->params[0][ch] + v->params[1][ch];
}

static double prelu_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    double value = reference_at(x, v->in, i, y, col, ch);
    return fmax(value, 0) + v->params[0][ch] * fmin(value, 0);
}

static double clip_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    return fmin(fmax(reference_at(x, v->in, i, y, col, ch), (double)v->c->low), (double)v->c->high);
}

static double softmax_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    double sum = 0;
    for (int c = 0; c < v->in.c; c++)
        sum += exp(reference_at(x, v->in, i, y, col, c) - reference_at(x, v->in, i, y, col, ch));
    return 1 / sum;
}

static double lrn_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    double sum = 0;
    int before = (v->c->lrn_size - 1) / 2;
    for (int k = 0; k < v->c->lrn_size; k++)
        sum += pow(reference_at(x, v->in, i, y, col, ch - before + k), 2);
    return reference_at(x, v->in, i, y, col, ch) *
           pow((double)v->c->lrn_bias + (double)v->c->lrn_alpha / v->c->lrn_size * sum,
               -(double)v->c->lrn_beta);
}

static double slice_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    const layer_config *c = v->c;
    return reference_at(x, v->in, i, c->start[0] + y * c->step[0], c->start[1] + col * c->step[1],
                        c->start[2] + ch * c->step[2]);
}

/* Steps back into the input until it is there. */
static int folded(int at, int length, int mode) {
    while (mode == PAD_REFLECT && (at < 0 || at >= length))
        at = at < 0 ? -at : 2 * (length - 1) - at;
    return mode == PAD_EDGE ? (int)fmin(fmax(at, 0), length - 1) : at;
}

static double pad_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    const layer_config *c = v->c;
    int row = folded(y - c->pad[0], v->in.h, c->pad_mode);
    int column = folded(col - c->pad[1], v->in.w, c->pad_mode);
    int channel = folded(ch - c->pad_channels[0], v->in.c, c->pad_mode);
    bool outside =
        row < 0 || row >= v->in.h || column < 0 || column >= v->in.w || channel < 0 || channel >= v->in.c;
    return outside ? (double)v->c->fill : reference_at(x, v->in, i, row, column, channel);
}

/* Looks for the place whose permuted index is that of the output: slow, and unlike what the layer does. */
static double permute_at(const reference_view *v, const double *x, int i, int y, int col, int ch) {
    const layer_config *c = v->c;
    int wanted = (ch * v->out.h + y) * v->out.w + col, pixels = v->in.h * v->in.w;
    for (int from = 0; from < pixels * v->in.c; from++) {
        int index[VIEW_RANK], rest = from, to = 0;
        for (int k = VIEW_RANK - 1; k >= 0; rest /= c->view[k--])
            index[k] = rest % c->view[k];
        for (int k = 0; k < VIEW_RANK; k++)
            to = to * c->view[c->order[k]] + index[c->order[k]];
        if (to == wanted)
            return reference_at(x, v->in, i, from % pixels / v->in.w, from % v->in.w, from / pixels);
    }
    return NAN;
}

reference_value *reference_arithmetic(const char *op) {
    static const struct {
        const char *op;
        reference_value *f;
    } layers[] = {{"affine", affine_at}, {"prelu", prelu_at}, {"clip", clip_at}, {"softmax", softmax_at},
                  {"lrn", lrn_at},       {"slice", slice_at}, {"pad", pad_at},   {"permute", permute_at}};
    for (size_t k = 0; k < sizeof layers / sizeof *layers; k++)
        if (!strcmp(layers[k].op, op)) return layers[k].f;
    return NULL;
}
