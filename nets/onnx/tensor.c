#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/half.h"
#include "nets/onnx/tensor_internal.h"
#include "nets/onnx/wire_internal.h"

typedef enum field { FIELD_FLOATS, FIELD_INT32S, FIELD_INT64S, FIELD_DOUBLES, FIELD_UINT64S } field;

static const struct type_info {
    onnx_type type;
    const char *name;
    size_t size;
    field field;
    int64_t least, largest;
} types[] = {
#define TYPE(code, name, size, field, least, largest) {code, name, size, field, least, largest},
#include "nets/onnx/types.def"
#undef TYPE
};

static const struct type_info *info_of(int type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((int)types[i].type == type) return &types[i];
    return NULL;
}

bool onnx_type_known(int t) {
    return info_of(t) != NULL;
}

bool onnx_type_is_float(onnx_type t) {
    return t == ONNX_FLOAT || t == ONNX_DOUBLE || t == ONNX_FLOAT16 || t == ONNX_BFLOAT16;
}

const char *onnx_type_name(int t) {
    const struct type_info *info = info_of(t);
    if (info) return info->name;
    return t == 8 ? "string" : t == 14 ? "complex64" : t == 15 ? "complex128" : "of an unknown type";
}

void onnx_type_range(onnx_type t, int64_t *least, int64_t *largest) {
    const struct type_info *info = info_of(t);
    *least = info ? info->least : 0;
    *largest = info ? info->largest : 0;
}

bool onnx_count(int rank, const int64_t *dims, size_t *n) {
    *n = 0;
    if (rank < 0 || rank > ONNX_MOST_RANK) return false;
    size_t most = 1;
    bool empty = false;
    for (int i = 0; i < rank; i++) {
        if (dims[i] < 0 || !size_multiply(most, dims[i] ? (size_t)dims[i] : 1, &most) || most > INT32_MAX)
            return false;
        empty = empty || dims[i] == 0;
    }
    *n = empty ? 0 : most;
    return true;
}

onnx_tensor *onnx_tensor_new(arena *memory, onnx_type type, int rank, const int64_t *dims) {
    size_t n;
    if (!onnx_count(rank, dims, &n)) return NULL;
    onnx_tensor *t = arena_alloc(memory, sizeof *t);
    if (!t) return NULL;
    *t = (onnx_tensor){.type = type, .rank = rank, .n = n};
    if (rank > 0) memcpy(t->dims, dims, (size_t)rank * sizeof *dims);
    if (onnx_type_is_float(type))
        t->floats = arena_array(memory, n, sizeof *t->floats);
    else
        t->ints = arena_array(memory, n, sizeof *t->ints);
    return t->floats || t->ints ? t : NULL;
}

static uint64_t little_endian(const uint8_t *p, size_t size) {
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | p[i];
    return value;
}

static float float_at(onnx_type type, const uint8_t *p) {
    float value;
    double wide;
    switch (type) {
    case ONNX_FLOAT16:
        return float_of_half((uint16_t)little_endian(p, 2));
    case ONNX_BFLOAT16:
        return float_of_bfloat16((uint16_t)little_endian(p, 2));
    case ONNX_DOUBLE:
        memcpy(&wide, p, sizeof wide);
        return (float)wide;
    default:
        memcpy(&value, p, sizeof value);
        return value;
    }
}

static int64_t int_at(const struct type_info *info, const uint8_t *p) {
    uint64_t value = little_endian(p, info->size);
    if (info->type == ONNX_BOOL) return value != 0;
    if (info->least == 0 || info->size == 8) return (int64_t)value;
    uint64_t sign = (uint64_t)1 << (8 * info->size - 1); /* signed: extend */
    return (int64_t)((value ^ sign) - sign);
}

static void fill_raw(const struct type_info *info, const uint8_t *raw, onnx_tensor *out) {
    if (info->type == ONNX_FLOAT && out->n > 0) {
        memcpy(out->floats, raw, out->n * sizeof *out->floats);
        return;
    }
    for (size_t i = 0; i < out->n; i++)
        if (out->floats)
            out->floats[i] = float_at(info->type, raw + i * info->size);
        else
            out->ints[i] = int_at(info, raw + i * info->size);
}

static size_t field_count(const wire_tensor *t, field f) {
    switch (f) {
    case FIELD_FLOATS:
        return t->n_floats;
    case FIELD_INT32S:
        return t->n_int32s;
    case FIELD_INT64S:
        return t->n_int64s;
    case FIELD_DOUBLES:
        return t->n_doubles;
    case FIELD_UINT64S:
        return t->n_uint64s;
    }
    return 0;
}

