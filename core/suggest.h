/* "Did you mean": the known name nearest to one that is not known. */
#ifndef CORE_SUGGEST_H
#define CORE_SUGGEST_H

typedef struct suggestion {
    const char *wrong;
    const char *best; /* the nearest name offered so far, NULL while none is near enough to be meant */
    int distance;
    char text[96]; /* see suggest_text */
} suggestion;

suggestion suggest_for(const char *wrong);

/* Offers one known name, which must live as long as the suggestion. The first of equally near names is kept.
 */
void suggest_offer(suggestion *s, const char *name);

/* `, did you mean "name"?` to end a message with, or "" when nothing is near. Points into *s. */
const char *suggest_text(suggestion *s);

/* Edits that turn `a` into `b`: insertion, deletion, replacement of a byte, exchange of two neighbours
 * (optimal string alignment). Texts of more than 63 bytes are infinitely far from everything (INT_MAX). */
int edit_distance(const char *a, const char *b);

#endif
