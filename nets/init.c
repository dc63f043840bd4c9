#include <math.h>

#include "nets/layer_internal.h"
#include "nets/net.h"

static const double ROOT_OF_2_PI = 2.5066282746310005;

/* Whether what node k gives reaches a rectifier before other weights or the end. */
static bool rectified(const net *n, int k) {
    for (int user = k + 1; user < n->n_nodes; user++) {
        const net_node *node = &n->nodes[user];
        bool weighted = node->n_params && n->params[node->params[0]].info.kind == PARAM_WEIGHT;
        for (int i = 0; i < node->n_inputs; i++) {
            if (node->inputs[i] != k || weighted) continue;
            if (node->op->traits & LAYER_RECTIFIER || rectified(n, user)) return true;
        }
    }
    return false;
}

static double kaiming_deviation(const net *n, const net_param *param) {
    double gain = rectified(n, param->node) ? sqrt(2.0) : 1;
    return gain / sqrt((double)param->info.fan_in);
}

/* E|w| = 2 / fan-in, so that |W| r has the mean of r again after a rectifier has halved it (section 3.2 there). */
static double ibp_deviation(const net_param *param) {
    return ROOT_OF_2_PI / param->info.fan_in;
}

static void fill_normal(double deviation, const net_param *param, rng *stream, float *out) {
    for (size_t i = 0; i < param->size; i++)
        out[i] = (float)(deviation * rng_normal(stream));
}

static void fill_uniform(int fan_in, size_t size, rng *stream, float *out) {
    float bound = (float)(1 / sqrt((double)fan_in));
    for (size_t i = 0; i < size; i++)
        out[i] = rng_range(stream, -bound, bound);
}

static void fill_constant(const net *n, const net_param *param, float *out) {
    bool zero_init = n->nodes[param->node].config.zero_init;
    float value = param->info.kind == BUFFER_VARIANCE || (param->info.kind == PARAM_NORM_SCALE && !zero_init);
    for (size_t i = 0; i < param->size; i++)
        out[i] = value;
}

void weights_init_as(const net *n, weights *w, init_kind kind, uint64_t seed) {
    for (int p = 0; p < n->n_params; p++) {
        const net_param *param = &n->params[p];
        float *out = w->data + param->offset;
        rng stream = rng_stream(seed, "init", (uint32_t)p, 0, 0, 0);
        int fan_in =
            n->params[n->nodes[param->node].params[0]].info.fan_in; /* of the weights that a bias goes with */
        if (param->info.kind == PARAM_WEIGHT && kind != INIT_UNIFORM)
            fill_normal(kind == INIT_IBP ? ibp_deviation(param) : kaiming_deviation(n, param), param, &stream,
                        out);
        else if ((param->info.kind == PARAM_WEIGHT || param->info.kind == PARAM_BIAS) && kind == INIT_UNIFORM)
            fill_uniform(fan_in, param->size, &stream, out);
        else
            fill_constant(n, param, out);
    }
    w->version++;
}

void weights_init(const net *n, weights *w, uint64_t seed) {
    weights_init_as(n, w, INIT_KAIMING, seed);
}
