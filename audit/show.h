/* How figures are written on terminals. */
#ifndef AUDIT_SHOW_H
#define AUDIT_SHOW_H

#include "audit/command.h"
#include "audit/text_table.h"

/* "91.2 %" and "[90.6, 91.7]" of shares, as cells; "-" for what is not defined. */
void cell_percent(text_table *t, double share);
void cell_interval(text_table *t, interval i);

/* Cells n, value and interval of a share k / n (Wilson): for columns ">n|>accuracy|95 % interval". */
void cell_share(text_table *t, int64_t k, int64_t n);

/* "fashion-mnist test, 1000 images (resnet8, 77,360 parameters)". `m` may be NULL. */
void say_subject(const context *c, const dataset *d, const model *m);

/* An integer with commas: 1,234,567. Returns `text`. */
const char *show_count(int64_t value, char text[32]);

#endif