static int64_t field_int(const wire_tensor *t, field f, size_t i) {
    return f == FIELD_INT32S ? t->int32s[i] : f == FIELD_INT64S ? t->int64s[i] : (int64_t)t->uint64s[i];
}

static status fill_fields(const struct type_info *info, const wire_tensor *t, onnx_tensor *out, err *e) {
    for (size_t i = 0; i < out->n; i++) {
        if (info->field == FIELD_FLOATS) {
            out->floats[i] = t->floats[i];
            continue;
        }
        if (info->field == FIELD_DOUBLES) {
            out->floats[i] = (float)t->doubles[i];
            continue;
        }
        int64_t value = field_int(t, info->field, i);
        if (value < info->least || value > info->largest)
            return err_set(e, STATUS_BAD_FILE, "element %zu is %" PRId64 ", outside of %s", i, value,
                           info->name);
        if (info->type == ONNX_FLOAT16)
            out->floats[i] = float_of_half((uint16_t)value);
        else if (info->type == ONNX_BFLOAT16)
            out->floats[i] = float_of_bfloat16((uint16_t)value);
        else
            out->ints[i] = value;
    }
    return STATUS_OK;
}

static status check_shape(const wire_tensor *t, size_t *n, err *e) {
    if (t->rank > ONNX_MOST_RANK)
        return err_set(e, STATUS_UNSUPPORTED, "%zu dimensions, expected at most %d", t->rank, ONNX_MOST_RANK);
    for (size_t i = 0; i < t->rank; i++)
        if (t->dims[i] < 0)
            return err_set(e, STATUS_BAD_FILE, "dimension %zu is %" PRId64 ", expected >= 0", i, t->dims[i]);
    if (!onnx_count((int)t->rank, t->dims, n)) return err_set(e, STATUS_BAD_FILE, "shape is too large");
    return STATUS_OK;
}

/* Before anything is allocated: as many numbers as the shape says must be there. */
static status check_amount(const wire_tensor *t, const struct type_info *info, size_t n, err *e) {
    if (t->external) return STATUS_OK;
    if (t->raw && t->raw_size == n * info->size) return STATUS_OK;
    if (t->raw)
        return err_set(e, STATUS_BAD_FILE, "%zu bytes, expected %zu by shape and type %s", t->raw_size,
                       n * info->size, info->name);
    if (field_count(t, info->field) == n) return STATUS_OK;
    return err_set(e, STATUS_BAD_FILE, "%zu elements of type %s, expected %zu by its shape",
                   field_count(t, info->field), info->name, n);
}

static status fill(const wire_tensor *t, const struct type_info *info, const uint8_t *raw, onnx_tensor *out,
                   err *e) {
    if (!raw) return fill_fields(info, t, out, e);
    fill_raw(info, raw, out);
    return STATUS_OK;
}

status wire_tensor_read(const wire_tensor *t, external_data *x, arena *memory, onnx_tensor **out, err *e) {
    *out = NULL;
    const struct type_info *info = info_of(t->type);
    if (!info)
        return err_set(e, STATUS_UNSUPPORTED, "type %d (%s) is not supported", t->type,
                       onnx_type_name(t->type));
    size_t n;
    status s = check_shape(t, &n, e);
    if (s == STATUS_OK) s = check_amount(t, info, n, e);
    uint8_t *loaded = NULL;
    if (s == STATUS_OK && t->external) s = external_read(x, t, n * info->size, &loaded, e);
    if (s != STATUS_OK) return s;
    *out = onnx_tensor_new(memory, info->type, (int)t->rank, t->dims);
    s = *out ? fill(t, info, loaded ? loaded : t->raw, *out, e)
             : err_set(e, STATUS_NO_MEMORY, "out of memory for %zu elements", n);
    free(loaded);
    return s;
}

static void put_little_endian(uint64_t value, size_t size, uint8_t *out) {
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

static void put_float(onnx_type type, float value, uint8_t *out) {
    double wide = (double)value;
    if (type == ONNX_DOUBLE)
        memcpy(out, &wide, sizeof wide);
    else
        put_little_endian(type == ONNX_FLOAT16 ? half_of_float(value) : bfloat16_of_float(value), 2, out);
}

uint8_t *wire_tensor_raw(const onnx_tensor *t, arena *memory, size_t *size) {
    const struct type_info *info = info_of((int)t->type);
    *size = info ? t->n * info->size : 0;
    if (t->type == ONNX_FLOAT) return (uint8_t *)t->floats;
    uint8_t *raw = info ? arena_array(memory, t->n, info->size) : NULL;
    for (size_t i = 0; raw && i < t->n; i++)
        if (t->floats)
            put_float(t->type, t->floats[i], raw + i * info->size);
        else
            put_little_endian((uint64_t)t->ints[i], info->size, raw + i * info->size);
    return raw;
}
