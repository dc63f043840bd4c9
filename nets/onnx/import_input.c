/* The image: which dimensions the graph's input has, and what becomes of pixels before it. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "nets/onnx/import_internal.h"

enum { MOST_CHANNELS = 4 };

preprocessing preprocessing_default(void) {
    return (preprocessing){.range = 1};
}

static status refuse(err *e, const onnx_value *v, const char *why) {
    return err_set(e, STATUS_UNSUPPORTED, "input '%.80s': %s", v->name, why);
}

static bool looks_like_channels(int64_t length) {
    return length == 1 || length == 3 || length == 4;
}

static status check_batch(const onnx_value *v, err *e) {
    if (v->dims[0] <= 1) return STATUS_OK;
    return err_set(e, STATUS_UNSUPPORTED,
                   "input '%.80s': it takes batches of %" PRId64
                   " images, expected one image or a number left open",
                   v->name, v->dims[0]);
}

/* N x C x H x W or N x H x W x C; sizes left open are the ones given. */
static status plan_map(const onnx_value *v, const preprocessing *p, input_plan *plan, err *e) {
    bool last = p->layout == LAYOUT_NHWC || (p->layout == LAYOUT_AUTO && looks_like_channels(v->dims[3]) &&
                                             !looks_like_channels(v->dims[1]));
    int h = last ? 1 : 2;
    int64_t rows = v->dims[h] < 0 ? p->height : v->dims[h];
    int64_t columns = v->dims[h + 1] < 0 ? p->width : v->dims[h + 1], channels = v->dims[last ? 3 : 1];
    if (rows < 1 || columns < 1)
        return refuse(e, v, "the height and width are left open in the file: say which with --size HxW");
    if (rows > 1 << 14 || columns > 1 << 14 || channels < 1 || channels > MOST_CHANNELS)
        return refuse(e, v,
                      "it is no image of 1 to 4 channels and at most 16384 rows and columns; "
                      "--layout says where the channels are");
    plan->image = (shape){(int)rows, (int)columns, (int)channels};
    const int64_t nchw[] = {1, channels, rows, columns}, nhwc[] = {1, rows, columns, channels};
    memcpy(plan->dims, last ? nhwc : nchw, sizeof nhwc);
    return STATUS_OK;
}

/* Rows of numbers: of the size given, or square, grey before colour. */
static status plan_vector(const onnx_value *v, const preprocessing *p, input_plan *plan, err *e) {
    int64_t n = 1, rows = p->height, columns = p->width;
    for (int k = 0; k < v->rank; k++) {
        plan->dims[k] = k == 0 && (v->rank == 2 || v->dims[0] < 0) ? 1 : v->dims[k];
        if (plan->dims[k] < 1 || plan->dims[k] > 1 << 28)
            return refuse(e, v, "its length is left open or absurd");
        n *= plan->dims[k];
        if (n > 1 << 28) return refuse(e, v, "it is too large for an image");
    }
    for (int channels = 1; channels <= 3 && !p->height; channels += 2) {
        rows = columns = (int64_t)lround(sqrt((double)n / channels));
        if (rows * columns * channels == n) break;
    }
    if (rows < 1 || columns < 1 || rows > 1 << 14 || columns > 1 << 14 || n % (rows * columns) ||
        n / (rows * columns) > MOST_CHANNELS)
        return refuse(e, v, "it is no square image of 1 or 3 channels: say its size with --size HxW");
    plan->image = (shape){(int)rows, (int)columns, (int)(n / (rows * columns))};
    return STATUS_OK;
}

static status check_numbers(const preprocessing *p, int channels, err *e) {
    const int counts[] = {p->n_mean, p->n_std};
    for (int k = 0; k < 2; k++)
        if (counts[k] > 1 && counts[k] != channels)
            return err_set(e, STATUS_USAGE, "%d numbers for %s, the model's input has %d channels", counts[k],
                           k ? "--std" : "--mean", channels);
    for (int k = 0; k < p->n_std; k++)
        if (!(p->std[k] > 0))
            return err_set(e, STATUS_USAGE, "--std: %g, expected more than 0", (double)p->std[k]);
    if (!(p->range > 0)) return err_set(e, STATUS_USAGE, "--range: %g, expected more than 0", p->range);
    if (p->bgr && channels != 3)
        return err_set(e, STATUS_USAGE, "--channels bgr, but the model's input has %d", channels);
    return STATUS_OK;
}

