/* Any bytes: refused, or a value whose text is read back and gives the same text again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json *value, *again;
    err e;
    if (json_parse((const char *)data, size, &value, &e) != STATUS_OK) return 0;
    char *text = json_text(value, (int)(size % 4));
    json_free(value);
    if (!text) abort();
    if (json_parse(text, strlen(text), &again, &e) != STATUS_OK) {
        if (!strstr(text, "e308")) abort(); /* ten digits round the largest doubles up beyond all doubles */
        free(text);
        return 0;
    }
    char *same = json_text(again, (int)(size % 4));
    json_free(again);
    if (!same || strcmp(text, same) != 0) abort();
    free(text);
    free(same);
    return 0;
}
