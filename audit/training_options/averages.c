/* Averages of weights. */
#include "audit/training_options/tables_internal.h"

const option average_options[] = {{0}};
