/* The instances of the VNN competition 2021 in ../shared/data/verification. */
#ifndef TESTS_SUPPORT_VERIFICATION_H
#define TESTS_SUPPORT_VERIFICATION_H

#include "core/npy.h"
#include "datasets/dataset.h"

/* Image i of the archive as a data set of its own; free it as others. */
dataset verification_instance(const npz *z, int64_t i);

#endif
