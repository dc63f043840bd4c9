/* Results built by hand, for tests of pages. To be freed, or given to page_of. */
#ifndef TESTS_SUPPORT_REPORT_RESULTS_H
#define TESTS_SUPPORT_REPORT_RESULTS_H

#include "audit/result.h"

result *report_new_result(const char *command);
result *report_attack_result(void); /* 1,000 images, three attacks, two eps */
result *report_train_result(void);
result *report_poison_result(void);
/* Groups a (300 of 1000 rows, every third wrong), b (690, every tenth) and c (10). */
result *report_fairness_result(const char *named, const char *level_a, const char *class_name);
result *report_gates_result(void);

#endif
