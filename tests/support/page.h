/* Pages of reports: making one from results in memory, and a strict reader of its markup. */
#ifndef TESTS_SUPPORT_PAGE_H
#define TESTS_SUPPORT_PAGE_H

#include "audit/result.h"

/* Writes the page of n results (at most 8), frees them, and gives its text back: to be freed. */
char *page_of(const char *title, result **results, int n);

/* Fail when the page does not contain a text, or does. */
void must_say(const char *page, const char *text);
void must_not_say(const char *page, const char *text);

/* Tags nest, attributes are quoted, no stray < or > in texts. */
void assert_well_formed(const char *page);

/* And no script, nothing from a network, no half-written number. */
void assert_harmless(const char *page);

#endif
