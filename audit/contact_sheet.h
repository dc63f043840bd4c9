/* A contact sheet: what an attack did, as a picture. */
#ifndef AUDIT_CONTACT_SHEET_H
#define AUDIT_CONTACT_SHEET_H

#include "attacks/runner.h"
#include "audit/picture.h"

enum { SHEET_MOST = 12 };

/* Draws up to SHEET_MOST images that were correct and that the attack broke, spread over the classes: the original, the perturbation
 * magnified around grey, the adversarial image, with class and confidence before and after. `a` must have kept its examples.
 * With nothing to show *out is empty (no pixels). */
MUST_CHECK status contact_sheet_draw(const dataset *d, const attack_result *a, const char *title,
                                     const char *norm_name, picture *out, err *e);

/* A picture as PNG in a data URI ("data:image/png;base64,..."), malloc'ed. */
MUST_CHECK status picture_data_uri(const picture *p, char **out, err *e);

#endif
