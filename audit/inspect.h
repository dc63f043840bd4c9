/* Looking into files. */
#ifndef AUDIT_INSPECT_H
#define AUDIT_INSPECT_H

#include "audit/command.h"

typedef enum file_kind { FILE_MODEL, FILE_ONNX, FILE_RESULT, FILE_NPY, FILE_NPZ, FILE_IDX } file_kind;

/* By content; STATUS_UNSUPPORTED when it is none of these. */
MUST_CHECK status file_kind_of(const char *path, file_kind *out, err *e);

/* Print to context_out, and add to the result what it can hold. */
MUST_CHECK status inspect_model(context *c, const char *path, result *x, err *e);
MUST_CHECK status inspect_onnx(context *c, const char *path, result *x, err *e);
MUST_CHECK status inspect_result(context *c, const char *path, result *x, err *e);
MUST_CHECK status inspect_npy(context *c, const char *path, result *x, err *e);
MUST_CHECK status inspect_npz(context *c, const char *path, result *x, err *e);
MUST_CHECK status inspect_idx(context *c, const char *path, result *x, err *e);

#endif
