#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/npy_internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "elements are used as they are in the file");

const char *npy_type_descr(npy_type type, int *item_size) {
    switch (type) {
    case NPY_F32:
        *item_size = 4;
        return "<f4";
    case NPY_F64:
        *item_size = 8;
        return "<f8";
    case NPY_U8:
        *item_size = 1;
        return "|u1";
    case NPY_I32:
        *item_size = 4;
        return "<i4";
    case NPY_I64:
        *item_size = 8;
        return "<i8";
    case NPY_BOOL:
        *item_size = 1;
        return "|b1";
    case NPY_BYTES:
    case NPY_UNICODE:
        break;
    }
    *item_size = 0;
    return NULL;
}

bool npy_measure(const int64_t *dims, int rank, int item_size, int64_t *elements, size_t *size) {
    size_t most = (size_t)item_size;
    bool empty = false;
    for (int i = 0; i < rank; i++) {
        empty = empty || dims[i] == 0;
        if (!size_multiply(most, dims[i] ? (size_t)dims[i] : 1, &most) || most > INT64_MAX) return false;
    }
    *size = empty ? 0 : most;
    *elements = (int64_t)(*size / (size_t)item_size);
    return true;
}

double npy_number(const npy *a, int64_t i) {
    const uint8_t *item = a->data + (size_t)i * (size_t)a->item_size;
    union {
        float f32;
        double f64;
        int32_t i32;
        int64_t i64;
    } value;
    switch (a->type) {
    case NPY_F32:
        memcpy(&value.f32, item, sizeof value.f32);
        return value.f32;
    case NPY_F64:
        memcpy(&value.f64, item, sizeof value.f64);
        return value.f64;
    case NPY_I32:
        memcpy(&value.i32, item, sizeof value.i32);
        return value.i32;
    case NPY_I64:
        memcpy(&value.i64, item, sizeof value.i64);
        return (double)value.i64;
    case NPY_U8:
        return *item;
    case NPY_BOOL:
        return *item != 0;
    case NPY_BYTES:
    case NPY_UNICODE:
        break;
    }
    return NAN;
}
