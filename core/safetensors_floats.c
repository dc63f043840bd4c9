#include <string.h>

#include "core/half.h"
#include "core/safetensors.h"

static float read_f32(const uint8_t *p) {
    float value;
    memcpy(&value, p, sizeof value);
    return value;
}

static float read_f64(const uint8_t *p) {
    double value;
    memcpy(&value, p, sizeof value);
    return (float)value;
}

static float read_f16(const uint8_t *p) {
    return float_of_half((uint16_t)(p[0] | p[1] << 8));
}

static float read_bf16(const uint8_t *p) {
    return float_of_bfloat16((uint16_t)(p[0] | p[1] << 8));
}

static const struct {
    const char *dtype;
    size_t size;
    float (*read)(const uint8_t *);
} readers[] = {{"F32", 4, read_f32}, {"F64", 8, read_f64}, {"F16", 2, read_f16}, {"BF16", 2, read_bf16}};

status st_tensor_floats(const st_tensor *t, float *out, err *e) {
    for (size_t k = 0; k < sizeof readers / sizeof *readers; k++) {
        if (strcmp(readers[k].dtype, t->dtype) != 0) continue;
        for (int64_t i = 0; i < t->count; i++)
            out[i] = readers[k].read(t->data + (size_t)i * readers[k].size);
        return STATUS_OK;
    }
    return err_set(e, STATUS_UNSUPPORTED, "tensor \"%s\": dtype %s, expected F32, F64, F16 or BF16", t->name,
                   t->dtype);
}
