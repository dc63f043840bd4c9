/* Layers that join or move values, as ONNX operators. */
#include <math.h>
#include <string.h>

#include "nets/onnx/export_internal.h"

/* All inputs with one rank: that of the first where all have it, else 4. */
static int join(exporter *x, const net_node *node, int values[LAYER_MOST_INPUTS]) {
    int rank = export_rank(x, node, 0);
    for (int i = 1; i < node->n_inputs; i++)
        rank = export_rank(x, node, i) == rank ? rank : 4;
    for (int i = 0; i < node->n_inputs; i++)
        values[i] = export_input(x, node, i, rank);
    return rank;
}

exported export_add(exporter *x, const net_node *node) {
    int values[LAYER_MOST_INPUTS], rank = join(x, node, values);
    const char *op = node->n_inputs == 2 ? "Add" : "Sum";
    return (exported){export_op(x, op, node->n_inputs, values, 0, NULL), rank};
}

exported export_mul(exporter *x, const net_node *node) {
    int values[LAYER_MOST_INPUTS], rank = join(x, node, values);
    return (exported){export_op(x, "Mul", 2, values, 0, NULL), rank};
}

exported export_concat(exporter *x, const net_node *node) {
    int values[LAYER_MOST_INPUTS], rank = join(x, node, values);
    const onnx_attribute axis = export_int("axis", 1);
    return (exported){export_op(x, "Concat", node->n_inputs, values, 1, &axis), rank};
}

exported export_flatten(exporter *x, const net_node *node) {
    return (exported){export_input(x, node, 0, 2), 2};
}

/* Dropout and its like are the identity outside training. */
exported export_same(exporter *x, const net_node *node) {
    return x->nodes[node->inputs[0]];
}

exported export_pad(exporter *x, const net_node *node) {
    static const char *const modes[] = {"constant", "reflect", "edge"};
    const layer_config *c = &node->config;
    const int64_t pads[] = {0, c->pad_channels[0], c->pad[0], c->pad[1],
                            0, c->pad_channels[1], c->pad[2], c->pad[3]};
    const onnx_attribute mode = export_text("mode", modes[c->pad_mode]);
    const int inputs[] = {export_input(x, node, 0, 4), export_ints(x, 8, pads), export_number(x, c->fill)};
    return (exported){export_op(x, "Pad", 3, inputs, 1, &mode), 4};
}

exported export_slice(exporter *x, const net_node *node) {
    const layer_config *c = &node->config;
    static const int ours[3] = {2, 0, 1}; /* C, H, W among rows, columns, channels */
    int64_t starts[3], ends[3], steps[3];
    for (int k = 0; k < 3; k++) {
        int axis = ours[k];
        starts[k] = c->start[axis];
        ends[k] = c->start[axis] + (int64_t)(c->count[axis] - 1) * c->step[axis] + 1;
        steps[k] = c->step[axis];
    }
    const int inputs[] = {export_input(x, node, 0, 4), export_ints(x, 3, starts), export_ints(x, 3, ends),
                          export_ints(x, 3, (const int64_t[]){1, 2, 3}), export_ints(x, 3, steps)};
    return (exported){export_op(x, "Slice", 5, inputs, 0, NULL), 4};
}

/* Reshape, Transpose, Reshape, as far as each changes anything. */
exported export_permute(exporter *x, const net_node *node) {
    const layer_config *c = &node->config;
    int64_t view[1 + VIEW_RANK] = {0}, order[1 + VIEW_RANK] = {0};
    const int64_t to[] = {0, node->out.c, node->out.h, node->out.w};
    bool moves = false;
    for (int k = 0; k < VIEW_RANK; k++) {
        view[1 + k] = c->view[k];
        order[1 + k] = 1 + c->order[k];
        moves |= c->order[k] != k;
    }
    int value = export_input(x, node, 0, export_rank(x, node, 0));
    if (moves) {
        const onnx_attribute perm = export_list(x, "perm", 1 + VIEW_RANK, order);
        value = export_op2(x, "Reshape", value, export_ints(x, 1 + VIEW_RANK, view));
        value = export_op(x, "Transpose", 1, &value, 1, &perm);
    }
    return (exported){export_op2(x, "Reshape", value, export_ints(x, 4, to)), 4};
}

/* A scale whose product with the input, rounded down, is the output. */
static float scale_of(int in, int out) {
    float scale = (float)out / (float)in;
    while (floor((double)in * (double)scale) < out)
        scale = nextafterf(scale, INFINITY);
    return scale;
}

exported export_resize(exporter *x, const net_node *node) {
    shape in = x->net->nodes[node->inputs[0]].out;
    const float scales[] = {1, 1, scale_of(in.h, node->out.h), scale_of(in.w, node->out.w)};
    const onnx_attribute attributes[] = {export_text("mode", "linear"),
                                         export_text("coordinate_transformation_mode", "half_pixel")};
    const int inputs[] = {export_input(x, node, 0, 4), -1, export_floats(x, 1, (const int64_t[]){4}, scales)};
    return (exported){export_op(x, "Resize", 3, inputs, 2, attributes), 4};
}

exported export_pick(exporter *x, const net_node *node) {
    int64_t map[4];
    for (int k = 0; k < node->config.n_map; k++)
        map[k] = node->config.map[k];
    int rank = export_rank(x, node, 0);
    const onnx_attribute axis = export_int("axis", 1);
    const int inputs[] = {export_input(x, node, 0, rank), export_ints(x, node->config.n_map, map)};
    return (exported){export_op(x, "Gather", 2, inputs, 1, &axis), rank};
}
