#ifndef NETS_MODEL_FILE_INTERNAL_H
#define NETS_MODEL_FILE_INTERNAL_H

#include "nets/model_file.h"

/* As model_file_read, from memory; takes over `file` in every case. */
MUST_CHECK status model_file_parse(bytes file, model_file *out, err *e);

/* Shape of a parameter in a state_dict; returns its rank. */
int param_pytorch_dims(const net_param *p, int64_t dims[PARAM_MOST_RANK]);

/* Copies a parameter to one of the same shape in another net, whose layout of it may differ. */
void param_copy(const net *from_net, const net_param *source, const float *from, const net *to_net,
                const net_param *target, float *to);

/* "[16, 3, 3, 3]" for messages. */
void dims_text(int rank, const int64_t *dims, char *out, size_t room);

#endif