status input_plan_make(const onnx_graph *g, const preprocessing *p, input_plan *plan, err *e) {
    *plan = (input_plan){.axes = {MAP_C, MAP_H, MAP_W}};
    if (g->n_inputs != 1 || g->n_outputs != 1)
        return err_set(e, STATUS_UNSUPPORTED, "%d inputs and %d outputs, expected an image and its logits",
                       g->n_inputs, g->n_outputs);
    const onnx_value *v = &g->values[g->inputs[0]];
    if (v->type != ONNX_FLOAT && v->type != ONNX_FLOAT16 && v->type != ONNX_DOUBLE)
        return refuse(e, v, "only inputs of a floating type are supported");
    if (v->rank < 2 || v->rank > 4)
        return refuse(e, v, "it has no or another number of dimensions than 2 to 4");
    plan->type = v->type;
    plan->rank = v->rank;
    status s = v->rank == 3 ? STATUS_OK : check_batch(v, e); /* of three, the first may be channels */
    if (s == STATUS_OK) s = v->rank == 4 ? plan_map(v, p, plan, e) : plan_vector(v, p, plan, e);
    if (s == STATUS_OK && (p->layout == LAYOUT_NHWC || (v->rank == 4 && plan->dims[3] == plan->image.c &&
                                                        plan->dims[1] != plan->image.c)))
        memcpy(plan->axes, (const int[]){MAP_H, MAP_W, MAP_C}, sizeof plan->axes);
    return s == STATUS_OK ? check_numbers(p, plan->image.c, e) : s;
}

/* The file's channel k is ours of this number. */
static int our_channel(const preprocessing *p, int k) {
    return p->bgr ? 2 - k : k;
}

/* What makes pixels of the file's channel k: (x - mean) / std. */
static void affine_of_channel(const preprocessing *p, int k, double *mean, double *std) {
    double m = p->n_mean ? (double)p->mean[p->n_mean > 1 ? k : 0] : 0;
    double s = p->n_std ? (double)p->std[p->n_std > 1 ? k : 0] : 1;
    *mean = m / p->range;
    *std = s / p->range;
}

const onnx_tensor *input_plan_tensor(const input_plan *plan, const preprocessing *p, const float *image,
                                     arena *memory) {
    onnx_tensor *t = onnx_tensor_new(memory, plan->type, plan->rank, plan->dims);
    shape s = plan->image;
    const int length[MAP_AXES] = {s.c, s.h, s.w}, *axes = plan->axes;
    size_t at = 0;
    int index[MAP_AXES];
    if (!t) return NULL;
    for (index[axes[0]] = 0; index[axes[0]] < length[axes[0]]; index[axes[0]]++)
        for (index[axes[1]] = 0; index[axes[1]] < length[axes[1]]; index[axes[1]]++)
            for (index[axes[2]] = 0; index[axes[2]] < length[axes[2]]; index[axes[2]]++) {
                double mean, std;
                size_t pixel = (size_t)index[MAP_H] * (size_t)s.w + (size_t)index[MAP_W];
                affine_of_channel(p, index[MAP_C], &mean, &std);
                float x = image[pixel * (size_t)s.c + (size_t)our_channel(p, index[MAP_C])];
                t->floats[at++] = (float)(((double)x - mean) / std);
            }
    return t;
}

void input_plan_carry(const input_plan *plan, const preprocessing *p, importer *im) {
    carrier *c = &im->carriers[im->g->inputs[0]];
    layer_config order = {.n_map = 3, .map = {2, 1, 0}};
    *c = (carrier){.node = 0, .pixels = true};
    memcpy(c->axes, plan->axes, sizeof c->axes);
    im->name = "channels";
    if (p->bgr) c->node = import_add_one(im, "channels", &order, 0);
    for (int k = 0; k < plan->image.c; k++)
        affine_of_channel(p, k, &c->mean[k], &c->std[k]);
}
