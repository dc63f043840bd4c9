/* Small questions about texts from files. */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/status.h"

/* Whether `size` bytes are UTF-8 as in RFC 3629: no overlong forms, surrogates or code points above U+10FFFF.
 */
bool text_is_utf8(const char *text, size_t size);

/* Reads one whole number of lo..hi more than there are separators into `out`, and whether that is all of the text: "28x28x1" has the separators "xx".
 * Otherwise what `out` holds is not defined. */
bool text_integers(const char *text, const char *separators, int lo, int hi, int *out);

/* STATUS_BAD_FILE, naming it, when a text occurs twice among `texts[0..n)`. `what` says what they are:
 * "column". O(n log n). */
MUST_CHECK status text_check_unique(const char *const *texts, size_t n, const char *what, err *e);

#endif
