#ifndef ATTACKS_SCENE_SPATIAL_INTERNAL_H
#define ATTACKS_SCENE_SPATIAL_INTERNAL_H

#include "attacks/spatial.h"

/* out->moves <- the out->grid moves of the plan, ascending by size. */
MUST_CHECK status spatial_grid(const spatial_plan *p, shape s, spatial_result *out, err *e);

#endif
