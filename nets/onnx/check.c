#include <math.h>
#include <stdlib.h>

#include "nets/onnx/check_internal.h"
#include "nets/session.h"

/* Largest difference of logits, as a part of the largest logit: sums in another order differ by about 1e-6. */
static const float tolerance = 1e-4F;

float *onnx_check_image(shape s, arena *memory) {
    rng r = rng_stream(0, "onnx-check", 0, 0, 0, 0);
    float *image = arena_array(memory, shape_size(s), sizeof *image);
    for (size_t i = 0; image && i < shape_size(s); i++)
        image[i] = rng_uniform(&r);
    return image;
}

static status compare(const float *logits, const onnx_tensor *expected, err *e) {
    float largest = 0, worst = 0;
    for (size_t i = 0; i < expected->n; i++) {
        float gap = fabsf(logits[i] - expected->floats[i]);
        largest = fmaxf(largest, fabsf(expected->floats[i]));
        worst = gap <= worst ? worst : gap; /* keeps NaN */
    }
    if (worst <= tolerance * largest + 1e-6F) return STATUS_OK;
    return err_set(e, STATUS_UNSUPPORTED,
                   "the net's logits differ by %g from those of the graph, whose largest is %g",
                   (double)worst, (double)largest);
}

status onnx_check_logits(const net *n, const weights *w, const float *image, const onnx_tensor *expected,
                         err *e) {
    run r = run_default();
    r.threads = 1;
    session *s = NULL;
    float *logits = malloc((size_t)n->classes * sizeof *logits);
    status done =
        !logits ? err_set(e, STATUS_NO_MEMORY, "no memory for logits")
        : expected->n != (size_t)n->classes
            ? err_set(e, STATUS_UNSUPPORTED, "%d logits, the graph has %zu", n->classes, expected->n)
            : session_new(n, w, SESSION_INFER, 0, &r, &s, e);
    if (done == STATUS_OK) done = session_infer(s, 0, 1, image, logits, e);
    if (done == STATUS_OK) done = compare(logits, expected, e);
    session_free(s);
    free(logits);
    return done;
}

status onnx_check_export(const onnx_graph *g, const net *n, const weights *w, err *e) {
    arena memory = {0};
    onnx_trace trace = {0};
    shape s = n->input;
    const int64_t dims[] = {1, s.c, s.h, s.w};
    float *image = onnx_check_image(s, &memory);
    onnx_tensor *input = onnx_tensor_new(&memory, ONNX_FLOAT, 4, dims);
    if (!image || !input) {
        arena_free(&memory);
        return err_set(e, STATUS_NO_MEMORY, "no memory to check a graph");
    }
    size_t pixels = (size_t)s.h * (size_t)s.w, channels = (size_t)s.c;
    for (size_t i = 0; i < input->n; i++)
        input->floats[i] = image[i % pixels * channels + i / pixels];
    status done = onnx_evaluate(g, (const onnx_tensor *const[]){input}, &trace, e);
    if (done == STATUS_OK) done = onnx_check_logits(n, w, image, trace.values[g->outputs[0]], e);
    onnx_trace_free(&trace);
    arena_free(&memory);
    return done;
}
