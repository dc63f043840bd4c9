#include "core/suggest.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 64 };

static int smaller(int a, int b) {
    return a < b ? a : b;
}

int edit_distance(const char *a, const char *b) {
    size_t na = strlen(a), nb = strlen(b);
    if (na >= LONGEST || nb >= LONGEST) return INT_MAX;
    int rows[3][LONGEST]; /* rows i - 2, i - 1 and i of the table of prefix distances, rotating */
    for (size_t j = 0; j <= nb; j++)
        rows[0][j] = (int)j;
    for (size_t i = 1; i <= na; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = (int)i;
        for (size_t j = 1; j <= nb; j++) {
            int replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], before[j - 2] + 1);
        }
    }
    return rows[na % 3][nb];
}

suggestion suggest_for(const char *wrong) {
    /* One edit is always allowed, and one more for every four letters. */
    return (suggestion){.wrong = wrong, .distance = 2 + (int)(strlen(wrong) / 4)};
}

void suggest_offer(suggestion *s, const char *name) {
    int distance = edit_distance(s->wrong, name);
    int letters = (int)strlen(name);
    if (distance < s->distance && distance < letters) {
        s->distance = distance;
        s->best = name;
    }
}

const char *suggest_text(suggestion *s) {
    s->text[0] = 0;
    if (s->best) snprintf(s->text, sizeof s->text, ", did you mean \"%s\"?", s->best);
    return s->text;
}
