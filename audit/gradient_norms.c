#include "audit/gradient_norms.h"

#include <math.h>
#include <stdlib.h>

#include "audit/landscape/landscape.h"

enum { PARTS = 60 };

/* The parameter that is node k's weight matrix or filters, -1 when it has none. */
static int weight_of(const net *n, int k) {
    const net_node *node = &n->nodes[k];
    for (int i = 0; i < node->n_params; i++) {
        const net_param *p = &n->params[node->params[i]];
        if (p->info.kind == PARAM_WEIGHT && p->info.rank >= 2) return node->params[i];
    }
    return -1;
}

/* The input of node k with most weights before it. */
static int deepest_input(const net *n, int k, const int *depth) {
    const net_node *node = &n->nodes[k];
    int best = node->inputs[0];
    for (int i = 1; i < node->n_inputs; i++)
        if (depth[node->inputs[i]] > depth[best]) best = node->inputs[i];
    return best;
}

void gradient_norms_begin(gradient_norms *g, const net *n) {
    int depth[NET_MOST_NODES] = {0};
    *g = (gradient_norms){.net = n};
    for (int k = 1; k < n->n_nodes; k++)
        depth[k] = depth[deepest_input(n, k, depth)] + (weight_of(n, k) >= 0);
    int left = depth[n->n_nodes - 1];
    g->n_layers = left < GRADIENT_LAYERS_MOST ? left : GRADIENT_LAYERS_MOST;
    for (int k = n->n_nodes - 1; k > 0; k = deepest_input(n, k, depth)) {
        if (weight_of(n, k) < 0) continue;
        left--;
        if (left < GRADIENT_LAYERS_MOST) g->params[left] = weight_of(n, k);
    }
}

void gradient_norms_free(gradient_norms *g) {
    free(g->norms);
    free(g->losses);
    *g = (gradient_norms){0};
}

static bool grow(gradient_norms *g) {
    int room = g->room ? 2 * g->room : 256;
    double *norms = realloc(g->norms, (size_t)room * (size_t)(g->n_layers + 1) * sizeof *norms);
    if (norms) g->norms = norms;
    double *losses = realloc(g->losses, (size_t)room * sizeof *losses);
    if (losses) g->losses = losses;
    if (norms && losses) g->room = room;
    return norms && losses;
}

void gradient_norms_step(void *user, const train_step_report *t) {
    gradient_norms *g = user;
    if (g->n_steps == g->room && !grow(g)) g->failed = true;
    if (g->failed) return;
    for (int i = 0; i < g->n_layers; i++) {
        const net_param *p = &g->net->params[g->params[i]];
        double squares = 0;
        for (size_t k = 0; k < p->size; k++)
            squares += (double)t->grad[p->offset + k] * (double)t->grad[p->offset + k];
        g->norms[(size_t)g->n_steps * (size_t)g->n_layers + (size_t)i] = sqrt(squares);
    }
    g->losses[g->n_steps++] = t->loss;
}

static int tenth(const gradient_norms *g) {
    return g->n_steps >= 10 ? g->n_steps / 10 : g->n_steps > 0;
}

step_range gradient_norms_start(const gradient_norms *g) {
    return (step_range){0, tenth(g)};
}

step_range gradient_norms_end(const gradient_norms *g) {
    return (step_range){g->n_steps - tenth(g), g->n_steps};
}

static double norm_at(const gradient_norms *g, int step, int place) {
    return g->norms[(size_t)step * (size_t)g->n_layers + (size_t)place];
}

double gradient_norms_mean(const gradient_norms *g, int place, step_range r) {
    double sum = 0;
    for (int step = r.from; step < r.to; step++)
        sum += log(norm_at(g, step, place));
    return r.to > r.from && isfinite(sum) ? exp(sum / (r.to - r.from)) : NAN;
}

double gradient_norms_ratio(const gradient_norms *g, step_range r, interval *i) {
    int n = r.to - r.from;
    double *logs = malloc((size_t)(n > 0 ? n : 1) * sizeof *logs), out = NAN;
    *i = (interval){NAN, NAN};
    for (int k = 0; logs && k < n; k++)
        logs[k] = log(norm_at(g, r.from + k, 0)) - log(norm_at(g, r.from + k, g->n_layers - 1));
    double middle = logs && n > 0 ? mean(logs, n) : NAN;
    if (isfinite(middle)) {
        interval of_log = t_interval(logs, n, .95);
        *i = (interval){exp(of_log.lo), exp(of_log.hi)};
        out = exp(middle);
    }
    free(logs);
    return out;
}

static json *means_json(const gradient_norms *g, step_range r) {
    double means[GRADIENT_LAYERS_MOST];
    for (int i = 0; i < g->n_layers; i++)
        means[i] = gradient_norms_mean(g, i, r);
    return numbers_json(means, g->n_layers);
}

static void set_parts(const gradient_norms *g, json *out) {
    double steps[PARTS], first[PARTS], last[PARTS], loss[PARTS];
    int parts = g->n_steps < PARTS ? g->n_steps : PARTS;
    for (int i = 0; i < parts; i++) {
        step_range r = {(int)((long)i * g->n_steps / parts), (int)((long)(i + 1) * g->n_steps / parts)};
        steps[i] = (r.from + r.to + 1) / 2.0;
        first[i] = gradient_norms_mean(g, 0, r);
        last[i] = gradient_norms_mean(g, g->n_layers - 1, r);
        loss[i] = mean(g->losses + r.from, r.to - r.from);
    }
    json_set(out, "steps", numbers_json(steps, parts));
    json_set(out, "first", numbers_json(first, parts));
    json_set(out, "last", numbers_json(last, parts));
    json_set(out, "loss", numbers_json(loss, parts));
}

json *gradient_norms_json(const gradient_norms *g, const char *arch) {
    json *out = json_new_object(), *names = json_new_array();
    for (int i = 0; i < g->n_layers; i++)
        json_append(names, json_new_string(g->net->nodes[g->net->params[g->params[i]].node].name));
    json_set_string(out, "arch", arch);
    json_set(out, "layers", names);
    json_set(out, "start", means_json(g, gradient_norms_start(g)));
    json_set(out, "end", means_json(g, gradient_norms_end(g)));
    set_parts(g, out);
    return out;
}
