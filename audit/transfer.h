/* audit transfer in three parts: a net on an old trunk is fitted, tested beside its twin from scratch, and asked what came along with the
 * trunk. */
#ifndef AUDIT_TRANSFER_H
#define AUDIT_TRANSFER_H

#include "audit/command.h"
#include "audit/predictions.h"
#include "nets/model_file.h"
#include "nets/transfer.h"

typedef struct transfer_settings {
    const char *output, *test_data, *cut, *freeze, *trigger;
    double dropout, trunk_rate, depth_decay, head_lr, head_decay, eps;
    int64_t head_epochs, copies, per_class, attack_n;
    bool frozen_norm, scratch;
} transfer_settings;

/* A white square in images of the new task. */
typedef struct trigger {
    int side, row, column; /* of its upper left corner */
} trigger;

/* One net on the test images. */
typedef struct transfer_tested {
    model *model;
    predictions clean;
} transfer_tested;

typedef struct transfer_job {
    context *context;
    const transfer_settings *settings;
    const model_file *base;
    dataset train, test;      /* test: n = 0 where there is none */
    int cut, frozen;          /* a node of the base; layers of the trunk that do not move */
    transferred net, scratch; /* scratch.net NULL: not wanted, or its training diverged */
    char scratch_failure[256];
    train_options head;       /* of the new layer on features */
    training recipe;          /* options of fine-tuning and of the net from scratch */
    trigger trigger;          /* side 0: none */
    transfer_tested tested, tested_scratch;
} transfer_job;

/* "all", "none" or a number of layers, for a net of `layers`. */
MUST_CHECK status transfer_parse_freeze(const char *text, int layers, int *out, err *e);

/* "SIDE" (in the lower right corner) or "SIDE@ROW,COLUMN", inside images of this shape. */
MUST_CHECK status transfer_parse_trigger(const char *text, shape image, trigger *out, err *e);

/* Trains the head on features of the trunk as it is, then, unless all of the trunk is frozen, both; and the twin from scratch. */
MUST_CHECK status transfer_fit(transfer_job *j, err *e);

/* Tests both nets on the test images: rows accuracy, scratch_accuracy, and their paired difference transfer_gain. Keeps models and predictions in the job. */
MUST_CHECK status transfer_test(transfer_job *j, result *x, err *e);

/* What comes along, on at most attack_n test images and under Linf: attacks that know the net ("pgd"), attacks that know the public base alone
 * ("base-pgd": they drive the base's own answers away), and on all test images the trigger. */
MUST_CHECK status transfer_carried(transfer_job *j, result *x, err *e);

#endif
