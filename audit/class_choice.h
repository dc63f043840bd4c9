/* Classes that the user names. */
#ifndef AUDIT_CLASS_CHOICE_H
#define AUDIT_CLASS_CHOICE_H

#include "datasets/dataset.h"

/* A class by its name or number. `option_name` ("targeted") stands at the head of the message. */
MUST_CHECK status class_parse(const char *option_name, const char *text, const dataset *d, int *class,
                              err *e);

/* The class wanted for every row, malloc'ed: "next" is the class behind the label, else one class by name or number. NULL for a NULL
 * text: untargeted. Images that are of the wanted class already are taken out of *d. */
MUST_CHECK status targets_make(const char *text, dataset *d, int32_t **targets, err *e);

#endif
