/* What every test includes: cmocka with its prerequisites, and where to find things. */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/status.h"

/* Path of a file in the source tree, e.g. source_path("tests/golden/x.npz"); of shared test data, which may be absent. Both
 * return a static buffer, good until the fourth next call. */
const char *source_path(const char *relative);
const char *shared_path(const char *relative);

/* Skips the running test with a line that names what is missing, unless the file or folder exists. */
void need_file(const char *path);

/* A fresh temporary folder for this test process, removed at exit; and a path inside it (static buffers as above). */
const char *temporary_folder(void);
const char *temporary_path(const char *name);

/* Fails with the message of `e` unless s is STATUS_OK. */
#define assert_ok(s, e) assert_status_ok_(s, &(e), __FILE__, __LINE__)
void assert_status_ok_(status s, const err *e, const char *file, int line);

/* Fails unless |a - b| <= tolerance, printing all three. */
#define assert_near(a, b, tolerance) assert_near_(a, b, tolerance, #a, __FILE__, __LINE__)
void assert_near_(double a, double b, double tolerance, const char *what, const char *file, int line);

/* ||a - b|| / ||b|| over n floats; prints the worst index when above `most` and fails. */
#define assert_relative(a, b, n, most) assert_relative_(a, b, n, most, #a, __FILE__, __LINE__)
void assert_relative_(const float *a, const float *b, size_t n, double most, const char *what, const char *file, int line);

#endif
