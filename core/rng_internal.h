/* Functions of distributions, written out in plain arithmetic, since libm's choose code by CPU and change between releases, and what is
 * drawn here must have the same bits everywhere. All are good to about 1e-15, relative. */
#ifndef CORE_RNG_INTERNAL_H
#define CORE_RNG_INTERNAL_H

#include "core/rng.h"

double plain_log(double x); /* x > 0, normal */
double plain_exp(double x); /* |x| <= 700 */

#endif
