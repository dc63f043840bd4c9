/* Images to learn an attack from, and others to measure it on. */
#ifndef AUDIT_LEARNING_DATA_H
#define AUDIT_LEARNING_DATA_H

#include "attacks/learned.h"
#include "audit/command.h"

/* The training part of --data, of which train_n images (0 = all), and images of the test part (or of `test_data`, if not NULL): --n or --first
 * choose them, test_n where neither is given (0 = all). Data without such parts are cut in two halves by the seed: *halved says so. `size`: as in context_open_data. Both must be freed. */
MUST_CHECK status learning_data_open(context *c, int64_t train_n, const char *test_data, int test_n, const shape *size, dataset *train,
                             dataset *test, bool *halved, err *e);

/* The settings steps, batch, step_size, train_n, train_sha256 and halved. */
void learning_record(result *x, const learn_plan *p, const dataset *train, bool halved);

#endif
