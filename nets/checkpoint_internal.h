/* The parts of reading a checkpoint. Private to nets. */
#ifndef NETS_CHECKPOINT_INTERNAL_H
#define NETS_CHECKPOINT_INTERNAL_H

#include "core/safetensors.h"
#include "nets/train_internal.h"

/* All that decides the bits of a training: its options, seed, kernel, objective, and hashes of net, first weights, data, validation data and
 * rates. NULL when memory is out. */
json *checkpoint_settings(const trainer *t);

/* What "net" is among them. False when memory is out. */
bool checkpoint_net_hash(const net *n, char hex[SHA256_HEX]);

/* STATUS_BAD_FILE, naming the first setting that differs, unless both are equal. */
MUST_CHECK status checkpoint_compare(const json *there, const json *here, err *e);

/* The two halves of checkpoint_read: whether a file is a checkpoint of this training; its tensors and its progress. */
MUST_CHECK status checkpoint_check(const trainer *t, const safetensors *file, err *e);
MUST_CHECK status checkpoint_load(trainer *t, const safetensors *file, err *e);

#endif
