/* Colours for numbers. */
#ifndef AUDIT_TINT_H
#define AUDIT_TINT_H

#include "audit/picture.h"

/* From dark blue over green to yellow, as light as the number is large; colour-blind safe. Shares are cut to [0, 1]; NaN is grey. */
colour tint_height(double share);

/* From black over violet and orange to light yellow. */
colour tint_heat(double share);

/* From blue (-1) over white (0) to red (1). */
colour tint_signed(double share);

/* a with a share of b in it. */
colour tint_mix(colour a, colour b, double share);

#endif
