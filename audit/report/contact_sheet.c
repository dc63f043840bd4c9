/* Pictures in results. They come from files, so nothing is shown that is not a PNG. */
#include <string.h>

#include "audit/base64.h"
#include "audit/report/sections_internal.h"

enum { TEXT_MOST = 1 << 20, SIDE_MOST = 8192, HEADER = 24 };

/* Width and height of a PNG, from its first chunk; false when it is none. */
static bool png_size(const bytes *file, int *width, int *height) {
    static const uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
                                        0,    0,   0,   13,  'I',  'H',  'D',  'R'};
    if (file->size < HEADER || memcmp(file->data, signature, sizeof signature) != 0) return false;
    const uint8_t *d = file->data;
    uint32_t w = (uint32_t)d[16] << 24 | (uint32_t)d[17] << 16 | (uint32_t)d[18] << 8 | d[19];
    uint32_t x = (uint32_t)d[20] << 24 | (uint32_t)d[21] << 16 | (uint32_t)d[22] << 8 | d[23];
    *width = (int)(w <= SIDE_MOST ? w : 0);
    *height = (int)(x <= SIDE_MOST ? x : 0);
    return *width > 0 && *height > 0;
}

void png_put(html *h, const char *uri, const char *alt, const char *caption) {
    static const char prefix[] = "data:image/png;base64,";
    int width, height;
    bytes file = {0};
    err ignored;
    bool small = strlen(uri) < TEXT_MOST && strncmp(uri, prefix, sizeof prefix - 1) == 0;
    bool ok = small && base64_decode(uri + sizeof prefix - 1, &file, &ignored) == STATUS_OK &&
              png_size(&file, &width, &height);
    bytes_free(&file);
    if (!ok) {
        html_put(
            h, "<p class=\"note\">A picture in the result is no PNG of at most 1 MB and is left out.</p>\n");
        return;
    }
    html_put(h, "<figure><img class=\"sheet\" width=\"%d\" height=\"%d\" alt=\"%s\" src=\"", width, height,
             alt);
    fputs(uri, h->file); /* checked base64 has no character that could leave the attribute */
    html_put(h, "\">\n<figcaption>%s</figcaption></figure>\n", caption);
}

void contact_sheet_put(html *h, const json *document) {
    const char *uri = json_as_string(json_get(json_get(json_get(document, "body"), "extra"), "sheet"));
    if (!uri) return;
    png_put(h, uri,
            "Contact sheet: original images, the perturbation magnified, the adversarial images, with the "
            "class and "
            "confidence before and after",
            "Images that were right and that the attack broke: the original, the change magnified (grey is "
            "none), the "
            "changed image; below, class and confidence before and after. They are examples, chosen among "
            "successes, "
            "spread over the classes.");
}
