/* model.bin: safetensors with tensors named and laid out as in a PyTorch state_dict (conv OIHW, linear out x in with C,H,W-flattened
 * inputs, batch norm with num_batches_tracked), and in __metadata__ the graph, class names, input contract and provenance - no threads, dates or
 * paths, so that retraining gives the same bytes. */
#ifndef NETS_MODEL_FILE_H
#define NETS_MODEL_FILE_H

#include "core/json.h"
#include "core/safetensors.h"
#include "core/sha256.h"
#include "nets/net.h"

typedef struct model_file {
    net *net;
    weights weights;
    char **class_names; /* net->classes texts */
    json *recipe;       /* how it was trained: options, seed, data hash; may be an empty object */
    char sha256[SHA256_HEX];
} model_file;

/* Loads and checks everything: specification of the format, graph, shapes, finite weights, positive variances. The file is hostile. */
MUST_CHECK status model_file_read(const char *path, model_file *out, err *e);

/* Writes atomically. `recipe` may be NULL. */
MUST_CHECK status model_file_write(const char *path, const net *n, const weights *w,
                                   const char *const *class_names, const json *recipe, err *e);

void model_file_free(model_file *m);

/* Copies tensors of a state_dict into weights, converting layouts; every parameter of the net must be there with its shape and
 * finite. num_batches_tracked is ignored; any other tensor that the net does not have is an error. */
MUST_CHECK status weights_from_state_dict(const net *n, const safetensors *s, weights *w, err *e);

/* One parameter between our memory layout and PyTorch's; both have p->size floats. Gradients are converted alike. */
void param_to_pytorch(const net *n, const net_param *p, const float *from, float *to);
void param_from_pytorch(const net *n, const net_param *p, const float *from, float *to);

#endif
