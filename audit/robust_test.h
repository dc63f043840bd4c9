/* What a robustly trained net is worth against an attack that it was not trained on. */
#ifndef AUDIT_ROBUST_TEST_H
#define AUDIT_ROBUST_TEST_H

#include "attacks/certify.h"
#include "audit/command.h"

enum { ROBUST_TEST_IMAGES = 1000 };

/* An attack that leaves so much less than training's own left of its images says that the net withstands that one alone. */
#define ROBUST_TEST_GAP 0.2

/* Attacks a sample of at most ROBUST_TEST_IMAGES test images, the one that `audit attack` of the same seed takes, with PGD of 40 steps within
 * eps (Linf); prints and records the accuracy. `trained`: the accuracy on
 * changed images in the last epoch, NAN = unknown; the warning ROBUST_OVERFITTING where PGD leaves ROBUST_TEST_GAP less. With a certificate (a name of attacks/certificates.def; NULL: none) also how many of them it proves. The
 * subject's model must give gradients. */
MUST_CHECK status robust_test(const context *c, result *x, const certify_subject *s, const dataset *test, double eps,
                              double trained, const char *proven_by, err *e);

#endif
