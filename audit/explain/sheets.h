/* Pictures of explanations. */
#ifndef AUDIT_EXPLAIN_SHEETS_H
#define AUDIT_EXPLAIN_SHEETS_H

#include "audit/explain/explain.h"
#include "audit/picture.h"

enum { FILTERS_MOST = 64, CHANNELS_MOST = 32 };

/* A column of maps: those of a method, and its rank correlation with the maps of random weights. */
typedef struct map_column {
    explain_method method;
    const float *maps; /* n x h x w */
    double correlation;
} map_column;

typedef struct maps_sheet {
    const dataset *d;
    const int32_t *rows, *classes; /* n: images and the classes that are explained */
    const float *logits;           /* n x classes */
    int n;
    const map_column *columns;
    int n_columns;
} maps_sheet;

/* A row for every image: image, label and prediction, then its maps; at the foot, what colours mean. */
MUST_CHECK status maps_sheet_draw(const maps_sheet *s, picture *out, err *e);

/* The filters of the first convolution, each stretched to its largest weight; grey (or white, of one channel) is 0. *out is empty when the net has
 * no convolution. */
MUST_CHECK status filters_sheet_draw(const net *n, const weights *w, picture *out, err *e);

/* Channels of a map (h x w x c), black to bright from 0 (or its lowest value) to its largest; the title says which these are. */
MUST_CHECK status features_sheet_draw(const char *title, const float *image, shape image_shape,
                                      const float *map, shape s, picture *out, err *e);

/* Images with a line of text under each. */
MUST_CHECK status gallery_draw(const char *title, const float *images, shape s, int n,
                               const char *const *captions, picture *out, err *e);

#endif
