#include <math.h>

#include "nets/layer_internal.h"
#include "nets/net.h"

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

static void init_normal(const net *n, int p, uint64_t seed, float *out) {
    const net_param *param = &n->params[p];
    double gain = rectified(n, param->node) ? sqrt(2.0) : 1;
    double deviation = gain / sqrt((double)param->info.fan_in);
    rng stream = rng_stream(seed, "init", (uint32_t)p, 0, 0, 0);
    for (size_t i = 0; i < param->size; i++)
        out[i] = (float)(deviation * rng_normal(&stream));
}

static float constant(const net *n, const net_param *param) {
    if (param->info.kind == PARAM_NORM_SCALE) return n->nodes[param->node].config.zero_init ? 0 : 1;
    return param->info.kind == BUFFER_VARIANCE ? 1 : 0;
}

void weights_init(const net *n, weights *w, uint64_t seed) {
    for (int p = 0; p < n->n_params; p++) {
        const net_param *param = &n->params[p];
        float *out = w->data + param->offset;
        if (param->info.kind == PARAM_WEIGHT) {
            init_normal(n, p, seed, out);
            continue;
        }
        float value = constant(n, param);
        for (size_t i = 0; i < param->size; i++)
            out[i] = value;
    }
    w->version++;
}
