/* Data by specification: what `--data` takes. */
#ifndef DATASETS_OPEN_H
#define DATASETS_OPEN_H

#include "datasets/dataset.h"

/* X(prefix, what, example, loader): every source. A loader is
 *   status loader(const char *argument, const open_options *o, dataset *out, err *e)
 * Named sets (fashion-mnist, mnist) are looked for in $AUDIT_DATA/NAME, Debian's package folder /usr/share/datasets/NAME and
 * ~/.local/share/audit/NAME, plain or .gz, and in these folders' QMNIST label files (qmnist-{train,test}-labels.tsv[.gz]), which give
 * MNIST the columns `series` (employees, students) and `writer`.
 * In a folder of IDX files the names say what is what: *idx3-ubyte and *idx4-ubyte are images, *idx1-ubyte labels, and the words train, t10k
 * or test, and val their split; without such words the folder holds one pair, split "all". An archive has the arrays images and labels, or
 * SPLIT_images and SPLIT_labels, or x_SPLIT and y_SPLIT, and may name its classes in class_names. A folder of images may hold folders train,
 * test and val (or validation) with the classes inside; a manifest may have a column `split`. Both get a column `file`. */
#define DATA_SOURCE_LIST(X)                                                                                            \
    X("fashion-mnist", "Fashion-MNIST (Debian: dataset-fashion-mnist)", "fashion-mnist", open_fashion_mnist)           \
    X("mnist", "MNIST, with QMNIST's series and writer where its label files are there", "mnist", open_mnist)          \
    X("idx", "folder with IDX files (plain or .gz; idx3 grey, idx4 colour)", "idx:DIR", open_idx)                      \
    X("cifar10", "folder with CIFAR-10 binary batches, or one batch file", "cifar10:DIR", open_cifar10)                \
    X("cifar100", "folder with CIFAR-100 binary batches (coarse label as a column)", "cifar100:DIR", open_cifar100)    \
    X("folder", "folder per class of PNG or JPEG images", "folder:DIR", open_folder)                                   \
    X("npz", "NumPy archive: images (n,h,w[,c]), labels, any others as columns", "npz:FILE", open_npz)                 \
    X("manifest", "CSV: path,label,group,...", "manifest:FILE.csv", open_manifest)                                     \
    X("synth", "generated images, for tests and teaching: shapes, arrows", "synth:shapes", open_synth)

typedef struct open_options {
    const char *split;       /* "train", "test", "val" (or "validation"), or NULL = "test" */
    int n;                   /* rows to generate (synth) or keep by dataset_sample_rows; 0 = all */
    int first;               /* keep the first so many rows instead, synth: generate so many; 0 = all. Not together with n */
    uint64_t seed;           /* of generation and choice */
    int height, width;       /* resize images of folder and manifest; 0 = the size of the first image */
    int channels;            /* 1 or 3; 0 = as the first image */
    const char *groups;      /* CSV with group columns, or NULL: see datasets/groups.h */
    const char *labels;      /* IDX label file or CSV with a `label` column instead of the one found, or NULL */
} open_options;

/* Opens "name" or "prefix:argument", chooses rows, adds the groups. STATUS_USAGE with a did-you-mean for unknown names; when a named set is
 * not installed, the message names the package and the folders that were tried. */
MUST_CHECK status dataset_open(const char *specification, const open_options *o, dataset *out, err *e);

/* True when dataset_open would find the files of a named set. */
bool dataset_available(const char *name);

#define DATA_SOURCE_DECLARE(prefix, what, example, loader)                                                             \
    status loader(const char *argument, const open_options *o, dataset *out, err *e) MUST_CHECK;
DATA_SOURCE_LIST(DATA_SOURCE_DECLARE)
#undef DATA_SOURCE_DECLARE

#endif
